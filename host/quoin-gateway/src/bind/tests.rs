use http::Request;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use quoin_core::Type;
use quoin_core::limits::JSON_VALUES_MAX;

use super::*;

fn field(name: &str, ty: Type) -> Field {
    Field::new(name, ty)
}

fn option(ty: Type) -> Type {
    Type::Option(Box::new(ty))
}

fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

fn record(fields: Vec<Field>) -> Type {
    Type::Record { name: None, fields }
}

fn function(params: Vec<Field>) -> Function {
    Function { name: "f".into(), params, result: None, refused: None }
}

/// Binds one parameter.
fn bound(
    param: Field,
    source: Source,
    target: &str,
    headers: &[(&str, &str)],
    body: Option<(Kind, &str)>,
) -> Result<Value, Problem> {
    let mut request = Request::get(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let id = parts.uri.path().trim_start_matches('/').to_owned();
    let path = [("id".to_owned(), id)];
    let head = Head { path: &path, query: parts.uri.query(), headers: &parts.headers };
    let body = body.map(|(kind, text)| (kind, Bytes::copy_from_slice(text.as_bytes())));
    let mut values = parameters(&function(vec![param]), &[source], &head, body)?;
    Ok(values.remove(0))
}

fn from_path(ty: Type, path: &str) -> Result<Value, Problem> {
    bound(field("id", ty), Source::Path("id".into()), path, &[], None)
}

fn from_query(ty: Type, query: &str) -> Result<Value, Problem> {
    bound(field("some-thing", ty), Source::Query, &format!("/x?{query}"), &[], None)
}

fn from_header(ty: Type, headers: &[(&str, &str)]) -> Result<Value, Problem> {
    bound(field("x", ty), Source::Header("if-match".into()), "/x", headers, None)
}

fn from_member(ty: Type, body: &str) -> Result<Value, Problem> {
    bound(field("some-thing", ty), Source::Member, "/x", &[], Some((Kind::Json, body)))
}

fn from_body(ty: Type, kind: Kind, body: &str) -> Result<Value, Problem> {
    bound(field("thing", ty), Source::Body, "/x", &[], Some((kind, body)))
}

fn text(value: &str) -> Value {
    Value::String(value.into())
}

fn some(value: Value) -> Value {
    Value::Option(Some(Box::new(value)))
}

/// The code and the pointer of a refusal, which must be a 400.
fn refused(result: Result<Value, Problem>) -> (String, String) {
    let problem = result.unwrap_err();
    assert_eq!(problem.status, 400, "{problem:?}");
    (problem.code.into_owned(), problem.pointer.unwrap_or_default())
}

fn misfit_at(pointer: &str) -> (String, String) {
    ("misfit".into(), pointer.into())
}

#[test]
fn a_path_segment_is_decoded_and_typed() {
    assert_eq!(from_path(Type::String, "/a%20b%2Fc").unwrap(), text("a b/c"));
    assert_eq!(from_path(Type::U32, "/7").unwrap(), Value::U32(7));
    assert_eq!(refused(from_path(Type::U32, "/seven")), misfit_at("path/id"));
    assert_eq!(refused(from_path(Type::String, "/%ff")), misfit_at("path/id"));
}

#[test]
fn a_header_is_taken_once_and_may_be_missing_where_it_is_optional() {
    assert_eq!(from_header(Type::String, &[("If-Match", "7")]).unwrap(), text("7"));
    assert_eq!(from_header(option(Type::U64), &[("if-match", "7")]).unwrap(), some(Value::U64(7)));
    assert_eq!(from_header(option(Type::U64), &[]).unwrap(), Value::Option(None));
    assert_eq!(refused(from_header(Type::U64, &[])), misfit_at("header/if-match"));
    let twice = [("if-match", "1"), ("if-match", "2")];
    assert_eq!(refused(from_header(Type::U64, &twice)), misfit_at("header/if-match"));
}

#[test]
fn a_query_parameter_has_the_json_name_of_its_parameter() {
    assert_eq!(from_query(Type::String, "someThing=a+b%26c").unwrap(), text("a b&c"));
    assert_eq!(from_query(option(Type::Bool), "someThing=true").unwrap(), some(Value::Bool(true)));
    assert_eq!(from_query(option(Type::Bool), "").unwrap(), Value::Option(None));
    assert_eq!(refused(from_query(Type::String, "")), misfit_at("query/someThing"));
    assert_eq!(refused(from_query(Type::Bool, "someThing=yes")), misfit_at("query/someThing"));
    assert_eq!(refused(from_query(Type::String, "someThing=%zz")), misfit_at("query"));
}

#[test]
fn a_list_is_a_repeated_query_parameter_and_nothing_else_repeats() {
    let list = list(Type::U8);
    let both = Value::List(vec![Value::U8(1), Value::U8(2)]);
    assert_eq!(from_query(list.clone(), "someThing=1&someThing=2").unwrap(), both);
    assert_eq!(from_query(list, "").unwrap(), Value::List(vec![]));
    let twice = "someThing=1&someThing=1";
    assert_eq!(refused(from_query(Type::U8, twice)), misfit_at("query/someThing"));
}

#[test]
fn an_unknown_query_parameter_is_refused_and_the_known_ones_are_told() {
    let problem = from_query(option(Type::U8), "other=1").unwrap_err();
    assert_eq!(problem.pointer.as_deref(), Some("query/other"));
    assert!(problem.detail.contains("someThing"), "{}", problem.detail);
}

#[test]
fn a_record_in_the_query_is_flattened_to_its_fields() {
    let fields = || vec![field("top-left", Type::U8), field("note", option(Type::String))];
    let value =
        |note| Value::Record(vec![("top-left".into(), Value::U8(1)), ("note".into(), note)]);
    let none = Value::Option(None);
    assert_eq!(from_query(record(fields()), "topLeft=1").unwrap(), value(none.clone()));
    assert_eq!(from_query(record(fields()), "topLeft=1&note=n").unwrap(), value(some(text("n"))));
    assert_eq!(refused(from_query(record(fields()), "note=n")), misfit_at("query/topLeft"));
    let optional = || option(record(fields()));
    assert_eq!(from_query(optional(), "").unwrap(), none);
    assert_eq!(from_query(optional(), "topLeft=1").unwrap(), some(value(Value::Option(None))));
    assert_eq!(refused(from_query(optional(), "note=n")), misfit_at("query/topLeft"));
}

#[test]
fn members_are_taken_by_their_json_names() {
    assert_eq!(from_member(Type::U8, r#"{"someThing": 7}"#).unwrap(), Value::U8(7));
    assert_eq!(from_member(option(Type::U8), "{}").unwrap(), Value::Option(None));
    let deep = record(vec![field("a", list(Type::U8))]);
    let body = r#"{"someThing": {"a": [1, "x"]}}"#;
    assert_eq!(
        from_member(list(deep.clone()), r#"{"someThing": []}"#).unwrap(),
        Value::List(vec![])
    );
    // A list of u8 is base64, so an array does not fit.
    assert_eq!(refused(from_member(deep, body)), misfit_at("/someThing/a"));
    assert_eq!(refused(from_member(Type::U8, "{}")), misfit_at("/someThing"));
    assert_eq!(refused(from_member(option(Type::U8), r#"{"a/b~c": 1}"#)), misfit_at("/a~1b~0c"));
    assert_eq!(refused(from_member(Type::U8, "[]")), misfit_at(""));
}

#[test]
fn a_body_may_be_left_out_where_all_its_members_are_optional() {
    let bind = |ty| bound(field("note", ty), Source::Member, "/x", &[], None);
    assert_eq!(bind(option(Type::String)).unwrap(), Value::Option(None));
    assert_eq!(refused(bind(Type::String)), misfit_at("/note"));
}

#[test]
fn a_whole_body_is_json_text_or_bytes() {
    let bytes = || Value::List(vec![Value::U8(b'h'), Value::U8(b'i')]);
    assert_eq!(from_body(Type::String, Kind::Text, "\"a\"").unwrap(), text("\"a\""));
    assert_eq!(from_body(Type::String, Kind::Json, "\"a\"").unwrap(), text("a"));
    assert_eq!(from_body(list(Type::U8), Kind::Bytes, "hi").unwrap(), bytes());
    assert_eq!(from_body(list(Type::U8), Kind::Json, "\"aGk=\"").unwrap(), bytes());
    assert_eq!(from_body(option(Type::String), Kind::Text, "a").unwrap(), some(text("a")));
    let thing = record(vec![field("n", Type::U8)]);
    assert_eq!(refused(from_body(thing, Kind::Json, r#"{"n": 300}"#)), misfit_at("/n"));
    let none = bound(field("thing", Type::String), Source::Body, "/x", &[], None);
    assert_eq!(refused(none), misfit_at(""));
}

#[test]
fn malformed_json_is_told_with_line_and_column() {
    let problem = from_member(Type::U8, "{\n  \"someThing\": ,\n}").unwrap_err();
    assert_eq!((problem.status, &*problem.code), (400, "malformed-json"));
    assert!(problem.detail.contains("line 2 column 16"), "{}", problem.detail);
    for bad in ["", "{} {}", "\u{feff}{}", "{\"a\": NaN}", "{'a': 1}"] {
        assert_eq!(from_member(Type::U8, bad).unwrap_err().code, "malformed-json", "{bad}");
    }
}

#[test]
fn json_that_is_too_deep_is_refused_before_it_is_parsed() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(body::parse(nested(64).as_bytes()).is_ok());
    assert_eq!(body::parse(nested(65).as_bytes()).unwrap_err().code, "too-deep");
    assert_eq!(body::parse("[".repeat(1 << 20).as_bytes()).unwrap_err().code, "too-deep");
    let brackets_in_a_string = format!("\"\\\"{}\"", "[".repeat(100));
    assert!(body::parse(brackets_in_a_string.as_bytes()).is_ok());
}

#[test]
fn json_of_too_many_values_is_refused_before_it_is_parsed() {
    let digits = |count: usize| format!("[{}0]", "0,".repeat(count));
    assert!(body::parse(digits(JSON_VALUES_MAX - 1).as_bytes()).is_ok());
    let problem = body::parse(digits(JSON_VALUES_MAX).as_bytes()).unwrap_err();
    assert_eq!((problem.status, &*problem.code), (413, "too-many-values"));
    let commas_in_a_string = format!("\"{}\"", ",".repeat(JSON_VALUES_MAX + 1));
    assert!(body::parse(commas_in_a_string.as_bytes()).is_ok());
}

fn kind_of(media: &str, whole: Option<&Type>) -> Result<Kind, u16> {
    let headers = [(CONTENT_TYPE, media.parse().unwrap())].into_iter().collect();
    body::kind(&headers, whole).map_err(|p| p.status)
}

#[test]
fn a_body_must_come_in_a_form_that_the_function_takes() {
    let (bytes, thing) = (list(Type::U8), record(vec![]));
    for json in ["application/json", "Application/JSON; charset=UTF-8", "application/x+json"] {
        for whole in [None, Some(&Type::String), Some(&bytes), Some(&thing)] {
            assert_eq!(kind_of(json, whole), Ok(Kind::Json));
        }
    }
    assert_eq!(kind_of("text/csv; charset=utf-8", Some(&Type::String)), Ok(Kind::Text));
    assert_eq!(kind_of("text/plain", Some(&option(Type::String))), Ok(Kind::Text));
    assert_eq!(kind_of("application/octet-stream", Some(&bytes)), Ok(Kind::Bytes));
    for (media, whole) in [
        ("text/plain", None),
        ("text/plain", Some(&thing)),
        ("text/plain", Some(&bytes)),
        ("application/octet-stream", Some(&Type::String)),
        ("application/x-www-form-urlencoded", None),
        ("application/json; charset=latin1", None),
        ("", None),
    ] {
        assert_eq!(kind_of(media, whole), Err(415), "{media}");
    }
}

#[test]
fn a_compressed_body_is_refused() {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
    headers.insert(CONTENT_ENCODING, "gzip".parse().unwrap());
    assert_eq!(body::kind(&headers, None).unwrap_err().status, 415);
    assert!(body::kind(&headers, None).unwrap_err().detail.contains("application/json"));
}

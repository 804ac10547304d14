use quoin_core::Type;
use quoin_core::types::{Case, Field, Function, TypeName};
use quoin_supervisor::Source;

use super::names::Direction;
use super::schema::schema;
use super::*;

/// A name that `a:things/lists@1.0.0` gives, unless told that it is of another interface.
fn name(name: &str) -> Option<TypeName> {
    let (interface, name) = name.rsplit_once('.').unwrap_or(("a:things/lists@1.0.0", name));
    Some(TypeName { name: name.into(), interface: interface.into() })
}

fn record(of: &str, fields: Vec<(&str, Type)>) -> Type {
    let fields = fields.into_iter().map(|(name, ty)| Field::new(name, ty)).collect();
    Type::Record { name: name(of), fields }
}

fn option(ty: Type) -> Type {
    Type::Option(Box::new(ty))
}

fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

fn error() -> Type {
    let case = |name: &str, ty| Case { name: name.into(), ty };
    let cases = vec![case("not-found", Some(Type::String)), case("worn-out", None)];
    Type::Variant { name: name("error"), cases }
}

fn function(name: &str, params: Vec<(&str, Type)>, ok: Option<Type>) -> Function {
    let params = params.into_iter().map(|(name, ty)| Field::new(name, ty)).collect();
    let result = Type::Result { ok: ok.map(Box::new), err: Some(Box::new(error())) };
    Function { name: name.into(), params, result: Some(result), refused: None }
}

fn manifest(routes: &str) -> Manifest {
    let head = "name = \"things\"\nversion = \"1.2.3\"\ndescription = \"Keeps things.\"\n";
    Manifest::parse(&format!("{head}[errors]\nworn-out = 410\n{routes}")).unwrap()
}

fn route(route: &str, function: &str, more: &str) -> String {
    let call = format!("call = \"a:things/lists#{function}\"");
    format!("[[routes]]\nroute = \"{route}\"\n{call}\n{more}\n")
}

/// The document of one route.
fn of_one(text: &str, more: &str, function: Function, sources: &[Source]) -> Json {
    let manifest = manifest(&route(text, &function.name, more));
    let operation = Operation {
        plugin: "things",
        manifest: &manifest,
        route: &manifest.routes[0],
        interface: "a:things/lists@1.0.0",
        function: &function,
        sources,
    };
    document("demo", 7, &[operation])
}

fn plain(ty: &Type, direction: Direction) -> Json {
    schema(ty, direction, &Names::of(&[]))
}

#[test]
fn every_type_has_the_schema_of_its_json() {
    for (ty, expected) in [
        (Type::Bool, json!({"type": "boolean"})),
        (Type::S8, json!({"type": "integer", "format": "int32", "minimum": -128, "maximum": 127})),
        (
            Type::U32,
            json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": 4294967295_u32}),
        ),
        (Type::S64, json!({"type": "integer", "format": "int64"})),
        (Type::U64, json!({"type": "integer", "format": "uint64", "minimum": 0})),
        (Type::F64, json!({"type": "number", "format": "double"})),
        (Type::Char, json!({"type": "string", "minLength": 1, "maxLength": 1})),
        (list(Type::U8), json!({"type": "string", "contentEncoding": "base64"})),
        (list(Type::Bool), json!({"type": "array", "items": {"type": "boolean"}})),
        (option(Type::String), json!({"type": ["string", "null"]})),
        (
            Type::Tuple(vec![Type::Bool, Type::String]),
            json!({
                "type": "array", "prefixItems": [{"type": "boolean"}, {"type": "string"}],
                "items": false, "minItems": 2, "maxItems": 2,
            }),
        ),
        (
            Type::Enum { name: None, cases: vec!["a-b".into(), "c".into()] },
            json!({"type": "string", "enum": ["a-b", "c"]}),
        ),
    ] {
        assert_eq!(plain(&ty, Direction::Request), expected, "{ty}");
        assert_eq!(plain(&ty, Direction::Response), expected, "{ty}");
    }
}

#[test]
fn a_record_is_strict_on_its_way_in_and_complete_on_its_way_out() {
    let ty = Type::Record {
        name: None,
        fields: vec![Field::new("top-left", Type::Bool), Field::new("note", option(Type::String))],
    };
    let properties = json!({"topLeft": {"type": "boolean"}, "note": {"type": ["string", "null"]}});
    assert_eq!(
        plain(&ty, Direction::Request),
        json!({
            "type": "object", "properties": properties, "required": ["topLeft"],
            "additionalProperties": false,
        })
    );
    assert_eq!(
        plain(&ty, Direction::Response),
        json!({"type": "object", "properties": properties, "required": ["topLeft", "note"]})
    );
}

#[test]
fn a_variant_is_one_of_its_cases_by_tag() {
    let tag = |tag: &str| json!({"const": tag});
    assert_eq!(
        plain(&error(), Direction::Response),
        json!({"oneOf": [
            {
                "type": "object",
                "properties": {"tag": tag("not-found"), "val": {"type": "string"}},
                "required": ["tag", "val"],
            },
            {"type": "object", "properties": {"tag": tag("worn-out")}, "required": ["tag"]},
        ]})
    );
}

#[test]
fn options_of_options_and_flags_are_told_as_they_are() {
    let twice = plain(&option(option(Type::Bool)), Direction::Response);
    assert_eq!(twice["oneOf"][0]["properties"]["tag"]["const"], "some");
    assert_eq!(twice["oneOf"][1], json!({"type": "null"}));
    let flags = Type::Flags { name: None, flags: vec!["can-read".into()] };
    let flags = plain(&flags, Direction::Request);
    assert_eq!(flags["properties"]["canRead"], json!({"type": "boolean"}));
    assert_eq!(flags.get("required"), None);
}

#[test]
fn a_route_is_told_with_its_parameters_body_and_answers() {
    let thing = record("thing", vec![("id", Type::String), ("size", option(Type::U8))]);
    let sources = [Source::Path("id".into()), Source::Header("if-match".into()), Source::Member];
    let params =
        vec![("id", Type::String), ("revision", option(Type::U64)), ("thing", thing.clone())];
    let function = function("put-thing", params, Some(thing));
    let more = "access = \"admin\"\nheaders = { \"If-Match\" = \"revision\" }";
    let document = of_one("PUT /things/{id}", more, function, &sources);
    let operation = &document["paths"]["/things/{id}"]["put"];
    assert_eq!(operation["operationId"], "thingsPutThing");
    assert_eq!(operation["summary"], "Put thing");
    assert_eq!(operation["security"], json!([{"apiKey": []}]));
    assert_eq!(
        operation["parameters"],
        json!([
            {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
            {
                "name": "if-match", "in": "header", "required": false,
                "schema": {"type": "integer", "format": "uint64", "minimum": 0},
            },
            {
                "name": "idempotency-key", "in": "header", "required": false,
                "description": "The request takes effect once, and is answered alike for 24 hours, however \
                                often it is made with this key.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            },
        ])
    );
    let input = json!({"$ref": "#/components/schemas/ThingInput"});
    let body = &operation["requestBody"];
    assert_eq!(body["required"], true);
    assert_eq!(body["content"]["application/json"]["schema"]["properties"]["thing"], input);
    let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
    assert_eq!(statuses, ["200", "400", "401", "404", "410", "default"]);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Error", "Problem", "Thing", "ThingInput"]);
    assert_eq!(document["tags"][0]["x-version"], "1.2.3");
}

#[test]
fn a_refusal_is_told_with_a_code_of_its_own_where_it_has_one() {
    let described = |cases: Vec<(&str, Option<Type>)>| {
        let cases = cases.into_iter().map(|(name, ty)| Case { name: name.into(), ty }).collect();
        let err = Type::Variant { name: name("error"), cases };
        let mut function = function("get", vec![], None);
        function.result = Some(Type::Result { ok: None, err: Some(Box::new(err)) });
        let document = of_one("GET /things", "access = \"public\"", function, &[]);
        document["paths"]["/things"]["get"]["responses"]["422"]["description"].clone()
    };
    let own = Some(record("refusal", vec![("code", Type::String), ("message", Type::String)]));
    assert_eq!(
        described(vec![("invalid", None), ("refused", own)]),
        "Refused as `invalid` or `refused` or a code of its own (that in `error`)."
    );
    for other in [None, Some(Type::String), Some(record("r", vec![("code", Type::U8)]))] {
        assert_eq!(described(vec![("refused", other)]), "Refused as `refused`.");
    }
}

#[test]
fn a_record_in_the_query_is_flattened_and_a_text_body_may_be_sent_as_it_is() {
    let filter = record("filter", vec![("kind", option(Type::String)), ("sizes", list(Type::U8))]);
    let function = function("import", vec![("filter", filter), ("text", Type::String)], None);
    let document = of_one(
        "POST /things",
        "access = \"public\"\nbody = \"text\"",
        function,
        &[Source::Query, Source::Body],
    );
    let operation = &document["paths"]["/things"]["post"];
    let names: Vec<_> =
        operation["parameters"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
    assert_eq!(names, ["kind", "sizes", "idempotency-key"]);
    let content = operation["requestBody"]["content"].as_object().unwrap();
    assert_eq!(content.keys().collect::<Vec<_>>(), ["text/plain", "application/json"]);
    assert!(operation["responses"]["204"].get("content").is_none());
    assert_eq!(operation.get("security"), None);
}

/// The document of routes `/0`, `/1` … that get these, each from a function of the interface.
fn of_gets<const N: usize>(gets: [(&str, Type); N]) -> Json {
    let routes: String =
        (0..N).map(|n| route(&format!("GET /{n}"), "get", "access = \"public\"")).collect();
    let manifest = manifest(&routes);
    let functions = gets.each_ref().map(|(_, ty)| function("get", vec![], Some(ty.clone())));
    let operation = |n: usize| Operation {
        plugin: "things",
        manifest: &manifest,
        route: &manifest.routes[n],
        interface: gets[n].0,
        function: &functions[n],
        sources: &[],
    };
    document("demo", 1, &std::array::from_fn::<_, N, _>(operation))
}

/// The name of the schema of what each of these routes answers.
fn answers<const N: usize>(document: &Json) -> [&str; N] {
    std::array::from_fn(|n| {
        let answer = &document["paths"][format!("/{n}")]["get"]["responses"]["200"];
        let schema = &answer["content"]["application/json"]["schema"];
        schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap()
    })
}

#[test]
fn different_types_of_one_name_get_distinct_names_and_equal_ones_share_theirs() {
    let one = || record("a:one/get@1.0.0.thing", vec![("a", Type::Bool)]);
    let other = || record("a:two/two@1.0.0.thing", vec![("b", Type::Bool)]);
    let newer = || record("a:two/two@2.0.0.thing", vec![("b", Type::Bool)]);
    let third = || record("a:two/two@2.0.0.thing", vec![("c", Type::Bool)]);
    let document = of_gets([
        ("a:one/get@1.0.0", one()),
        ("a:two/two@1.0.0", one()),
        ("a:two/two@1.0.0", other()),
        ("a:two/two@2.0.0", newer()),
        ("a:two/two@2.0.0", third()),
    ]);
    let names = ["OneGetThing", "OneGetThing", "TwoThing", "TwoThing", "TwoThing2"];
    assert_eq!(answers(&document), names);
    let ids =
        [0, 1, 2, 3].map(|n| document["paths"][format!("/{n}")]["get"]["operationId"].clone());
    assert_eq!(ids, ["thingsGet", "thingsGet2", "thingsGet3", "thingsGet4"]);
}

#[test]
fn a_noun_that_interfaces_share_keeps_its_name() {
    let shared = || record("a:nouns/nouns@1.0.0.thing", vec![("a", Type::Bool)]);
    let own = || record("a:two/get@1.0.0.thing", vec![("b", Type::Bool)]);
    let rival = || record("b:nouns/nouns@1.0.0.thing", vec![("c", Type::Bool)]);
    let [one, two] = ["a:one/get@1.0.0", "a:two/get@1.0.0"];
    let document = of_gets([(two, own()), (one, shared()), (two, shared())]);
    assert_eq!(answers(&document), ["TwoGetThing", "Thing", "Thing"]);
    let document = of_gets([(two, own()), (one, shared()), (two, rival())]);
    assert_eq!(answers(&document), ["TwoGetThing", "NounsThing", "NounsThing2"]);
}

#[test]
fn what_anybody_may_read_has_a_tag_and_nothing_else_has_one() {
    let statuses = |text: &str, more: &str, reads: &str| {
        let route = route(text, "get", more);
        let head = format!(
            "name = \"things\"\nversion = \"1.2.3\"\ndescription = \"Keeps things.\"\nreads = [{reads}]\n"
        );
        let manifest = Manifest::parse(&format!("{head}{route}")).unwrap();
        let operation = Operation {
            plugin: "things",
            manifest: &manifest,
            route: &manifest.routes[0],
            interface: "a:things/lists@1.0.0",
            function: &function("get", vec![], Some(Type::Bool)),
            sources: &[],
        };
        let document = document("demo", 7, &[operation]);
        let mut methods = document["paths"]["/things"].as_object().unwrap().values();
        let responses = methods.next().unwrap()["responses"].clone();
        (responses["200"]["headers"].get("ETag").is_some(), responses.get("304").is_some())
    };
    let (public, admin) = ("access = \"public\"", "access = \"admin\"");
    let read = "\"a:things/lists#get\"";
    assert_eq!(statuses("GET /things", public, read), (true, true));
    assert_eq!(statuses("GET /things", public, ""), (false, false));
    assert_eq!(statuses("GET /things", admin, read), (false, false));
    assert_eq!(statuses("POST /things", public, read), (false, false));
}

use http::Request;

use super::*;

fn header_value(name: &str, value: &str) -> Value {
    let text = |text: &str| Value::String(text.into());
    Value::Record(vec![("name".into(), text(name)), ("value".into(), text(value))])
}

fn response_value(status: u16, headers: Vec<Value>, body: &[u8]) -> Value {
    Value::Result(Ok(Some(Box::new(Value::Record(vec![
        ("status".into(), Value::U16(status)),
        ("headers".into(), Value::List(headers)),
        ("body".into(), Value::List(body.iter().copied().map(Value::U8).collect())),
    ])))))
}

fn refused(value: Value, why: &str) {
    let said = check(&value).unwrap_err();
    assert!(said.contains(why), "{said}");
}

#[test]
fn a_response_passes_with_its_headers_and_body() {
    let headers = vec![
        header_value("Content-Type", "text/plain"),
        header_value("set-cookie", "a=1"),
        header_value("set-cookie", "b=2"),
    ];
    let response = response(&response_value(201, headers, b"hi"), &Method::GET).unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-type"], "text/plain");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(response.body().bytes().unwrap(), "hi");
}

#[test]
fn what_http_cannot_carry_is_the_plugins_fault() {
    for status in [0, 100, 199, 600, 999] {
        refused(response_value(status, vec![], b""), "status");
    }
    for (name, value, why) in [
        ("", "x", "name"),
        ("a b", "x", "name"),
        ("x", "a\r\nset-cookie: b", "value"),
        ("content-length", "1", "connection"),
        ("Transfer-Encoding", "chunked", "connection"),
        ("connection", "close", "connection"),
        ("x", &"y".repeat(HEADER_BYTES_MAX), "too large"),
    ] {
        refused(response_value(200, vec![header_value(name, value)], b""), why);
    }
    let many = vec![header_value("x", "y"); HEADERS_MAX + 1];
    refused(response_value(200, many, b""), "too many");
    refused(Value::Bool(true), "not a response");
}

#[test]
fn statuses_without_a_body_get_none() {
    for status in [204, 304] {
        let response = response(&response_value(status, vec![], b"hi"), &Method::GET).unwrap();
        assert_eq!(response.body().bytes().unwrap(), "");
    }
}

fn seen_headers(request: http::request::Builder) -> Vec<String> {
    let (head, ()) = request.body(()).unwrap().into_parts();
    let Value::Record(fields) = request_value(&head, "/x".into(), b"") else { panic!() };
    let Value::List(headers) = &fields[3].1 else { panic!() };
    let name = |header: &Value| match header {
        Value::Record(pair) => match &pair[0].1 {
            Value::String(name) => name.clone(),
            _ => panic!(),
        },
        _ => panic!(),
    };
    headers.iter().map(name).collect()
}

#[test]
fn a_plugin_sees_no_headers_of_the_connection_and_no_key_of_the_host() {
    let seen = seen_headers(
        Request::get("/pages/x?y=1")
            .header("Cookie", "a=1")
            .header("X-Signature", "s")
            .header("Connection", "keep-alive, X-Hop")
            .header("X-Hop", "1")
            .header("Content-Length", "0")
            .header("Authorization", "Bearer qk_id_secret"),
    );
    assert_eq!(seen, ["cookie", "x-signature"]);
}

#[test]
fn a_plugin_sees_credentials_that_are_its_own() {
    let seen = seen_headers(Request::get("/").header("Authorization", "Basic abc"));
    assert_eq!(seen, ["authorization"]);
}

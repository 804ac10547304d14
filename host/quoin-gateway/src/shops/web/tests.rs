use http::Request;

use super::*;

fn with(status: u16, headers: &[(&str, &str)], body: &[u8]) -> web::Response {
    let header =
        |(name, value): &(&str, &str)| web::Header { name: (*name).into(), value: (*value).into() };
    web::Response { status, headers: headers.iter().map(header).collect(), body: body.into() }
}

#[track_caller]
fn refused(answer: &web::Response, cookies: bool, words: &[&str]) {
    let said = headed(answer, cookies).map(drop).unwrap_err();
    for word in words {
        assert!(said.contains(word), "no {word:?} in: {said}");
    }
}

#[test]
fn a_response_passes_with_its_headers_and_body() {
    let cookies = [("set-cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Type", "text/plain")];
    let response = shown(with(201, &cookies, b"hi"), true, &Method::GET).unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-type"], "text/plain");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(response.body().bytes().unwrap(), "hi");
}

#[test]
fn the_hosts_policy_is_there_beside_the_plugins_own() {
    let own = [("content-security-policy", "frame-ancestors *")];
    for headers in [&[][..], &own] {
        let response = headed(&with(200, headers, b""), false).unwrap();
        let policies: Vec<_> =
            response.headers().get_all("content-security-policy").iter().collect();
        assert_eq!(policies.len(), headers.len() + 1);
        assert!(policies.contains(&&POLICY));
    }
}

#[test]
fn what_http_cannot_carry_is_the_plugins_fault() {
    for status in [0, 100, 199, 600, 999] {
        refused(&with(status, &[], b""), true, &[&format!("its status {status} is not")]);
    }
    for (name, value, why) in [
        ("", "x", "a header whose name is not one"),
        ("a b", "x", "a header whose name is not one"),
        ("X", "a\r\nset-cookie: b", "the value of its header x is not one"),
        ("x", &"y".repeat(HEADER_BYTES_MAX), "its headers have more than"),
    ] {
        refused(&with(200, &[(name, value)], b""), true, &[why]);
    }
    let many = with(200, &vec![("x", "y"); HEADERS_MAX + 1], b"");
    refused(&many, true, &["it has 101 headers, more than 100"]);
    assert!(headed(&with(200, &[("x", "y"); HEADERS_MAX], b""), true).is_ok());
}

#[test]
fn a_header_that_is_not_a_plugins_is_refused_by_its_name() {
    for name in [
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "Transfer-Encoding",
        "upgrade",
    ] {
        let named = format!("the header {},", name.to_lowercase());
        refused(&with(200, &[(name, "1")], b""), true, &[&named, "belongs to the connection"]);
    }
    for name in
        ["alt-svc", "Clear-Site-Data", "service-worker-allowed", "strict-transport-security"]
    {
        let named = format!("the header {},", name.to_lowercase());
        refused(&with(200, &[(name, "1")], b""), true, &[&named, "speaks for the whole shop"]);
    }
    let cookie = with(200, &[("Set-Cookie", "a=1")], b"");
    refused(&cookie, false, &["the header set-cookie,", "\"cookies\""]);
}

#[test]
fn a_body_has_so_many_bytes_and_no_more() {
    assert!(headed(&with(200, &[], &vec![0; WEB_BODY_BYTES_MAX]), false).is_ok());
    let larger = with(200, &[], &vec![0; WEB_BODY_BYTES_MAX + 1]);
    refused(&larger, false, &["its body has 4194305 bytes, more than 4194304"]);
}

#[test]
fn statuses_without_a_body_get_none() {
    for status in [204, 205, 304] {
        let response = shown(with(status, &[], b"hi"), false, &Method::GET).unwrap();
        assert_eq!(response.body().bytes().unwrap(), "");
    }
    let response = shown(with(200, &[], b"hi"), false, &Method::HEAD).unwrap();
    assert_eq!(response.body().bytes().unwrap(), "");
}

fn seen_headers(request: http::request::Builder) -> Vec<String> {
    let (head, ()) = request.body(()).unwrap().into_parts();
    let request = given(&head, "/x".into(), Vec::new());
    request.headers.into_iter().map(|header| header.name).collect()
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

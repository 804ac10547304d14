use http_body_util::BodyExt as _;
use quoin_core::manifest::HttpMethod;

use super::*;

fn grant() -> HttpGrant {
    let hosts = ["api.test", "http://lan.test:81", "*.any.test"];
    HttpGrant {
        hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
        methods: [HttpMethod::Get, HttpMethod::Post].into(),
        secrets: ["key".parse().unwrap()].into(),
    }
}

fn request(url: &str) -> Request {
    Request {
        method: HttpMethod::Get,
        url: url.into(),
        headers: Vec::new(),
        body: Bytes::new(),
        secrets_in_body: false,
        signature: None,
        timeout_ms: None,
    }
}

fn prepared(request: &Request) -> Result<Prepared, Error> {
    prepare(request, &grant(), &|name: &str| match name {
        "key" => Ok(&b"sesame"[..]),
        "lines" => Ok(&b"a\r\nb: c"[..]),
        _ => Err(Error::Secret(name.to_owned())),
    })
}

fn error(request: &Request) -> Error {
    prepared(request).err().unwrap()
}

#[test]
fn a_request_goes_where_its_url_says_with_the_target_alone() {
    for (url, host, target) in [
        ("https://api.test", "api.test", "/"),
        ("https://API.test:443/a/b?c=d#e", "api.test", "/a/b?c=d"),
        ("http://lan.test:81/?q", "lan.test:81", "/?q"),
        ("https://x.any.test/", "x.any.test", "/"),
    ] {
        let Prepared { message, .. } = prepared(&request(url)).unwrap();
        assert_eq!(message.headers()["host"], host, "{url}");
        assert_eq!(message.uri().to_string(), target);
    }
}

#[test]
fn what_is_not_granted_is_told_with_what_to_write() {
    for (url, written) in [
        ("https://other.test/", "hosts = [\"other.test\"]"),
        ("http://api.test/", "hosts = [\"http://api.test\"]"),
        ("https://api.test:444/", "hosts = [\"api.test:444\"]"),
        ("https://a.b.any.test/", "hosts = [\"a.b.any.test\"]"),
        ("https://api.test.evil.test/", "hosts = [\"api.test.evil.test\"]"),
        ("https://[::FFFF:127.0.0.1]/", "hosts = [\"[::ffff:127.0.0.1]\"]"),
    ] {
        let Error::Denied(told) = error(&request(url)) else { panic!("{url}") };
        assert!(told.contains(written), "{told}");
    }
    let put = Request { method: HttpMethod::Put, ..request("https://api.test/") };
    let Error::Denied(told) = error(&put) else { panic!("PUT is granted") };
    assert!(told.contains("methods = [\"PUT\"]"), "{told}");
}

#[test]
fn what_is_no_url_is_refused() {
    for url in [
        "",
        "/",
        "api.test",
        "//api.test/",
        "ftp://api.test/",
        "https://",
        "https://u@api.test/",
        "https://api.test@evil.test/",
        "https://api.test:0x1/",
        "https://api.test:/",
        "https://api.test/{{key}}",
        "https://{{key}}.any.test/",
        "https://api.test/ x",
        "https://[::g]/",
        "https://api.test:99999/",
    ] {
        assert!(matches!(error(&request(url)), Error::Invalid(_)), "{url}");
    }
    let long = format!("https://api.test/{}", "x".repeat(HTTP_URL_BYTES_MAX));
    assert!(matches!(error(&request(&long)), Error::TooLarge(_)));
}

#[tokio::test]
async fn secrets_stand_in_headers_and_in_bodies_that_say_so() {
    let with = |secrets_in_body| Request {
        headers: vec![("Authorization".into(), "Bearer {{key}}".into())],
        body: Bytes::from_static(b"k={{key}}"),
        secrets_in_body,
        ..request("https://api.test/")
    };
    for (inside, expected) in [(true, "k=sesame"), (false, "k={{key}}")] {
        let Prepared { message, bytes, .. } = prepared(&with(inside)).unwrap();
        assert_eq!(message.headers()["authorization"], "Bearer sesame");
        assert!(!format!("{message:?}").contains("Bearer sesame"), "{message:?}");
        let body = message.into_body().collect().await.unwrap().to_bytes();
        assert_eq!((&body[..], bytes), (expected.as_bytes(), expected.len()));
    }
    let other = Request { body: Bytes::from_static(b"{{other}}"), ..with(true) };
    assert_eq!(error(&other), Error::Secret("other".into()));
}

#[test]
fn a_signature_is_an_hmac_with_the_secret() {
    let signed = |encoding| {
        let signature = Signature {
            secret: "key".into(),
            payload: b"what do ya want for nothing?".to_vec(),
            header: "X-Signature".into(),
            prefix: "sha256=".into(),
            encoding,
        };
        let request = Request { signature: Some(signature), ..request("https://api.test/") };
        let secret = |_: &str| Ok(&b"Jefe"[..]);
        let message = prepare(&request, &grant(), &secret).unwrap().message;
        message.headers()["x-signature"].to_str().unwrap().to_owned()
    };
    // RFC 4231, test case 2.
    let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(signed(Encoding::Hex), format!("sha256={hex}"));
    let base64 = BASE64.encode(&HEXLOWER.decode(hex.as_bytes()).unwrap());
    assert_eq!(signed(Encoding::Base64), format!("sha256={base64}"));
}

#[test]
fn headers_are_no_way_around_the_host() {
    let with = |name: &str, value: &str| Request {
        headers: vec![(name.into(), value.into())],
        ..request("https://api.test/")
    };
    for name in ["Host", "content-length", "Transfer-Encoding", "connection", "", "a b", "a:b"] {
        assert!(matches!(error(&with(name, "x")), Error::Invalid(_)), "{name}");
    }
    assert!(matches!(error(&with("x", "a\r\nHost: b")), Error::Invalid(_)));
    let Error::Secret(told) = error(&with("x", "{{lines}}")) else { panic!("it is sent") };
    assert!(!told.contains("b: c"), "{told}");
    let many = (0..=HTTP_HEADERS_MAX).map(|n| (format!("x-{n}"), String::new())).collect();
    let many = Request { headers: many, ..request("https://api.test/") };
    assert!(matches!(error(&many), Error::TooLarge(_)));
    assert!(matches!(error(&with("x", &"y".repeat(HTTP_HEADER_BYTES_MAX))), Error::TooLarge(_)));
}

#[test]
fn a_body_ends_at_its_limit() {
    let with =
        |bytes| Request { body: Bytes::from(vec![b'x'; bytes]), ..request("https://api.test/") };
    assert!(prepared(&with(HTTP_REQUEST_BYTES_MAX)).is_ok());
    assert!(matches!(error(&with(HTTP_REQUEST_BYTES_MAX + 1)), Error::TooLarge(_)));
}

//! Who gets in, and which way.

use http::header::{ALLOW, AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use quoin_console::{Admitted, ENDPOINTS};
use quoin_core::limits::{BODY_BYTES_MAX, BUNDLE_BYTES_MAX};

use crate::given::{example, given};

#[tokio::test]
async fn no_endpoint_answers_without_the_token() {
    let given = given().await;
    for (method, pattern, _) in ENDPOINTS {
        let path = example(pattern);
        let tokens = [None, Some("Bearer".into()), Some("Bearer ".into())];
        let wrong = [format!("Bearer {}", "0".repeat(64)), format!("Basic {}", given.token)];
        for token in tokens.into_iter().chain(wrong.map(Some)) {
            let mut request = given.request(method, &path, "");
            request.headers_mut().remove(AUTHORIZATION);
            if let Some(token) = &token {
                request.headers_mut().insert(AUTHORIZATION, token.parse().unwrap());
            }
            let answer = given.send(request).await;
            assert_eq!(answer.status, 401, "{method} {path} with {token:?}");
            assert_eq!(answer.headers[WWW_AUTHENTICATE], "Bearer");
            assert_eq!(answer.json["code"], "unauthorized");
        }
    }
}

#[tokio::test]
async fn no_endpoint_answers_to_a_foreign_host_name_even_with_the_token() {
    let given = given().await;
    for (method, pattern, _) in ENDPOINTS {
        let path = example(pattern);
        for host in [None, Some("evil.example"), Some("localhost.evil.example:8081")] {
            let mut request = given.request(method, &path, "");
            request.headers_mut().remove(HOST);
            if let Some(host) = host {
                request.headers_mut().insert(HOST, host.parse().unwrap());
            }
            let answer = given.send(request).await;
            assert_eq!(answer.status, 403, "{method} {path} at {host:?}");
        }
    }
}

#[tokio::test]
async fn a_stranger_does_not_learn_which_paths_there_are() {
    let given = given().await;
    for path in ["/", "/v1/health", "/v1/nothing"] {
        let mut request = given.request("PATCH", path, "");
        request.headers_mut().remove(AUTHORIZATION);
        assert_eq!(given.send(request).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_answered_with_the_right_ones() {
    let given = given().await;
    for (_, pattern, _) in ENDPOINTS {
        let answer = given.ask("PATCH", &example(pattern), "").await;
        assert_eq!(answer.status, 405, "{pattern}");
        let methods = ENDPOINTS.iter().filter(|(_, p, _)| *p == pattern).map(|(m, _, _)| *m);
        let methods = methods.collect::<Vec<_>>().join(", ");
        assert_eq!(answer.headers[ALLOW], methods, "{pattern}");
    }
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let given = given().await;
    for path in ["/", "/v1", "/v2/health", "/v1/tenants/demo/nothing", "/v1/health/"] {
        let answer = given.get(path).await;
        assert_eq!((answer.status.as_u16(), &answer.json["code"]), (404, &"not-found".into()));
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn names_digests_and_queries_that_are_none_are_refused() {
    let given = given().await;
    given.shop("demo").await;
    for path in [
        "/v1/tenants/Demo",
        "/v1/tenants/..%2fx",
        "/v1/bundles/abc",
        "/v1/health?x=1",
        "/v1/tenants/demo/logs?after=x",
        "/v1/tenants/demo/revisions?after=1",
    ] {
        let answer = given.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
    }
}

#[tokio::test]
async fn only_bundles_may_be_large() {
    let given = given().await;
    let admitted = async |method: &str, path: &str| {
        let (parts, _) = given.request(method, path, "").into_parts();
        match given.console.admit(&parts).await {
            Ok(Admitted::Body(most)) => most,
            _ => panic!("{path} has a body"),
        }
    };
    assert_eq!(admitted("PUT", &example("/v1/bundles/{digest}")).await, BUNDLE_BYTES_MAX);
    assert_eq!(admitted("PUT", "/v1/tenants/demo/shop").await, BODY_BYTES_MAX);
    let large = vec![b' '; BODY_BYTES_MAX + 1];
    assert_eq!(given.ask("PUT", "/v1/tenants/demo/shop", large).await.status, 413);
}

#[tokio::test]
async fn a_stranger_is_refused_before_the_body() {
    let given = given().await;
    let mut request = given.request("PUT", &example("/v1/bundles/{digest}"), "");
    request.headers_mut().remove(AUTHORIZATION);
    let (parts, _) = request.into_parts();
    let refused = given.console.admit(&parts).await.err().map(|answer| answer.status().as_u16());
    assert_eq!(refused, Some(401));
}

use quoin_runtime::FailureKind;
use serde_json::json;

use super::*;

#[test]
fn a_client_is_told_when_to_come_back_in_whole_seconds() {
    let mut problem = Problem::overload("d");
    problem.retry_after_ms = Some(1_001);
    let response = reply::problem(&problem, Some("id"));
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(response.headers()["cache-control"], "no-store");
}

#[test]
fn failures_are_told_without_the_words_of_plugin_or_engine() {
    let secret = || "secret".to_owned();
    for (kind, status, code) in [
        (FailureKind::Trap(secret()), 502, "plugin-failed"),
        (FailureKind::Limit(secret()), 502, "plugin-failed"),
        (FailureKind::Denied(secret()), 502, "plugin-failed"),
        (FailureKind::Writes, 502, "plugin-failed"),
        (FailureKind::Timeout, 504, "plugin-timeout"),
        (FailureKind::WriterTimeout(1_000), 504, "plugin-timeout"),
        (FailureKind::Overload(secret()), 503, "overload"),
        (FailureKind::BadCall(secret()), 500, "internal"),
        (FailureKind::Host(secret()), 500, "internal"),
        (FailureKind::Full(secret()), 507, "storage-full"),
    ] {
        let failure = Failure::new("things", "a:b/c#list", kind);
        let problem = failed(&failure, "id");
        assert_eq!((problem.status, &*problem.code), (status, code));
        let response = reply::problem(&problem, Some("id"));
        let body = String::from_utf8_lossy(response.body().bytes().unwrap()).into_owned();
        assert!(!body.contains("secret"), "{body}");
        assert!(body.contains("\"requestId\":\"id\""), "{body}");
        assert_eq!(response.headers().contains_key("retry-after"), status == 503);
    }
}

#[test]
fn a_function_without_a_value_answers_204_unless_its_route_says_otherwise() {
    let status = |has_value, wanted| success(&json!({"a": 1}), has_value, wanted).unwrap().status;
    assert_eq!(status(true, None), 200);
    assert_eq!(status(true, Some(201)), 201);
    assert_eq!(status(false, None), 204);
    assert_eq!(status(false, Some(202)), 202);
    let body =
        |has_value, wanted| response(&success(&json!(1), has_value, wanted).unwrap()).into_body();
    assert_eq!(body(true, Some(204)).bytes().unwrap(), "");
    assert_eq!(body(false, Some(202)).bytes().unwrap(), "");
    assert_eq!(body(true, Some(201)).bytes().unwrap(), "1");
}

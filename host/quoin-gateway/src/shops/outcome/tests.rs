use quoin_core::types::Case;
use serde_json::json;

use super::*;

fn fallible(err: Type) -> Type {
    Type::Result { ok: None, err: Some(Box::new(err)) }
}

fn variant() -> Type {
    let case = |name: &str| Case { name: name.into(), ty: None };
    fallible(Type::Variant { name: None, cases: vec![case("not-found"), case("worn-out")] })
}

fn manifest() -> Manifest {
    Manifest::parse(
        "name = \"things\"\nversion = \"1.0.0\"\ndescription = \"d\"\n[errors]\nworn-out = 410\n",
    )
    .unwrap()
}

#[test]
fn each_error_case_has_its_status() {
    for (case, status) in [
        ("not-found", 404),
        ("invalid", 422),
        ("conflict", 409),
        ("denied", 403),
        ("retryable", 503),
        ("unavailable", 502),
        ("anything-else", 422),
    ] {
        let problem = refusal(json!({"tag": case}), Some(&variant()), &manifest());
        assert_eq!((problem.status, &*problem.code), (status, case));
        assert_eq!(problem.error, Some(json!({"tag": case})));
    }
}

#[test]
fn a_manifest_gives_its_own_cases_their_status() {
    let problem = refusal(json!({"tag": "worn-out"}), Some(&variant()), &manifest());
    assert_eq!((problem.status, &*problem.code), (410, "worn-out"));
}

#[test]
fn a_retryable_error_says_when_to_come_back_in_whole_seconds() {
    let problem = refusal(json!({"tag": "retryable", "val": 1_001}), Some(&variant()), &manifest());
    assert_eq!(problem.retry_after_ms, Some(1_001));
    let response = reply::problem(&problem, Some("id"));
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(response.headers()["cache-control"], "no-store");
}

#[test]
fn errors_that_are_enums_or_texts_are_told_too() {
    let ty = fallible(Type::Enum { name: None, cases: vec!["not-found".into()] });
    let problem = refusal(json!("not-found"), Some(&ty), &manifest());
    assert_eq!((problem.status, problem.error), (404, Some(json!("not-found"))));
    let problem = refusal(json!("conflict"), Some(&fallible(Type::String)), &manifest());
    assert_eq!((problem.status, &*problem.code), (422, "refused"));
    let problem = refusal(Json::Null, Some(&Type::Result { ok: None, err: None }), &manifest());
    assert_eq!((problem.status, problem.error), (422, None));
}

#[test]
fn failures_are_told_without_the_words_of_plugin_or_engine() {
    let (plugin, function) = (|| "things".to_owned(), || "a:b/c#list".to_owned());
    let secret = || "secret".to_owned();
    for (failure, status, code) in [
        (
            Failure::Trap { plugin: plugin(), function: function(), reason: secret() },
            502,
            "plugin-failed",
        ),
        (
            Failure::Limit { plugin: plugin(), function: function(), limit: secret() },
            502,
            "plugin-failed",
        ),
        (
            Failure::Denied { plugin: plugin(), function: function(), interface: secret() },
            502,
            "plugin-failed",
        ),
        (Failure::Timeout { plugin: plugin(), function: function() }, 504, "plugin-timeout"),
        (Failure::Overload { plugin: plugin(), what: secret() }, 503, "overload"),
        (Failure::BadCall(secret()), 500, "internal"),
        (Failure::Host { plugin: plugin(), reason: secret(), full: false }, 500, "internal"),
        (Failure::Host { plugin: plugin(), reason: secret(), full: true }, 507, "storage-full"),
    ] {
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
    let status = |has_value, wanted| success(&json!({"a": 1}), has_value, wanted).status().as_u16();
    assert_eq!(status(true, None), 200);
    assert_eq!(status(true, Some(201)), 201);
    assert_eq!(status(false, None), 204);
    assert_eq!(status(false, Some(202)), 202);
    let body = |has_value, wanted| success(&json!(1), has_value, wanted).into_body();
    assert_eq!(body(true, Some(204)).bytes().unwrap(), "");
    assert_eq!(body(false, Some(202)).bytes().unwrap(), "");
    assert_eq!(body(true, Some(201)).bytes().unwrap(), "1");
}

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
fn a_refusal_has_the_code_that_it_gives_itself() {
    let refused = |code: &str| {
        let error = json!({"tag": "refused", "val": {"code": code, "message": "No."}});
        let problem = refusal(error.clone(), Some(&variant()), &manifest());
        assert_eq!((problem.status, problem.error), (422, Some(error)));
        problem.code.to_string()
    };
    assert_eq!(refused("sold-out"), "sold-out");
    for bad in ["", "Sold out", "é", &"a".repeat(65)] {
        assert_eq!(refused(bad), "refused");
    }
    let other = json!({"tag": "worn-out", "val": {"code": "sold-out"}});
    assert_eq!(refusal(other, Some(&variant()), &manifest()).code, "worn-out");
}

#[test]
fn a_retryable_error_says_when_to_come_back() {
    let problem = refusal(json!({"tag": "retryable", "val": 1_001}), Some(&variant()), &manifest());
    assert_eq!((problem.class, problem.retry_after_ms), (Class::Overload, Some(1_001)));
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

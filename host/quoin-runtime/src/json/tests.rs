use quoin_core::Type;
use quoin_core::limits::BINARY_BODY_BYTES_MAX;
use quoin_core::types::{Case, Field};
use serde_json::{Value as Json, json};

use super::*;
use crate::Value;

fn record(fields: Vec<(&str, Type)>) -> Type {
    Type::Record { name: None, fields: fields.into_iter().map(|(n, t)| Field::new(n, t)).collect() }
}

fn option(inner: Type) -> Type {
    Type::Option(Box::new(inner))
}

fn list(inner: Type) -> Type {
    Type::List(Box::new(inner))
}

fn every_kind() -> Type {
    record(vec![
        ("a-flag", Type::Bool),
        ("small", Type::S8),
        ("big", Type::U64),
        ("low", Type::S64),
        ("real", Type::F64),
        ("letter", Type::Char),
        ("text", Type::String),
        ("bytes", list(Type::U8)),
        ("items", list(record(vec![("x", Type::U16)]))),
        ("maybe", option(Type::U32)),
        ("double", option(option(Type::U32))),
        ("pair", Type::Tuple(vec![Type::String, Type::Bool])),
        ("choice", Type::Enum { name: None, cases: vec!["one-a".into(), "two".into()] }),
        (
            "case",
            Type::Variant {
                name: None,
                cases: vec![
                    Case { name: "empty".into(), ty: None },
                    Case { name: "full".into(), ty: Some(Type::String) },
                ],
            },
        ),
        ("outcome", Type::Result { ok: None, err: Some(Box::new(Type::String)) }),
        ("set", Type::Flags { name: None, flags: vec!["can-read".into(), "can-write".into()] }),
    ])
}

fn sample() -> Json {
    json!({
        "aFlag": true, "small": -128, "big": u64::MAX, "low": i64::MIN, "real": 1.5, "letter": "ß",
        "text": "日本", "bytes": "AAEC", "items": [{"x": 1}, {"x": 65535}], "maybe": null,
        "double": {"tag": "some", "val": null}, "pair": ["p", false], "choice": "one-a",
        "case": {"tag": "full", "val": "v"}, "outcome": {"tag": "err", "val": "e"},
        "set": {"canRead": true, "canWrite": false},
    })
}

fn misfit(ty: &Type, json: &Json) -> (String, String) {
    let misfit = value(ty, json, "").unwrap_err();
    (misfit.pointer, misfit.problem)
}

#[test]
fn every_kind_of_value_survives_the_way_there_and_back() {
    let ty = every_kind();
    let there = value(&ty, &sample(), "").unwrap();
    assert_eq!(result(Some(&there), Some(&ty)).map(|shown| shown.json()).ok(), Some(sample()));
}

#[test]
fn a_misfit_points_to_its_place() {
    let mut body = sample();
    body["items"][1]["x"] = json!("no");
    let (pointer, problem) = misfit(&every_kind(), &body);
    assert_eq!(pointer, "/items/1/x");
    assert_eq!(problem, "expected a whole number (u16), found a string");
}

#[test]
fn numbers_out_of_range_are_refused_with_their_range() {
    let one = record(vec![("n", Type::S64)]);
    for (text, ty) in [
        ("{\"n\": 9223372036854775808}", Type::S64),
        ("{\"n\": -9223372036854775809}", Type::S64),
        ("{\"n\": 18446744073709551616}", Type::U64),
        ("{\"n\": 1.5}", Type::S64),
        ("{\"n\": 300}", Type::U8),
        ("{\"n\": -1}", Type::U32),
        ("{\"n\": 1e300}", Type::F32),
    ] {
        let ty = record(vec![("n", ty)]);
        let (pointer, problem) = misfit(&ty, &serde_json::from_str(text).unwrap());
        assert_eq!(pointer, "/n", "{text}");
        assert!(problem.contains("range"), "{text}: {problem}");
    }
    assert!(value(&one, &json!({"n": i64::MAX}), "").is_ok());
}

#[test]
fn unknown_and_missing_members_are_named() {
    let ty = record(vec![("unit-size", Type::U8), ("note", option(Type::String))]);
    let (pointer, problem) = misfit(&ty, &json!({"unitSize": 1, "colour/x": 2}));
    assert_eq!(pointer, "/colour~1x");
    assert_eq!(problem, "unknown; known here: unitSize, note");
    let (pointer, problem) = misfit(&ty, &json!({"note": "n"}));
    assert_eq!(
        (pointer.as_str(), problem.as_str()),
        ("/unitSize", "missing; expected a whole number (u8)")
    );
    assert!(value(&ty, &json!({"unitSize": 1}), "").is_ok());
}

#[test]
fn a_tag_must_be_one_of_the_cases() {
    let ty = every_kind();
    let mut body = sample();
    body["case"] = json!({"tag": "none"});
    assert_eq!(misfit(&ty, &body).0, "/case/tag");
    body["case"] = json!({"tag": "empty", "val": 1});
    assert_eq!(misfit(&ty, &body).0, "/case/val");
    body["case"] = json!({"tag": "empty", "extra": 1});
    assert_eq!(misfit(&ty, &body).0, "/case/extra");
}

#[test]
fn what_json_cannot_express_is_told_with_its_place() {
    let nan = || Value::Float64(f64::NAN);
    let ratio = Value::Record(vec![("unit-ratio".into(), nan())]);
    let list = Value::List(vec![Value::Option(None), Value::Option(Some(Box::new(ratio)))]);
    let told = check(&Value::Result(Ok(Some(Box::new(list))))).unwrap_err();
    assert_eq!(told, "the number at /1/unitRatio is not finite, which JSON cannot express");
    assert!(check(&nan()).unwrap_err().contains("the top"));
    let inner = Value::Tuple(vec![Value::Result(Err(Some(Box::new(nan()))))]);
    assert!(check(&inner).unwrap_err().contains("at /0/val is"));
    assert!(check(&Value::Float64(0.5)).is_ok());
}

#[test]
fn each_value_is_looked_at_once_however_deep_it_is() {
    // Looking twice on each level would take longer than anyone waits for a test.
    let nested = (0..200).fold(Value::Float32(f32::INFINITY), |v, _| Value::List(vec![v]));
    assert!(check(&nested).unwrap_err().contains("/0/0/0"));
}

#[test]
fn path_and_query_texts_become_values_of_simple_types() {
    assert_eq!(value_from_text(&Type::U32, "7", "").unwrap(), Value::U32(7));
    assert_eq!(value_from_text(&Type::String, "7", "").unwrap(), Value::String("7".into()));
    assert_eq!(value_from_text(&Type::Bool, "true", "").unwrap(), Value::Bool(true));
    assert!(value_from_text(&Type::Bool, "yes", "").is_err());
    assert!(value_from_text(&Type::U32, "[1]", "").is_err());
    let some = Value::Option(Some(Box::new(Value::U32(7))));
    assert_eq!(value_from_text(&option(Type::U32), "7", "").unwrap(), some);
}

#[test]
fn a_document_holds_so_many_bytes_of_base64_and_no_more() {
    let text = |bytes: usize| data_encoding::BASE64.encode(&vec![7; bytes]);
    let half = BINARY_BODY_BYTES_MAX / 2;
    let two = |first: usize, second: usize| {
        value(&list(list(Type::U8)), &json!([text(first), text(second)]), "at")
    };
    assert!(two(half, half - 3).is_ok());
    let misfit = two(half, half + 3).unwrap_err();
    assert_eq!(misfit.pointer, "at/1");
    assert!(misfit.problem.contains("send less at once"), "{misfit}");
}

//! Types: how they are written, and where two differ.

use quoin_core::types::{Case, Field, TypeName, function_difference, lower_camel};
use quoin_core::{Function, Interface, Type};

fn name() -> Option<TypeName> {
    Some(TypeName { name: "thing".into(), interface: "a:b/c@0.1.0".into() })
}

fn record(fields: &[(&str, Type)]) -> Type {
    let fields = fields.iter().map(|(n, t)| Field::new(*n, t.clone())).collect();
    Type::Record { name: None, fields }
}

fn variant(cases: &[(&str, Option<Type>)]) -> Type {
    let case = |(n, t): &(&str, Option<Type>)| Case { name: (*n).into(), ty: t.clone() };
    Type::Variant { name: None, cases: cases.iter().map(case).collect() }
}

fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

fn option(ty: Type) -> Type {
    Type::Option(Box::new(ty))
}

fn result(ok: Option<Type>, err: Option<Type>) -> Type {
    Type::Result { ok: ok.map(Box::new), err: err.map(Box::new) }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn enumeration(cases: &[&str]) -> Type {
    Type::Enum { name: None, cases: words(cases) }
}

fn flags(flags: &[&str]) -> Type {
    Type::Flags { name: None, flags: words(flags) }
}

fn function(params: &[(&str, Type)], result: Option<Type>) -> Function {
    let params = params.iter().map(|(n, t)| Field::new(*n, t.clone())).collect();
    Function { name: "f".into(), params, result, refused: None }
}

/// The difference between functions that take these.
fn difference(provider: Type, consumer: Type) -> Option<String> {
    function_difference(&function(&[("x", provider)], None), &function(&[("x", consumer)], None))
}

#[track_caller]
fn differs(provider: Type, consumer: Type, how: &str) {
    let same = (provider.has_structure_of(&provider), provider.has_structure_of(&consumer));
    assert_eq!(same, (true, false), "{provider} {consumer}");
    let expected = format!("parameter \"x\"{how}");
    assert_eq!(difference(provider, consumer).unwrap(), expected);
}

#[test]
fn every_type_is_written_as_in_wit() {
    for (ty, text) in [
        (Type::Bool, "bool"),
        (Type::S8, "s8"),
        (Type::U8, "u8"),
        (Type::S16, "s16"),
        (Type::U16, "u16"),
        (Type::S32, "s32"),
        (Type::U32, "u32"),
        (Type::S64, "s64"),
        (Type::U64, "u64"),
        (Type::F32, "f32"),
        (Type::F64, "f64"),
        (Type::Char, "char"),
        (Type::String, "string"),
        (list(option(Type::U8)), "list<option<u8>>"),
        (result(None, None), "result"),
        (result(Some(Type::U8), None), "result<u8>"),
        (result(None, Some(Type::U8)), "result<_, u8>"),
        (result(Some(Type::U8), Some(Type::Char)), "result<u8, char>"),
        (Type::Tuple(vec![Type::U8, Type::Char]), "tuple<u8, char>"),
        (record(&[("a", Type::U8), ("b", Type::U8)]), "record { a, b }"),
        (variant(&[("a", None), ("b", Some(Type::U8))]), "variant { a, b }"),
        (enumeration(&["a", "b"]), "enum { a, b }"),
        (flags(&["a", "b"]), "flags { a, b }"),
        (Type::Enum { name: name(), cases: words(&["a"]) }, "thing"),
    ] {
        assert_eq!(ty.to_string(), text);
    }
    let two = function(&[("a", Type::U8), ("b", Type::Char)], Some(Type::Bool));
    assert_eq!(two.to_string(), "f: func(a: u8, b: char) -> bool");
    assert_eq!(function(&[], None).to_string(), "f: func()");
}

#[test]
fn only_kinds_that_have_names_are_called_something() {
    for named in [
        Type::Record { name: name(), fields: Vec::new() },
        Type::Variant { name: name(), cases: Vec::new() },
        Type::Enum { name: name(), cases: Vec::new() },
        Type::Flags { name: name(), flags: Vec::new() },
    ] {
        assert_eq!(named.name(), name().as_ref());
    }
    assert_eq!((Type::U8.name(), record(&[]).name()), (None, None));
}

#[test]
fn an_interface_finds_its_functions_by_name() {
    let (f, mut g) = (function(&[], None), function(&[], None));
    g.name = "g".into();
    let interface = Interface { name: "a:b/c@0.1.0".into(), functions: vec![f.clone(), g.clone()] };
    assert_eq!((interface.function("f"), interface.function("g")), (Some(&f), Some(&g)));
    assert_eq!(interface.function("h"), None);
}

#[test]
fn names_in_json_have_no_dashes() {
    assert_eq!(lower_camel("a-b-c2"), "aBC2");
    assert_eq!(Field::new("unit-name", Type::U8).json, "unitName");
}

#[test]
fn functions_differ_in_number_and_names_of_parameters() {
    let (none, one) = (function(&[], None), function(&[("a", Type::U8)], None));
    let told = function_difference(&one, &none).unwrap();
    assert_eq!(told, "the provider takes 1 parameters, the consumer passes 0");
    let told = function_difference(&one, &function(&[("b", Type::U8)], None)).unwrap();
    assert_eq!(told, "the provider's parameter \"a\" is \"b\" at the consumer");
    assert_eq!(function_difference(&one, &one), None);
}

#[test]
fn functions_differ_in_what_they_return() {
    let returns = |ty| function(&[], ty);
    let told = |p, c| function_difference(&returns(p), &returns(c));
    assert_eq!(told(None, None), None);
    assert_eq!(told(Some(Type::U8), Some(Type::U8)), None);
    let both = told(Some(Type::U8), Some(Type::U16)).unwrap();
    assert_eq!(both, "the result: the provider has u8, the consumer u16");
    let more = told(Some(Type::U8), None).unwrap();
    assert_eq!(more, "the provider returns u8, the consumer expects nothing");
    let less = told(None, Some(Type::U8)).unwrap();
    assert_eq!(less, "the provider returns nothing, the consumer expects u8");
}

#[test]
fn what_cannot_cross_is_a_difference_on_either_side() {
    let fine = function(&[], None);
    let refused = Function { refused: Some("uses a stream".into()), ..fine.clone() };
    for (p, c) in [(&refused, &fine), (&fine, &refused)] {
        assert_eq!(function_difference(p, c).unwrap(), "uses a stream");
    }
}

#[test]
fn the_place_of_a_difference_is_told_through_every_kind_of_type() {
    let has = "the provider has u8, the consumer u16";
    let (p, c) = (Type::U8, Type::U16);
    differs(p.clone(), c.clone(), &format!(": {has}"));
    differs(list(p.clone()), list(c.clone()), &format!(", element: {has}"));
    differs(option(p.clone()), option(c.clone()), &format!(", value: {has}"));
    let side = |ok: &Type, err: &Type| result(Some(ok.clone()), Some(err.clone()));
    differs(side(&p, &p), side(&c, &p), &format!(", ok: {has}"));
    differs(side(&p, &p), side(&p, &c), &format!(", err: {has}"));
    let pair = |second: &Type| Type::Tuple(vec![Type::Bool, second.clone()]);
    differs(pair(&p), pair(&c), &format!(", part 1: {has}"));
    let field = |ty: &Type| record(&[("a", Type::Bool), ("b", ty.clone())]);
    differs(field(&p), field(&c), &format!(", field \"b\": {has}"));
    let case = |ty: &Type| variant(&[("a", None), ("b", Some(ty.clone()))]);
    differs(case(&p), case(&c), &format!(", case \"b\": {has}"));
}

#[test]
fn what_one_side_has_and_the_other_has_not_is_told() {
    let (some, none) = (result(Some(Type::U8), None), result(None, None));
    differs(some.clone(), none.clone(), ", ok: the provider has u8, the consumer nothing");
    differs(none, some, ", ok: the provider has nothing, the consumer u8");
    let (one, two) = (Type::Tuple(vec![Type::U8]), Type::Tuple(vec![Type::U8, Type::U8]));
    differs(one, two, ": the provider has tuple<u8>, the consumer tuple<u8, u8>");
    differs(list(Type::U8), Type::U8, ": the provider has list<u8>, the consumer u8");
}

#[test]
fn missing_and_unknown_names_and_their_order_are_told_by_kind() {
    let (a, ab, ba) = (&["a"][..], &["a", "b"][..], &["b", "a"][..]);
    differs(enumeration(a), enumeration(ab), ": the provider has no case \"b\"");
    differs(flags(ab), flags(a), ": the consumer does not know the provider's flag \"b\"");
    differs(flags(ab), flags(ba), ": the flags are in another order");
    let cases = |names: &[&str]| variant(&names.iter().map(|n| (*n, None)).collect::<Vec<_>>());
    differs(cases(ab), cases(ba), ": the cases are in another order");
    assert_eq!(difference(enumeration(ab), enumeration(ab)), None);
    assert_eq!(difference(flags(ab), flags(ab)), None);
}

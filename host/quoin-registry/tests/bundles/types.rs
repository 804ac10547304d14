use quoin_core::Type;
use quoin_registry::BundleError as E;

use crate::given::{assert_fault, component, fault, fault_of_interface, function, raw, shed_with};

const MANIFEST: &str = crate::given::MANIFEST;

#[test]
fn a_resource_handle_in_a_provided_interface_is_refused() {
    let file = r#"(export "file" (type $file (sub resource)))"#;
    for handle in ["(own $file)", "(borrow $file)"] {
        let items = function(file, &format!("(param \"it\" {handle})"));
        assert_fault!(
            fault_of_interface(&items),
            E::CannotCross { .. },
            "a:b/c@0.1.0#f",
            "resource handle \"file\""
        );
    }
    let deep = function(file, "(result (result (list (own $file))))");
    assert_fault!(fault_of_interface(&deep), E::CannotCross { .. }, "resource handle \"file\"");
}

#[test]
fn a_method_of_a_resource_is_refused() {
    let items = r#"(export "file" (type $file (sub resource)))
        (export "[static]file.count" (func (result u32)))"#;
    assert_fault!(fault_of_interface(items), E::CannotCross { .. }, "[static]file.count", "method");
}

#[test]
fn a_resource_handle_in_a_needed_interface_is_refused() {
    let items =
        function(r#"(export "file" (type $file (sub resource)))"#, r#"(param "it" (own $file))"#);
    let needs = format!("{MANIFEST}\n[[needs]]\ninterface = \"a:b/c@0.1.0\"\n");
    let component = shed_with(&[("a:b/c@0.1.0", &items)], &[]);
    assert_fault!(fault(&component, &needs), E::CannotCross { .. }, "a:b/c@0.1.0#f");
}

#[test]
fn a_resource_of_its_own_must_be_needed_too() {
    let items = r#"(export "file" (type (sub resource)))"#;
    let component = shed_with(&[("a:b/c@0.1.0", items)], &[]);
    assert_fault!(fault(&component, MANIFEST), E::NotNeeded(_), "a:b/c@0.1.0");
}

#[test]
fn a_type_has_the_name_that_it_is_given_where_it_is_defined() {
    let nouns = r#"(export "noun" (type (eq $noun')))"#;
    let component = raw(&format!(
        r#"(type $noun' (record (field "a" u8)))
           (import "a:nouns/nouns@0.1.0" (instance $nouns {nouns}))
           (alias export $nouns "noun" (type $noun))
           (import "wasi:given/e0@0.2.0" (instance $c
             (export "word" (type $word (eq $noun)))
             (type $own' (record (field "word" $word)))
             (export "own" (type $own (eq $own')))
             (export "f" (func (param "x" $own) (result $word)))))
           (export "a:b/c@0.1.0" (instance $c))"#
    ));
    let manifest =
        "name = \"p\"\nversion = \"0.1.0\"\ndescription = \"P.\"\nprovides = [\"a:b/c@0.1.0\"]";
    let description = crate::given::packed(&component, manifest).unwrap();
    let function = description.export("a:b/c@0.1.0").unwrap().function("f").unwrap();
    let name = |ty: &Type| ty.name().map(|n| (n.name.clone(), n.interface.clone())).unwrap();
    let is = |name: &str, interface: &str| (name.to_owned(), interface.to_owned());
    assert_eq!(name(function.result.as_ref().unwrap()), is("word", "a:nouns/nouns@0.1.0"));
    // Where the component has its export from.
    assert_eq!(name(&function.params[0].ty), is("own", "wasi:given/e0@0.2.0"));
}

/// A type that is twice itself, over and over: `levels` definitions, 2^levels nodes.
fn bomb(levels: usize) -> String {
    let mut types = String::from("(type $t0 (list u8))");
    for n in 0..levels {
        types += &format!("(type $t{} (tuple $t{n} $t{n}))", n + 1);
    }
    function(&types, &format!("(param \"x\" $t{levels})"))
}

#[test]
fn a_type_that_doubles_with_each_level_is_refused() {
    assert_fault!(fault_of_interface(&bomb(13)), E::CannotCross { .. }, "4096 parts");
    let manifest =
        "name = \"p\"\nversion = \"0.1.0\"\ndescription = \"P.\"\nprovides = [\"a:b/c@0.1.0\"]";
    let huge = component(&[], &[("a:b/c@0.1.0", &bomb(60))]);
    assert_fault!(fault(&huge, manifest), E::Invalid(_), "type size");
}

#[test]
fn a_bundle_of_many_large_types_is_refused() {
    let mut items = bomb(10).replace("(export \"f\" (func (param \"x\" $t10)))", "");
    for n in 0..64 {
        items += &format!("(export \"f{n}\" (func (param \"x\" $t10)))");
    }
    assert_fault!(fault_of_interface(&items), E::CannotCross { .. }, "65536 parts");
}

#[test]
fn a_type_that_is_nested_too_deep_is_refused() {
    let nested = |levels: usize| {
        let mut types = String::from("(type $t0 (list u8))");
        for n in 1..levels {
            types += &format!("(type $t{n} (list $t{}))", n - 1);
        }
        function(&types, &format!("(param \"x\" $t{})", levels - 1))
    };
    assert_fault!(fault_of_interface(&nested(32)), E::CannotCross { .. }, "deeper than 32");
    assert_fault!(fault_of_interface(&nested(200)), E::Invalid(_), "too deep");
    let manifest =
        "name = \"p\"\nversion = \"0.1.0\"\ndescription = \"P.\"\nprovides = [\"a:b/c@0.1.0\"]";
    crate::given::packed(&component(&[], &[("a:b/c@0.1.0", &nested(31))]), manifest).unwrap();
}

#[test]
fn names_that_are_too_long_are_refused() {
    let long = "a".repeat(129);
    let items = format!("(export \"{long}\" (func))");
    assert_fault!(fault_of_interface(&items), E::NameTooLong(_), "aaa");
    let items = function("", &format!("(param \"{long}\" u8)"));
    assert_fault!(fault_of_interface(&items), E::CannotCross { .. }, "128 bytes");
    let items = function(
        &format!("(type $e' (enum \"{long}\")) (export \"e\" (type $e (eq $e')))"),
        "(param \"x\" $e)",
    );
    assert_fault!(fault_of_interface(&items), E::CannotCross { .. }, "128 bytes");
}

#[test]
fn too_many_interfaces_or_functions_are_refused() {
    let names: Vec<_> = (0..65).map(|n| format!("wasi:a/i{n}@0.2.0")).collect();
    let imports: Vec<_> = names.iter().map(|n| (n.as_str(), "")).collect();
    assert_fault!(fault(&component(&imports, &[]), MANIFEST), E::TooManyInterfaces { .. }, "64");
    let items: String = (0..257).map(|n| format!("(export \"f{n}\" (func))")).collect();
    assert_fault!(
        fault_of_interface(&items),
        E::InterfaceTooLarge(_),
        "wasi:given/e0@0.2.0",
        "256"
    );
    let items: String = (0..1025)
        .map(|n| format!("(type $t{n} string) (export \"t{n}\" (type (eq $t{n})))"))
        .collect();
    assert_fault!(fault_of_interface(&items), E::InterfaceTooLarge(_), "1024");
}

#[test]
fn async_functions_and_streams_are_refused() {
    let stream = function("(type $s (stream u8))", "(param \"x\" $s)");
    assert_fault!(fault_of_interface(&stream), E::Invalid(_), "does not run");
    let map = function("(type $m (map string u8))", "(param \"x\" $m)");
    assert_fault!(fault_of_interface(&map), E::Invalid(_), "does not run");
}

//! Components written as text, and a small sound plugin to change for the worse.

use quoin_core::Description;
use quoin_registry::{BundleError, describe, pack};

/// The interface that the small plugin provides, as the items of a WAT instance type.
pub const STORE: &str = r#"
  (type $thing' (record (field "id" string) (field "note" (option string)) (field "in-use" bool)))
  (export "thing" (type $thing (eq $thing')))
  (type $error' (variant (case "not-found") (case "worn-out" string)))
  (export "error" (type $error (eq $error')))
  (export "get" (func (param "id" string) (result (result $thing (error $error)))))
  (export "put" (func (param "new-thing" $thing) (param "key" (option string))
    (result (result (error $error)))))
"#;

pub const MANIFEST: &str = r#"
name = "shed"
version = "0.1.0"
description = "Keeps things."
provides = ["garden:shed/store@0.1.0"]
host = ["log"]
reads = ["garden:shed/store#get"]

[[routes]]
route = "GET /things/{id}"
call = "garden:shed/store#get"
access = "public"

[[routes]]
route = "PUT /things"
call = "garden:shed/store#put"
access = "admin"
body = "newThing"
headers = { Idempotency-Key = "key" }

[errors]
worn-out = 410
"#;

const LOG: (&str, &str) =
    ("quoin:host/log@0.1.0", r#"(export "write" (func (param "line" string)))"#);

/// A component that imports and exports instances, each a name and WAT items. It exports what it
/// imports under a `wasi:` name, which needs no manifest entry, so that no code has to be written.
pub fn component(imports: &[(&str, &str)], exports: &[(&str, &str)]) -> Vec<u8> {
    let mut wat = String::new();
    for (name, items) in imports {
        wat += &format!("(import \"{name}\" (instance {items}))\n");
    }
    for (n, (name, items)) in exports.iter().enumerate() {
        wat += &format!("(import \"wasi:given/e{n}@0.2.0\" (instance $e{n} {items}))\n");
        wat += &format!("(export \"{name}\" (instance $e{n}))\n");
    }
    raw(&wat)
}

/// A component of these WAT fields.
pub fn raw(fields: &str) -> Vec<u8> {
    wat::parse_str(format!("(component {fields})")).unwrap()
}

/// The component of the small plugin.
pub fn shed() -> Vec<u8> {
    shed_with(&[], &[])
}

/// The component of the small plugin with more imports and exports.
pub fn shed_with(imports: &[(&str, &str)], exports: &[(&str, &str)]) -> Vec<u8> {
    component(
        &[&[LOG], imports].concat(),
        &[&[("garden:shed/store@0.1.0", STORE)], exports].concat(),
    )
}

pub fn packed(component: &[u8], manifest: &str) -> Result<Description, BundleError> {
    describe(&pack(component, manifest, &[])?)
}

pub fn fault(component: &[u8], manifest: &str) -> BundleError {
    packed(component, manifest).unwrap_err()
}

/// The small plugin's manifest with one text replaced.
pub fn manifest(from: &str, to: &str) -> String {
    assert!(MANIFEST.contains(from), "{from}");
    MANIFEST.replace(from, to)
}

/// The small plugin's manifest with keys before the first table.
pub fn manifest_with(top: &str) -> String {
    format!("{top}\n{MANIFEST}")
}

/// The fault of a plugin that only provides `a:b/c@0.1.0` with these items.
pub fn fault_of_interface(items: &str) -> BundleError {
    let manifest =
        "name = \"p\"\nversion = \"0.1.0\"\ndescription = \"P.\"\nprovides = [\"a:b/c@0.1.0\"]";
    fault(&component(&[], &[("a:b/c@0.1.0", items)]), manifest)
}

/// A function `f` of the interface `a:b/c@0.1.0` with this parameter list in WAT.
pub fn function(types: &str, params: &str) -> String {
    format!("{types} (export \"f\" (func {params}))")
}

macro_rules! assert_fault {
    ($fault:expr, $variant:pat, $($text:literal),+) => {{
        let fault = $fault;
        let text = fault.to_string();
        assert!(matches!(fault, $variant), "{fault:?}");
        $(assert!(text.contains($text), "{text:?} lacks {:?}", $text);)+
    }};
}
pub(crate) use assert_fault;

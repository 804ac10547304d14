//! What is just within a limit is accepted, and what is just beyond it is not.

use std::fs;

use quoin_core::limits::{
    BUNDLE_BYTES_MAX, MANIFEST_BYTES_MAX, MIGRATION_BYTES_MAX, MIGRATIONS_MAX, ROUTES_MAX,
};
use quoin_core::{Description, Digest};
use quoin_registry::BundleError as E;
use quoin_registry::{BundleStore, StoreError, describe, pack};
use wasm_encoder::{ComponentSection, CustomSection};

use crate::given::{
    MANIFEST, assert_fault, component, fault_of_interface, function, manifest, manifest_with,
    packed, shed, shed_with,
};

/// The small plugin's bundle, made this long by a section of another tool.
fn padded(length: usize) -> Vec<u8> {
    let bundle = pack(&shed(), MANIFEST, &[]).unwrap();
    let with = |bytes: usize| {
        let mut padded = bundle.clone();
        CustomSection { name: "pad".into(), data: vec![0; bytes].into() }
            .append_to_component(&mut padded);
        padded
    };
    // The length of the length grows with it.
    let around = length - bundle.len() - 16;
    (around..around + 16).map(with).find(|padded| padded.len() == length).unwrap()
}

#[test]
fn the_largest_bundle_is_described_and_stored() {
    let largest = padded(BUNDLE_BYTES_MAX);
    let digest = describe(&largest).unwrap().digest;
    let dir = tempfile::tempdir().unwrap();
    let store = BundleStore::open(dir.path()).unwrap();
    assert!(store.put(&largest, &digest).unwrap());
    assert!(store.get(&digest).unwrap() == largest);
    assert_eq!(pack(&largest, MANIFEST, &[]).unwrap().len(), BUNDLE_BYTES_MAX);
}

#[test]
fn the_longest_manifest_is_read() {
    let comment = |bytes: usize| manifest_with(&"#".repeat(bytes));
    let room = MANIFEST_BYTES_MAX - comment(0).len();
    packed(&shed(), &comment(room)).unwrap();
    let fault = packed(&shed(), &comment(room + 1)).unwrap_err();
    assert_fault!(fault, E::ManifestTooLarge(_), "65537");
}

fn with_migrations(migrations: &[(String, String)]) -> Result<Description, E> {
    let sql = ("quoin:host/sql@0.1.0", r#"(export "run" (func))"#);
    let manifest = manifest("host = [\"log\"]", "host = [\"log\", \"sql\"]");
    describe(&pack(&shed_with(&[sql], &[]), &manifest, migrations)?)
}

#[test]
fn the_most_and_the_longest_migrations_are_read() {
    let named = |name: String, sql: &str| (name, sql.to_owned());
    let many: Vec<_> = (1..=MIGRATIONS_MAX).map(|n| named(format!("{n:04}_a.sql"), "--")).collect();
    assert_eq!(with_migrations(&many).unwrap().migrations.len(), MIGRATIONS_MAX);
    let long = " ".repeat(MIGRATION_BYTES_MAX);
    let read = with_migrations(&[named("0001_a.sql".into(), &long)]).unwrap();
    assert_eq!(read.migrations[0].sql.len(), MIGRATION_BYTES_MAX);
}

#[test]
fn the_name_of_a_migration_has_at_most_a_hundred_characters() {
    let name = |letters: usize| format!("0001_{}.sql", "a".repeat(letters));
    assert_eq!(name(91).len(), 100);
    with_migrations(&[(name(91), String::new())]).unwrap();
    let fault = with_migrations(&[(name(92), String::new())]).unwrap_err();
    assert_fault!(fault, E::MigrationName(_), "at most 100 characters");
    for bad in ["00a1_a.sql", "0001_a_B.sql", "00001_a.sql", "0001_a.b.sql"] {
        let fault = with_migrations(&[(bad.to_owned(), String::new())]).unwrap_err();
        assert_fault!(fault, E::MigrationName(_), "0001_create_thing.sql");
    }
    for good in ["0001_a-b_c9.sql", "0001_9.sql"] {
        with_migrations(&[(good.to_owned(), String::new())]).unwrap();
    }
}

#[test]
fn a_name_from_the_file_is_cut_in_messages() {
    let name = format!("{}.sql", "x".repeat(300));
    let fault = with_migrations(&[(name, String::new())]).unwrap_err().to_string();
    assert!(fault.contains(&"x".repeat(80)) && !fault.contains(&"x".repeat(81)), "{fault}");
}

#[test]
fn the_most_routes_are_accepted() {
    let items = r#"(export "list" (func (param "full" bool)))"#;
    let routes = |count: usize| -> String {
        let route = |n| {
            format!(
                "[[routes]]\nroute = \"GET /r{n}\"\ncall = \"a:b/c#list\"\naccess = \"public\"\n"
            )
        };
        (0..count).map(route).collect()
    };
    let described =
        |count| packed(&component(&[], &[("a:b/c@0.1.0", items)]), &small(&routes(count)));
    assert_eq!(described(ROUTES_MAX).unwrap().manifest.routes.len(), ROUTES_MAX);
    assert_fault!(described(ROUTES_MAX + 1).unwrap_err(), E::TooManyRoutes(257), "257");
}

fn small(more: &str) -> String {
    format!(
        "name = \"p\"\nversion = \"0.1.0\"\ndescription = \"P.\"\nprovides = [\"a:b/c@0.1.0\"]\n{more}"
    )
}

/// What comes of a plugin that only provides `a:b/c@0.1.0` with these items.
fn providing(items: &str) -> Result<Description, E> {
    packed(&component(&[], &[("a:b/c@0.1.0", items)]), &small(""))
}

#[test]
fn the_longest_names_are_accepted_wherever_they_stand() {
    let long = "a".repeat(128);
    let field =
        format!("(type $r' (record (field \"{long}\" u8))) (export \"r\" (type $r (eq $r')))");
    let case = format!("(type $r' (variant (case \"{long}\"))) (export \"r\" (type $r (eq $r')))");
    let flag = format!("(type $r' (flags \"{long}\")) (export \"r\" (type $r (eq $r')))");
    for items in [
        format!("(export \"{long}\" (func))"),
        function("", &format!("(param \"{long}\" u8)")),
        function(&field, "(param \"x\" $r)"),
        function(&case, "(param \"x\" $r)"),
        function(&flag, "(param \"x\" $r)"),
    ] {
        let described = providing(&items).unwrap();
        let store = described.export("a:b/c@0.1.0").unwrap();
        assert!(serde_json::to_string(store).unwrap().contains(&long), "{items}");
    }
    let interface = |letters: usize| format!("wasi:a/{}@0.2.0", "b".repeat(letters));
    let name = interface(128 - interface(0).len());
    packed(&shed_with(&[(&name, "")], &[]), MANIFEST).unwrap();
    let name = interface(129 - interface(0).len());
    let fault = packed(&shed_with(&[(&name, "")], &[]), MANIFEST).unwrap_err();
    assert_fault!(fault, E::NameTooLong(_), "wasi:a/bbb");
}

#[test]
fn the_most_interfaces_functions_and_types_are_accepted() {
    let imports = |count: usize| {
        let names: Vec<_> = (0..count).map(|n| format!("wasi:a/i{n}@0.2.0")).collect();
        let imports: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
        packed(&shed_with(&imports, &[]), MANIFEST)
    };
    // The small plugin imports two of its own.
    imports(62).unwrap();
    assert_fault!(imports(63).unwrap_err(), E::TooManyInterfaces { .. }, "65");
    let functions: String = (0..256).map(|n| format!("(export \"f{n}\" (func))")).collect();
    let described = providing(&functions).unwrap();
    assert_eq!(described.export("a:b/c@0.1.0").unwrap().functions.len(), 256);
    let types = |count: usize| -> String {
        let ty = |n| format!("(type $t{n} string) (export \"t{n}\" (type (eq $t{n})))");
        "(export \"f\" (func))".to_owned() + &(1..count).map(ty).collect::<String>()
    };
    assert!(providing(&types(1_024)).is_ok());
    assert_fault!(fault_of_interface(&types(1_025)), E::InterfaceTooLarge(_), "1024");
}

/// Functions whose parameter is a tuple of this many `u8`.
fn tuples(functions: usize, parts: usize) -> String {
    let tuple = format!("(type $t (tuple {}))", "u8 ".repeat(parts));
    let function = |n| format!("(export \"f{n}\" (func (param \"x\" $t)))");
    tuple + &(0..functions).map(function).collect::<String>()
}

#[test]
fn the_types_of_a_function_have_at_most_4096_parts() {
    // The tuple itself is a part.
    assert!(providing(&tuples(1, 4_095)).is_ok());
    assert_fault!(fault_of_interface(&tuples(1, 4_096)), E::CannotCross { .. }, "4096 parts");
}

#[test]
fn the_types_of_a_bundle_have_at_most_65536_parts() {
    assert!(providing(&tuples(16, 4_095)).is_ok());
    let one_more = tuples(16, 4_095) + "(export \"g\" (func (param \"x\" u8)))";
    assert_fault!(fault_of_interface(&one_more), E::CannotCross { .. }, "#g", "65536 parts");
}

#[test]
fn every_case_and_flag_is_a_part_of_its_type() {
    let words = |count: usize| (0..count).map(|n| format!("\"c{n}\" ")).collect::<String>();
    let items = |ty: String| {
        let types = format!("(type $e' {ty}) (export \"e\" (type $e (eq $e')))");
        function(&types, "(param \"x\" $e)")
    };
    assert!(providing(&items(format!("(enum {})", words(4_095)))).is_ok());
    let fault = fault_of_interface(&items(format!("(enum {})", words(4_096))));
    assert_fault!(fault, E::CannotCross { .. }, "4096 parts");
    let cases = |count: usize| (0..count).map(|n| format!("(case \"c{n}\") ")).collect::<String>();
    assert!(providing(&items(format!("(variant {})", cases(4_095)))).is_ok());
    let fault = fault_of_interface(&items(format!("(variant {})", cases(4_096))));
    assert_fault!(fault, E::CannotCross { .. }, "4096 parts");
}

#[test]
fn a_path_that_cannot_be_read_or_removed_is_no_missing_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let store = BundleStore::open(dir.path()).unwrap();
    let digest = Digest::of(b"a");
    fs::create_dir(store.path(&digest)).unwrap();
    assert!(matches!(store.get(&digest), Err(StoreError::Io { action: "read", .. })));
    assert!(matches!(store.put(b"a", &digest), Err(StoreError::Io { .. })));
    assert!(matches!(store.remove(&digest), Err(StoreError::Io { action: "remove", .. })));
    fs::remove_dir(store.path(&digest)).unwrap();
    std::os::unix::fs::symlink(store.path(&digest), store.path(&digest)).unwrap();
    assert!(matches!(store.get(&digest), Err(StoreError::Io { action: "open", .. })));
}

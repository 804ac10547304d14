use quoin_core::limits::{BUNDLE_BYTES_MAX, MANIFEST_BYTES_MAX};
use quoin_registry::BundleError as E;
use quoin_registry::{describe, pack};
use wasm_encoder::{ComponentSection, CustomSection};

use crate::given::{MANIFEST, assert_fault, fault, manifest, manifest_with, packed, raw, shed};

/// The bytes with a custom section more.
fn with_section(mut bytes: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    CustomSection { name: name.into(), data: data.into() }.append_to_component(&mut bytes);
    bytes
}

#[test]
fn a_sound_bundle_is_described() {
    let bundle = pack(&shed(), MANIFEST, &[]).unwrap();
    let description = describe(&bundle).unwrap();
    assert_eq!(description.digest, quoin_core::Digest::of(&bundle));
    assert_eq!(description.size, bundle.len() as u64);
    assert_eq!(description.manifest.name.as_str(), "shed");
    let store = description.export("garden:shed/store@0.1.0").unwrap();
    let signatures: Vec<_> = store.functions.iter().map(ToString::to_string).collect();
    assert_eq!(
        signatures,
        [
            "get: func(id: string) -> result<thing, error>",
            "put: func(new-thing: thing, key: option<string>) -> result<_, error>"
        ]
    );
    let imports: Vec<_> = description.imports.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(imports, ["quoin:host/log@0.1.0", "wasi:given/e0@0.2.0"]);
}

#[test]
fn packing_is_deterministic_and_packing_anew_replaces() {
    let bundle = pack(&shed(), MANIFEST, &[]).unwrap();
    assert_eq!(pack(&shed(), MANIFEST, &[]).unwrap(), bundle);
    assert_eq!(pack(&bundle, MANIFEST, &[]).unwrap(), bundle);
    let renamed = pack(&bundle, &manifest("\"shed\"", "\"hut\""), &[]).unwrap();
    assert_eq!(describe(&renamed).unwrap().manifest.name.as_str(), "hut");
}

#[test]
fn sections_of_other_tools_are_kept() {
    let other = with_section(shed(), "producers", &[0]);
    let bundle = pack(&other, MANIFEST, &[]).unwrap();
    assert!(bundle.starts_with(&other));
}

#[test]
fn what_is_not_wasm_is_refused() {
    for bytes in [&b""[..], b"hello", b"\0asm", &[0u8; 100], b"\0asm\x02\0\x01\0"] {
        assert_fault!(describe(bytes).unwrap_err(), E::NotWasm, "not WebAssembly");
        assert_fault!(pack(bytes, MANIFEST, &[]).unwrap_err(), E::NotWasm, "not WebAssembly");
    }
}

#[test]
fn a_core_module_is_refused() {
    let module = wat::parse_str("(module)").unwrap();
    assert_fault!(describe(&module).unwrap_err(), E::CoreModule, "core WebAssembly module");
    assert_fault!(fault(&module, MANIFEST), E::CoreModule, "turn it into a component");
}

#[test]
fn a_component_without_manifest_is_refused() {
    assert_fault!(describe(&shed()).unwrap_err(), E::NoManifest, "plugin.toml");
}

#[test]
fn a_manifest_in_a_nested_component_does_not_count() {
    let outer = raw(r#"(component (@custom "quoin:manifest" "name = 1"))"#);
    assert_fault!(describe(&outer).unwrap_err(), E::NoManifest, "no manifest");
}

#[test]
fn two_manifests_are_refused() {
    let bundle = pack(&shed(), MANIFEST, &[]).unwrap();
    let two = with_section(bundle, "quoin:manifest", MANIFEST.as_bytes());
    assert_fault!(describe(&two).unwrap_err(), E::ManyManifests(2), "2 manifests");
}

#[test]
fn a_manifest_that_is_not_text_or_too_long_is_refused() {
    let bytes = with_section(shed(), "quoin:manifest", b"name = \"\xff\"");
    assert_fault!(describe(&bytes).unwrap_err(), E::NotText(_), "quoin:manifest");
    let long = manifest_with(&"#".repeat(MANIFEST_BYTES_MAX));
    assert_fault!(fault(&shed(), &long), E::ManifestTooLarge(_), "shorter");
}

#[test]
fn a_fault_in_the_manifest_names_its_line() {
    let colour = manifest_with("colour = 1");
    assert_fault!(fault(&shed(), &colour), E::Manifest(_), "line 1", "colour");
}

#[test]
fn a_thing_stated_twice_is_refused() {
    let twice = manifest("host = [\"log\"]", "host = [\"log\", \"log\"]");
    assert_fault!(fault(&shed(), &twice), E::Twice(_), "asks for \"log\" twice");
}

#[test]
fn a_section_of_a_later_host_is_refused() {
    let bundle = pack(&shed(), MANIFEST, &[]).unwrap();
    let later = with_section(bundle, "quoin:signature", b"x");
    assert_fault!(describe(&later).unwrap_err(), E::UnknownSection(_), "quoin:signature");
}

#[test]
fn too_large_a_file_is_refused() {
    let bytes = vec![0; BUNDLE_BYTES_MAX + 1];
    assert_fault!(describe(&bytes).unwrap_err(), E::TooLarge(_), "optimised");
    assert_fault!(pack(&bytes, MANIFEST, &[]).unwrap_err(), E::TooLarge(_), "stripped");
}

#[test]
fn features_that_the_host_does_not_run_are_refused() {
    for module in [
        "(memory 1 1 shared)",
        "(memory i64 1)",
        "(func (param externref))",
        "(tag)",
        "(type (struct))",
    ] {
        let text = format!("(component (core module {module}))");
        let bytes =
            with_section(wat::parse_str(&text).unwrap(), "quoin:manifest", MANIFEST.as_bytes());
        assert_fault!(describe(&bytes).unwrap_err(), E::Invalid(_), "does not run");
    }
}

#[test]
fn what_the_host_runs_is_accepted() {
    let code = r#"(core module (memory 1) (func (result v128) v128.const i64x2 0 0)
        (func $f (param i32) (result i32) local.get 0 return_call $f)
        (table 1 funcref) (func memory.size drop i32.const 0 i32.const 0 i32.const 0 memory.fill))"#;
    let text = format!(
        "(component {code} (import \"quoin:host/log@0.1.0\" (instance (export \"write\" (func)))))"
    );
    let small = "name = \"p\"\nversion = \"0.1.0\"\ndescription = \"P.\"\nhost = [\"log\"]";
    packed(&wat::parse_str(&text).unwrap(), small).unwrap();
}

#[test]
fn no_truncated_bundle_is_accepted() {
    let bundle = pack(&shed(), MANIFEST, &[]).unwrap();
    for length in 0..bundle.len() {
        assert!(describe(&bundle[..length]).is_err(), "{length} of {} bytes", bundle.len());
    }
}

#[test]
fn no_changed_byte_harms_the_host() {
    let bundle = pack(&shed(), MANIFEST, &[]).unwrap();
    for at in 0..bundle.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = bundle.clone();
            changed[at] ^= change;
            // Accepted or refused, but never a panic, an endless loop or a huge allocation.
            let _ = describe(&changed);
        }
    }
}

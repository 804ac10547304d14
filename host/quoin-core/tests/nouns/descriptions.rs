//! What a bundle is.

use quoin_core::{Description, Digest, Interface, Manifest};

#[test]
fn an_interface_is_found_by_its_exact_name_on_its_own_side() {
    let interface = |name: &str| Interface { name: name.into(), functions: Vec::new() };
    let (import, export) = (interface("a:b/needed@0.1.0"), interface("a:b/given@0.1.0"));
    let manifest = "name = \"a\"\nversion = \"1.0.0\"\ndescription = \"d\"\n";
    let description = Description {
        digest: Digest::of(b"a"),
        size: 1,
        manifest: Manifest::parse(manifest).unwrap(),
        imports: vec![interface("a:b/other@0.1.0"), import.clone()],
        exports: vec![interface("a:b/more@0.1.0"), export.clone()],
        migrations: Vec::new(),
    };
    assert_eq!(description.import(&import.name), Some(&import));
    assert_eq!(description.export(&export.name), Some(&export));
    assert_eq!((description.import(&export.name), description.export(&import.name)), (None, None));
    assert_eq!((description.import("a:b/needed"), description.export("a:b/given")), (None, None));
}

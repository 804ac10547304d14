//! Shops whose plugins do not fit together are refused, by name, and nothing changes.

use quoin_harness::Host;

use super::{SHOP, provider};
use crate::before::Before;
use crate::given::{component, going, written};

/// The refusal of this shop, on a host where another revision of it runs.
fn refusal(files: &[(&str, Vec<u8>)], toml: &str) -> String {
    let host = Host::start();
    let shop = host.apply(SHOP);
    for (name, bytes) in files {
        host.file(name, bytes);
    }
    let before = Before::of(&host);
    let refused = match host.try_apply(toml) {
        Ok(_) => panic!("applied: {toml}"),
        Err(refused) => refused,
    };
    before.is_unchanged(&host);
    assert_eq!(shop.get("/name").ok(), "provider");
    refused
}

#[track_caller]
fn tells(refused: &str, words: &[&str]) {
    for word in words {
        assert!(refused.contains(word), "no {word:?} in: {refused}");
    }
}

#[test]
fn a_need_that_nobody_provides() {
    let lonely = SHOP.split("[plugins.provider]").next().expect("a consumer");
    let refused = refusal(&[], lonely);
    tells(&refused, &["consumer", "test:links/parts@0.1.0", "no plugin of the shop provides it"]);
}

#[test]
fn a_need_that_two_provide_and_nobody_chose() {
    let refused = refusal(&[], &format!("{SHOP}{}", provider("second")));
    tells(
        &refused,
        &[
            "consumer",
            "test:links/parts@0.1.0",
            "provider, second",
            "bind =",
            "under [plugins.consumer]",
        ],
    );
}

#[test]
fn a_binding_to_a_plugin_that_does_not_provide_it_or_is_not_there() {
    let with = |to: &str| {
        let bind = format!("bind = {{ \"test:links/parts\" = \"{to}\" }}\n[plugins.provider]");
        SHOP.replace("[plugins.provider]", &bind)
    };
    tells(&refusal(&[], &with("nobody")), &["nobody", "no such plugin"]);
    tells(&refusal(&[], &with("consumer")), &["which it does not provide"]);
}

/// A plugin that needs or provides `test:types/things@0.1.0`, with these WAT items.
fn needing(items: &str) -> Vec<u8> {
    let imports = format!(r#"(import "test:types/things@0.1.0" (instance {items}))"#);
    written("needing", "needs = [{ interface = \"test:types/things@0.1.0\" }]", &imports)
}

fn providing(name: &str, params: &str, core: &str) -> Vec<u8> {
    written(
        name,
        "provides = [\"test:types/things@0.1.0\"]",
        &format!(
            r#"(core module $m (func (export "f") {core}) (func (export "same")))
               (core instance $i (instantiate $m))
               (func $f {params} (canon lift (core func $i "f")))
               (func $same (canon lift (core func $i "same")))
               (instance $things (export "same" (func $same)) (export "size" (func $f)))
               (export "test:types/things@0.1.0" (instance $things))"#
        ),
    )
}

const TYPES: &str = r#"
name = "types"
[plugins.needing]
bundle = "needing.wasm"
[plugins.providing]
bundle = "providing.wasm"
"#;

const NEEDED: &str =
    r#"(export "same" (func)) (export "size" (func (param "of" u32) (param "in" char)))"#;

#[test]
fn types_that_differ_are_named_with_function_and_difference() {
    let other = providing("providing", r#"(param "of" u64) (param "in" char)"#, "(param i64 i32)");
    let files = [("needing.wasm", needing(NEEDED)), ("providing.wasm", other)];
    let refused = refusal(&files, TYPES);
    let words = ["needing", "test:types/things@0.1.0", "providing", "size", "\"of\"", "u64", "u32"];
    tells(&refused, &words);
    assert!(!refused.contains("same:"), "{refused}");
}

#[test]
fn a_function_that_the_provider_lacks_is_named() {
    let items = r#"(export "extra" (func)) (export "same" (func))"#;
    let provider = providing("providing", r#"(param "of" u32)"#, "(param i32)");
    let refused = refusal(&[("needing.wasm", needing(items)), ("providing.wasm", provider)], TYPES);
    tells(&refused, &["extra", "does not have it"]);
}

#[test]
fn a_swap_to_a_provider_of_other_types_is_refused() {
    let host = Host::start();
    let (good, other) = (r#"(param "of" u32) (param "in" char)"#, r#"(param "in" char)"#);
    host.file("needing.wasm", needing(NEEDED));
    host.file("providing.wasm", providing("providing", good, "(param i32 i32)"));
    let other = host.file("other.wasm", providing("providing", other, "(param i32)"));
    host.apply(TYPES);
    let before = Before::of(&host);
    let output = host.cli(&["plugin", "swap", "types", "providing", &other.display().to_string()]);
    assert!(!output.status.success());
    tells(&String::from_utf8_lossy(&output.stderr), &["needing", "size"]);
    before.is_unchanged(&host);
}

#[test]
fn plugins_that_need_each_other_in_a_circle_are_named() {
    let link = |name: &str, needed: &str| {
        let manifest = format!(
            "provides = [\"test:circle/{name}@0.1.0\"]\n\
             needs = [{{ interface = \"test:circle/{needed}@0.1.0\" }}]"
        );
        let fields = format!(
            r#"(import "test:circle/{needed}@0.1.0" (instance $needed (export "go" (func))))
               (core func $go (canon lower (func $needed "go")))
               (core module $m (import "needed" "go" (func $go)) (export "go" (func $go)))
               (core instance $i (instantiate $m (with "needed" (instance (export "go" (func $go))))))
               (func $provided (canon lift (core func $i "go")))
               (instance $it (export "go" (func $provided)))
               (export "test:circle/{name}@0.1.0" (instance $it))"#
        );
        (format!("{name}.wasm"), written(name, &manifest, &fields))
    };
    let links = [link("a", "b"), link("b", "c"), link("c", "a")];
    let files: Vec<_> = links.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
    let plugins = ["a", "b", "c"].map(|n| format!("[plugins.{n}]\nbundle = \"{n}.wasm\"\n"));
    let refused = refusal(&files, &format!("name = \"circle\"\n{}", plugins.concat()));
    tells(&refused, &["circle", "a → b → c → a"]);
}

#[test]
fn a_resource_handle_in_a_shared_interface_is_named_by_cli_and_host() {
    let host = Host::start();
    let fields = r#"
        (core module $m (func (export "make") (result i32) i32.const 0))
        (core instance $i (instantiate $m))
        (type $ticket' (resource (rep i32)))
        (component $inner
            (import "ticket" (type $t (sub resource)))
            (import "make" (func $make (result (own $t))))
            (export $ticket "ticket" (type $t))
            (export "make" (func $make) (func (result (own $ticket)))))
        (core func $new (canon resource.new $ticket'))
        (core module $n
            (import "" "new" (func $new (param i32) (result i32)))
            (func (export "make") (result i32) i32.const 0 call $new))
        (core instance $j (instantiate $n (with "" (instance (export "new" (func $new))))))
        (func $make (result (own $ticket')) (canon lift (core func $j "make")))
        (instance $tickets (instantiate $inner
            (with "ticket" (type $ticket')) (with "make" (func $make))))
        (export "test:handles/tickets@0.1.0" (instance $tickets))"#;
    let manifest = "name = \"handles\"\nversion = \"0.1.0\"\ndescription = \"A test.\"\n\
        provides = [\"test:handles/tickets@0.1.0\"]";
    let packed = quoin_registry::pack(&component(fields), manifest, &[]).unwrap_err().to_string();
    tells(&packed, &["test:handles/tickets@0.1.0#make", "resource handle \"ticket\""]);
    // By hand, as nobody packs it.
    let sections = [("quoin:manifest", manifest)];
    let bundle = crate::given::with_sections(&component(fields), &sections);
    let problem = host.upload(&bundle).expect(422);
    tells(problem["detail"].as_str().expect("a detail"), &["test:handles/tickets@0.1.0#make"]);
}

#[test]
fn grants_that_the_shop_does_not_give_are_named() {
    let toml = SHOP.replace(r#""call", "config", "log""#, r#""call", "log""#);
    let refused = refusal(&[], &toml);
    tells(&refused, &["provider", "read the configuration", "\"config\""]);
}

#[test]
fn a_plugin_that_does_not_start_is_refused() {
    let host = Host::start();
    host.file(
        "text.wasm",
        going("text", r#"(start $s) (func $s unreachable) (func (export "go"))"#, ""),
    );
    let before = Before::of(&host);
    let toml = "name = \"text\"\n[plugins.text]\nbundle = \"text.wasm\"\n";
    let refused = host.try_apply(toml).map(drop).unwrap_err();
    tells(&refused, &["does not start", "unreachable"]);
    before.is_unchanged(&host);
}

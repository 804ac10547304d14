//! Components that no compiler makes, written as text.

use quoin_harness::{Host, Reply, Shop, json};

use super::{SHOP, trapped, unharmed};
use crate::before::Before;
use crate::given::{going, written};

/// A shop with a plugin `text` beside the others; the test keeps the host.
fn with(bundle: Vec<u8>, grants: &str) -> (Host, Shop) {
    let host = Host::start();
    host.file("text.wasm", bundle);
    let text = format!(
        "[plugins.text]\nbundle = \"text.wasm\"\ngrants = [{grants}]\nlimits = {{ deadline-ms = 500 }}\n"
    );
    let shop = host.apply(&format!("{SHOP}{text}"));
    (host, shop)
}

fn go(shop: &Shop) -> Reply {
    shop.call("test:text/acts#go", json!({}))
}

#[test]
fn a_loop_in_the_start_function_is_refused_before_anything_changes() {
    let host = Host::start();
    let shop = host.apply(SHOP);
    let before = Before::of(&host);
    let module = r#"(start $s) (func $s (loop (br 0))) (func (export "go"))"#;
    host.file("text.wasm", going("text", module, ""));
    let text = "[plugins.text]\nbundle = \"text.wasm\"\nlimits = { deadline-ms = 300 }\n";
    let refused = host.try_apply(&format!("{SHOP}{text}")).map(drop).unwrap_err();
    assert!(refused.contains("does not start"), "{refused}");
    before.is_unchanged(&host);
    unharmed(&shop);
}

/// A plugin whose function takes a text, with this body of its allocation function.
fn allocating(realloc: &str) -> Vec<u8> {
    written(
        "text",
        "provides = [\"test:text/acts@0.1.0\"]",
        &format!(
            r#"(core module $m
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc})
                (func (export "go") (param i32 i32)))
               (core instance $i (instantiate $m))
               (func $go (param "text" string) (canon lift (core func $i "go")
                   (memory $i "memory") (realloc (func $i "realloc"))))
               (instance $acts (export "go" (func $go)))
               (export "test:text/acts@0.1.0" (instance $acts))"#
        ),
    )
}

#[test]
fn a_loop_in_allocation_ends_at_the_deadline() {
    let (_host, shop) = with(allocating("(loop (br 0)) (i32.const 0)"), "");
    shop.call("test:text/acts#go", json!({ "text": "hello" })).refused(504, "plugin-timeout");
    unharmed(&shop);
}

#[test]
fn an_allocation_outside_of_memory_is_a_trap() {
    for place in ["-8", "65535", "65536"] {
        let (_host, shop) = with(allocating(&format!("(i32.const {place})")), "");
        trapped(shop.call("test:text/acts#go", json!({ "text": "hello" })));
        unharmed(&shop);
    }
}

#[test]
fn a_result_outside_of_memory_is_a_trap() {
    // A result of two words lies in memory: a pointer and a length.
    for (pointer, length) in [("-1", "8"), ("0", "-1"), ("65530", "100")] {
        let bundle = written(
            "text",
            "provides = [\"test:text/acts@0.1.0\"]",
            &format!(
                r#"(core module $m (memory (export "memory") 1)
                    (func (export "go") (result i32)
                        (i32.store (i32.const 16) (i32.const {pointer}))
                        (i32.store (i32.const 20) (i32.const {length}))
                        (i32.const 16)))
                   (core instance $i (instantiate $m))
                   (func $go (result string)
                       (canon lift (core func $i "go") (memory $i "memory")))
                   (instance $acts (export "go" (func $go)))
                   (export "test:text/acts@0.1.0" (instance $acts))"#
            ),
        );
        let (_host, shop) = with(bundle, "");
        trapped(go(&shop));
        unharmed(&shop);
    }
}

#[test]
fn a_list_of_nothing_that_claims_billions_of_items_is_not_taken() {
    // Items of no size need no memory in the guest, but would in the host.
    let bundle = written(
        "text",
        "provides = [\"test:text/acts@0.1.0\"]",
        r#"(core module $m (memory (export "memory") 1)
            (func (export "go") (result i32)
                (i32.store (i32.const 16) (i32.const 0))
                (i32.store (i32.const 20) (i32.const 60000))
                (i32.const 16)))
           (core instance $i (instantiate $m))
           (type $list (list (list (list u64))))
           (func $go (result $list) (canon lift (core func $i "go") (memory $i "memory")))
           (instance $acts (export "go" (func $go)))
           (export "test:text/acts@0.1.0" (instance $acts))"#,
    );
    let (_host, shop) = with(bundle, "");
    assert_eq!(go(&shop).expect(502)["class"], "plugin");
    unharmed(&shop);
}

#[test]
fn tables_grow_to_their_limit_and_no_further() {
    let module = r#"(table $t 1 funcref)
        (func (export "go") (result i32)
            (loop (br_if 0 (i32.ne (i32.const -1)
                (table.grow $t (ref.null func) (i32.const 1000)))))
            (table.size $t))"#;
    let (_host, shop) = with(going("text", module, "(result u32)"), "");
    let size = go(&shop).ok();
    assert!((1_000..=20_000).contains(&size.as_u64().expect("a size")), "{size}");
    unharmed(&shop);
}

#[test]
fn a_sleep_in_a_wasi_pollable_ends_at_the_deadline() {
    let fields = r#"
        (import "wasi:io/poll@0.2.6" (instance $poll
            (export "pollable" (type $p (sub resource)))
            (export "[method]pollable.block" (func (param "self" (borrow $p))))))
        (alias export $poll "pollable" (type $pollable))
        (import "wasi:clocks/monotonic-clock@0.2.6" (instance $clock
            (alias outer 1 $pollable (type $outer))
            (export "pollable" (type $p (eq $outer)))
            (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
        (core func $block (canon lower (func $poll "[method]pollable.block")))
        (core func $subscribe (canon lower (func $clock "subscribe-duration")))
        (core module $m
            (import "" "block" (func $block (param i32)))
            (import "" "subscribe" (func $subscribe (param i64) (result i32)))
            (func (export "go") (call $block (call $subscribe (i64.const 3600000000000)))))
        (core instance $i (instantiate $m (with "" (instance
            (export "block" (func $block)) (export "subscribe" (func $subscribe))))))
        (func $go (canon lift (core func $i "go")))
        (instance $acts (export "go" (func $go)))
        (export "test:text/acts@0.1.0" (instance $acts))"#;
    let manifest = "provides = [\"test:text/acts@0.1.0\"]\nhost = [\"clock\"]";
    let (host, shop) = with(written("text", manifest, fields), "\"clock\"");
    go(&shop).refused(504, "plugin-timeout");
    unharmed(&shop);
    // The same without the grant does not even become a shop.
    let before = Before::of(&host);
    let text = "[plugins.text]\nbundle = \"text.wasm\"\n";
    let refused = host.try_apply(&format!("{SHOP}{text}")).map(drop).unwrap_err();
    assert!(refused.contains("text wants to read the time of day"), "{refused}");
    before.is_unchanged(&host);
}

#[test]
fn a_host_interface_that_does_not_exist_is_refused() {
    let host = Host::start();
    let shop = host.apply(SHOP);
    let before = Before::of(&host);
    let fields = r#"(import "quoin:host/files@0.1.0" (instance (export "read" (func))))"#;
    let manifest = "name = \"text\"\nversion = \"0.1.0\"\ndescription = \"A test.\"\n";
    let component = crate::given::component(fields);
    let bundle = crate::given::with_sections(&component, &[("quoin:manifest", manifest)]);
    let problem = host.upload(&bundle).expect(422);
    assert!(
        problem["detail"].as_str().is_some_and(|d| d.contains("quoin:host/files")),
        "{problem}"
    );
    before.is_unchanged(&host);
    unharmed(&shop);
}

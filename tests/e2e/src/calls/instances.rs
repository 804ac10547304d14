//! Instances: fresh for each call, or kept where the plugin asks for it.

use quoin_harness::{Host, Shop, json};

use super::{start, unharmed};
use crate::given::guest;

fn served(shop: &Shop) -> u64 {
    shop.get("/served").ok().as_u64().expect("a count")
}

/// Shops whose hostile plugin keeps its instances for this many calls.
fn keeping<const N: usize>(calls: u32, names: [&str; N]) -> (Host, [Shop; N]) {
    let host = Host::start();
    let kept = guest("hostile").and(&format!("[instance]\nreuse = {calls}"));
    host.file("kept.wasm", kept.packed());
    let shops = names.map(|name| {
        host.apply(&format!(
            "name = \"{name}\"\n[plugins.hostile]\nbundle = \"kept.wasm\"\n\
             grants = [\"sql\", \"log\"]\nlimits = {{ deadline-ms = 2000 }}\n"
        ))
    });
    (host, shops)
}

#[test]
fn every_call_has_an_instance_of_its_own_by_default() {
    let (_host, shop) = start();
    assert_eq!([served(&shop), served(&shop), served(&shop)], [1, 1, 1]);
}

#[test]
fn a_kept_instance_serves_as_often_as_its_plugin_says() {
    let (_host, [shop]) = keeping(3, ["kept"]);
    let counts: Vec<_> = (0..7).map(|_| served(&shop)).collect();
    assert_eq!(counts, [1, 2, 3, 1, 2, 3, 1]);
}

#[test]
fn no_instance_serves_two_tenants() {
    let (_host, [one, two]) = keeping(100, ["one", "two"]);
    for round in 1..=5 {
        assert_eq!([served(&one), served(&two)], [round, round]);
    }
}

#[test]
fn no_instance_lives_on_in_another_generation() {
    let (host, [shop]) = keeping(100, ["kept"]);
    assert_eq!([served(&shop), served(&shop)], [1, 2]);
    host.apply(
        "name = \"kept\"\n[plugins.hostile]\nbundle = \"kept.wasm\"\n\
         grants = [\"sql\", \"log\"]\nlimits = { deadline-ms = 3000 }\n",
    );
    assert_eq!(served(&shop), 1);
}

#[test]
fn an_instance_is_thrown_away_after_a_trap_and_after_a_timeout() {
    let (_host, [shop]) = keeping(100, ["kept"]);
    assert_eq!([served(&shop), served(&shop)], [1, 2]);
    shop.post("/panic", json!({ "text": "x" })).refused(502, "plugin-failed");
    assert_eq!([served(&shop), served(&shop)], [1, 2]);
    shop.post("/spin", json!({})).refused(504, "plugin-timeout");
    assert_eq!([served(&shop), served(&shop)], [1, 2]);
    // A refusal is an answer like any other.
    shop.post("/refuse", json!({ "text": "x" })).expect(409);
    assert_eq!(served(&shop), 3);
}

#[test]
fn a_call_that_kept_an_instance_keeps_no_transaction() {
    let (_host, [shop]) = keeping(100, ["kept"]);
    let write = |text: &str, then: &str| shop.post("/texts", json!({ "text": text, "then": then }));
    write("a", "well").ok();
    write("b", "refuse").expect(409);
    write("c", "well").ok();
    assert_eq!(shop.get("/texts").ok(), json!(["a", "c"]));
}

#[test]
fn many_calls_at_once_are_all_fine() {
    let (_host, shop) = start();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| (0..20).for_each(|_| unharmed(&shop)));
        }
    });
    assert_eq!(shop.plugin("hostile")["stats"]["failures"], 0);
}

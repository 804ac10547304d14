//! A callee never has more time than its caller has left.

use quoin_harness::{Host, Shop, json, until};

fn start(consumer_ms: u32, provider_ms: u32) -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(&format!(
        r#"
        name = "deadlines"
        [plugins.consumer]
        bundle = "consumer.wasm"
        grants = ["call"]
        limits = {{ deadline-ms = {consumer_ms} }}
        [plugins.provider]
        bundle = "provider.wasm"
        grants = ["call", "config", "log"]
        limits = {{ deadline-ms = {provider_ms} }}
        "#
    ));
    (host, shop)
}

fn remaining(shop: &Shop) -> (u64, u64) {
    let both = shop.call("test:links/desk#remaining", json!({})).ok();
    let at = |i: usize| both[i].as_u64().expect("milliseconds");
    (at(0), at(1))
}

#[test]
fn the_callee_has_what_the_caller_has_left() {
    let (_host, shop) = start(20_000, 60_000);
    let (caller, callee) = remaining(&shop);
    assert!(callee <= caller && caller <= 20_000, "{caller} {callee}");
}

#[test]
fn the_callee_has_no_more_than_its_own_limit() {
    let (_host, shop) = start(60_000, 20_000);
    let (caller, callee) = remaining(&shop);
    assert!(callee <= 20_000 && caller > 20_000, "{caller} {callee}");
}

#[test]
fn a_callee_out_of_its_own_time_is_unavailable_and_the_caller_goes_on() {
    let (_host, shop) = start(60_000, 200);
    let problem = shop.get("/act/spin").expect(502);
    assert_eq!(problem["error"], json!({ "tag": "unavailable", "val": "timeout" }));
    assert_eq!(shop.get("/act/well").ok(), "provider");
}

#[test]
fn a_caller_out_of_time_ends_its_callee_too() {
    let (_host, shop) = start(300, 60_000);
    shop.get("/act/spin").refused(504, "plugin-timeout");
    until("the provider's call ends", || {
        (shop.plugin("provider")["stats"]["running"] == 0).then_some(())
    });
    assert_eq!(shop.get("/act/well").ok(), "provider");
}

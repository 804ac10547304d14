//! What a plugin does wrong harms the one call that it was asked in.

mod deadlines;
mod hostile;
mod instances;
mod ports;
mod queue;
mod text;

use quoin_harness::{Host, Reply, Shop, json};

/// The hostile plugin with little time, and another that must not notice.
const SHOP: &str = r#"
name = "calls"
[plugins.hostile]
bundle = "hostile.wasm"
grants = ["sql", "log"]
limits = { deadline-ms = 2000 }
[plugins.provider]
bundle = "provider.wasm"
grants = ["call", "config", "log"]
"#;

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(SHOP);
    (host, shop)
}

/// The next call of the same plugin is fine, and so is the other plugin.
#[track_caller]
fn unharmed(shop: &Shop) {
    assert_eq!(shop.get("/nothing").ok(), 0);
    assert_eq!(shop.call("test:links/parts#name", json!({})).ok(), "provider");
}

/// The plugin failed, and the operator is told how.
#[track_caller]
fn plugin_failed(reply: Reply, how: &str) {
    let problem = reply.refused(502, "plugin-failed");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains(how), "no {how:?} in: {detail}");
}

#[track_caller]
fn trapped(reply: Reply) {
    plugin_failed(reply, "trapped in");
}

#[track_caller]
fn beyond_a_limit(reply: Reply) {
    plugin_failed(reply, "went over a limit in");
}

//! What a plugin does wrong harms the one call that it was asked in.

mod deadlines;
mod hostile;
mod instances;
mod queue;
mod text;

use quoin_harness::{Host, Shop, json};

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

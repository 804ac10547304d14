//! What the command line tells an operator: what is there, and what to do next.

mod logs;

use quoin_harness::{Host, Shop};

/// A plugin that fails when it is asked to.
const SHOP: &str = r#"
name = "calls"
[plugins.hostile]
bundle = "hostile.wasm"
grants = ["sql", "log"]
"#;

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(SHOP);
    (host, shop)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

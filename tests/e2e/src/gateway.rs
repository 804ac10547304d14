//! The shops' API as HTTP clients meet it.

mod contract;
mod drain;
mod pages;
mod patience;

use quoin_harness::{Host, Shop};

const SHOP: &str = r#"
name = "http"
[plugins.hostile]
bundle = "hostile.wasm"
grants = ["sql", "log"]
limits = { deadline-ms = 30000 }
[plugins.consumer]
bundle = "consumer.wasm"
grants = ["call"]
[plugins.provider]
bundle = "provider.wasm"
grants = ["call", "config", "log"]
[plugins.pages]
bundle = "pages.wasm"
grants = ["sql", "log"]
"#;

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(SHOP);
    (host, shop)
}

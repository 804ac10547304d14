//! A call is a transaction on its plugin's own database, and what was answered stays.

mod durable;
mod full;
mod synced;
mod tricks;

use quoin_harness::{Host, Reply, Shop, Value, json};

const SHOP: &str = r#"
name = "data"
[plugins.hostile]
bundle = "hostile.wasm"
grants = ["sql", "log"]
limits = { deadline-ms = 2000 }
"#;

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(SHOP);
    (host, shop)
}

fn write(shop: &Shop, text: &str, then: &str) -> Reply {
    shop.post("/texts", json!({ "text": text, "then": then }))
}

fn texts(shop: &Shop) -> Value {
    shop.get("/texts").ok()
}

//! A plugin hears of every later call of the kinds that its shop lets it hear of, once each.

mod grants;
mod heard;
mod load;

use quoin_harness::{Host, Shop, Value, json, until};

/// A shop where nobody is called by those calls, and one plugin hears of them.
const SHOP: &str = r#"
name = "feed"
[plugins.later-desk]
bundle = "later-desk.wasm"
grants = ["sql", "log", "clock", "later"]
[plugins.listener]
bundle = "listener.wasm"
grants = ["sql", "log"]
feed = ["test:later/tasks#note"]
"#;

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(SHOP);
    (host, shop)
}

fn ask(tasks: &[Value], end: &str) -> Value {
    json!({ "tasks": tasks, "end": end })
}

fn heard(shop: &Shop) -> Vec<Value> {
    shop.get("/heard").ok().as_array().expect("events").clone()
}

/// The text that the call of an event had.
fn text(event: &Value) -> String {
    let params = event["params"].as_str().expect("parameters");
    let params: Value = params.parse().expect("JSON");
    params["text"].as_str().expect("a text").to_owned()
}

fn until_heard(shop: &Shop, count: usize) -> Vec<Value> {
    until("so much is heard", || Some(heard(shop)).filter(|heard| heard.len() >= count))
}

fn deaf(shop: &Shop, failing: &str) {
    shop.post("/deaf", json!({ "failing": failing })).ok();
}

/// What the admin API tells of outstanding and done later calls.
fn calls(host: &Host, which: &str) -> Vec<Value> {
    let list = host.manage("GET", "/v1/tenants/feed/later", Value::Null).ok();
    list[which].as_array().expect("calls").clone()
}

fn until_nothing_is_outstanding(host: &Host) {
    until("everything is done", || calls(host, "calls").is_empty().then_some(()));
}

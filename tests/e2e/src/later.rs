//! What a request asks for is done after it, once in effect, whatever happens meanwhile.

mod failing;
mod killed;
mod operated;
mod recorded;
mod waiting;

use quoin_harness::{Host, Shop, Value, json, until};

const SHOP: &str = r#"
name = "later"
[plugins.later-desk]
bundle = "later-desk.wasm"
grants = ["sql", "log", "clock", "later"]
[plugins.later-worker]
bundle = "later-worker.wasm"
grants = ["sql", "log", "clock", "call", "later"]
"#;

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(SHOP);
    (host, shop)
}

fn task(text: &str) -> Value {
    json!({ "text": text })
}

/// Asks for tasks; the request ends well.
#[track_caller]
fn ask(shop: &Shop, tasks: &[Value]) {
    asked(shop, tasks, "well").ok();
}

fn asked(shop: &Shop, tasks: &[Value], end: &str) -> quoin_harness::Reply {
    shop.post("/ask", json!({ "tasks": tasks, "end": end }))
}

fn notes(shop: &Shop) -> Vec<String> {
    let notes = shop.get("/notes").ok();
    notes.as_array().expect("notes").iter().map(|n| n.as_str().expect("text").into()).collect()
}

/// The texts that were noted, without who noted them.
fn texts(shop: &Shop) -> Vec<String> {
    let text = |note: String| note.split(", by").next().unwrap_or_default().to_owned();
    notes(shop).into_iter().map(text).collect()
}

fn until_noted(shop: &Shop, count: usize) -> Vec<String> {
    until("so much is noted", || Some(texts(shop)).filter(|texts| texts.len() >= count))
}

fn gate(shop: &Shop, open: bool) {
    shop.post("/gate", json!({ "open": open })).ok();
}

/// What the admin API tells of the shop's later calls.
fn list(host: &Host, shop: &Shop, query: &str) -> Value {
    host.manage("GET", &format!("/v1/tenants/{}/later{query}", shop.name), Value::Null).ok()
}

/// The outstanding ones.
fn calls(host: &Host, shop: &Shop) -> Vec<Value> {
    list(host, shop, "")["calls"].as_array().expect("calls").clone()
}

fn until_nothing_is_outstanding(host: &Host, shop: &Shop) {
    until("everything is done", || calls(host, shop).is_empty().then_some(()));
}

//! Other systems are told what happens in a shop: each event once for each endpoint, signed, tried again,
//! and replayed.

mod dead;
mod delivered;
mod killed;
mod managed;
mod replayed;
mod retried;
mod signed;

use quoin_harness::remote::{Received, response};
use quoin_harness::{Host, Remote, Shop, Value, json, until};

/// A shop that may send to these endpoints.
fn shop_file(remotes: &[&Remote], config: &str) -> String {
    let hosts: Vec<_> = remotes.iter().map(|remote| format!("\"{}\"", remote.base())).collect();
    format!(
        "name = \"hooks\"\n\
         [plugins.later-desk]\nbundle = \"later-desk.wasm\"\n\
         grants = [\"sql\", \"log\", \"clock\", \"later\"]\n\
         [plugins.webhooks]\nbundle = \"webhooks.wasm\"\n\
         grants = [\"sql\", \"config\", \"clock\", \"random\", \"log\", \"later\", \"http\"]\n\
         feed = [\"quoin:order/events\", \"quoin:webhooks/events\", \"test:later/tasks\"]\n\
         http = {{ hosts = [{}], methods = [\"POST\"] }}\n\
         [plugins.webhooks.config]\n{config}\n",
        hosts.join(", ")
    )
}

/// A host with such a shop. The second is the shop with an API key.
fn start(remotes: &[&Remote], config: &str) -> (Host, Shop) {
    let host = Host::start_reaching();
    let shop = host.apply(&shop_file(remotes, config)).admin();
    (host, shop)
}

/// The type of the events that the shop's plugin makes.
const NOTE: &str = "test.later.tasks.note";
const ENDPOINTS: &str = "/admin/webhooks/endpoints";

/// An endpoint that takes everything.
fn taking() -> Remote {
    Remote::start(|_| response("204 No Content", "", ""))
}

/// Makes an endpoint, and returns its id and its secret.
fn create(shop: &Shop, remote: &Remote, kinds: &[&str]) -> (String, String) {
    let url = remote.base() + "/hook";
    let made = shop.post(ENDPOINTS, json!({ "url": url, "kinds": kinds })).ok();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&made["endpoint"]["id"]), text(&made["secret"]))
}

fn get(shop: &Shop, id: &str) -> Value {
    shop.get(&format!("{ENDPOINTS}/{id}")).ok()
}

/// Does something with an endpoint.
fn act(shop: &Shop, id: &str, what: &str, body: Value) -> Value {
    shop.post(&format!("{ENDPOINTS}/{id}/{what}"), body).ok()
}

/// Makes an event for each text.
fn happen(shop: &Shop, texts: &[&str]) {
    let tasks: Vec<_> = texts.iter().map(|text| json!({ "text": text })).collect();
    shop.post("/ask", json!({ "tasks": tasks, "end": "well" })).ok();
}

/// What was sent to an endpoint.
fn body(received: &Received) -> Value {
    let text = std::str::from_utf8(&received.body).expect("text");
    text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The text of the event that was sent.
fn text(received: &Received) -> String {
    body(received)["data"]["text"].as_str().expect("a text").to_owned()
}

fn until_received(remote: &Remote, count: usize) -> Vec<Received> {
    until("so much came", || Some(remote.received()).filter(|all| all.len() >= count))
}

/// The deliveries to an endpoint, the newest events first.
fn deliveries(shop: &Shop, id: &str, query: &str) -> Vec<Value> {
    let page = shop.get(&format!("{ENDPOINTS}/{id}/deliveries{query}")).ok();
    page["items"].as_array().expect("deliveries").clone()
}

fn until_settled(shop: &Shop, id: &str) -> Vec<Value> {
    until("nothing waits", || {
        deliveries(shop, id, "?state=waiting")
            .is_empty()
            .then(|| deliveries(shop, id, "?limit=100"))
    })
}

//! A request with an idempotency key takes effect once, however often it is made.

use std::time::Duration;

use quoin_harness::{Host, Reply, Shop, Value, json};

const NOTES: &str = r#"
name = "once"
[plugins.notes]
bundle = "notes.wasm"
grants = ["sql", "log"]
"#;

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(NOTES);
    (host, shop)
}

fn note(shop: &Shop, key: &str, text: &str) -> Reply {
    let body = json!({ "text": text });
    shop.request("POST", "/notes").header("idempotency-key", key).json(&body).send()
}

fn notes(shop: &Shop) -> Value {
    shop.get("/notes").ok()
}

#[test]
fn the_same_request_gets_the_same_answer_and_has_one_effect() {
    let (host, shop) = start();
    let first = note(&shop, "k-1", "one");
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    let again = note(&shop, "\"k-1\"", "one");
    assert_eq!((again.status, &again.text), (201, &first.text));
    assert_eq!(again.header("idempotency-replayed"), "true");
    // It is a request of its own.
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    note(&shop, "k-2", "one").expect(201);
    assert_eq!(notes(&shop), json!(["one", "one"]));
    drop(host);
}

#[test]
fn another_request_with_the_key_is_refused_and_so_is_what_cannot_be_a_key() {
    let (_host, shop) = start();
    note(&shop, "k", "one").expect(201);
    note(&shop, "k", "two").refused(422, "key-reused");
    note(&shop, "", "two").refused(400, "bad-key");
    note(&shop, &"k".repeat(201), "two").refused(400, "bad-key");
    assert_eq!(notes(&shop), json!(["one"]));
}

#[test]
fn each_has_keys_of_their_own() {
    let (_host, shop) = start();
    note(&shop, "k", "one").expect(201);
    let admin = note(&shop.admin(), "k", "one");
    assert_eq!((admin.status, admin.header("idempotency-replayed")), (201, ""));
    assert_eq!(notes(&shop), json!(["one", "one"]));
}

#[test]
fn what_was_refused_may_be_asked_again() {
    let host = Host::start();
    let shop = host.apply(
        "name = \"once\"\n[plugins.hostile]\nbundle = \"hostile.wasm\"\ngrants = [\"sql\", \"log\"]\n",
    );
    let ask = |text: &str| {
        let body = json!({ "texts": [text] });
        shop.request("POST", "/batch").header("idempotency-key", "k").json(&body).send()
    };
    let panic = || {
        shop.request("POST", "/panic")
            .header("idempotency-key", "k")
            .json(&json!({ "text": "x" }))
            .send()
    };
    panic().expect(502);
    panic().expect(502);
    // The key is still free.
    assert!(ask("kept").status < 300);
    assert_eq!(ask("kept").header("idempotency-replayed"), "true");
    panic().refused(422, "key-reused");
}

#[test]
fn many_who_repeat_a_request_at_once_have_one_effect_together() {
    let (_host, shop) = start();
    let keys = 100;
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                for key in 0..keys {
                    let text = key.to_string();
                    note(&shop, &format!("k-{key}"), &text).expect(201);
                }
            });
        }
    });
    let mut all: Vec<u32> = (notes(&shop).as_array().expect("notes").iter())
        .map(|n| n.as_str().and_then(|n| n.parse().ok()).expect("a number"))
        .collect();
    all.sort_unstable();
    assert_eq!(all, (0..keys).collect::<Vec<_>>());
}

#[test]
fn a_killed_host_does_once_what_is_repeated_until_it_is_answered() {
    let (mut host, shop) = start();
    for round in 0..8_u64 {
        let text = round.to_string();
        let body = json!({ "text": text });
        let request = || {
            shop.request("POST", "/notes").header("idempotency-key", &text).json(&body).try_send()
        };
        std::thread::scope(|scope| {
            let client = scope.spawn(request);
            std::thread::sleep(Duration::from_micros(700 * round));
            host.kill_process();
            // It may have been answered or not, and done or not.
            let _ = client.join().expect("a client");
        });
        host.restart();
        assert_eq!(request().expect("an answer").status, 201);
    }
    assert_eq!(notes(&shop), json!(["0", "1", "2", "3", "4", "5", "6", "7"]));
}

#[test]
fn the_key_is_told_where_it_helps() {
    let (_host, shop) = start();
    let document = shop.get("/openapi.json").ok();
    let has_key = |method: &str, path: &str| {
        let parameters = document["paths"][path][method]["parameters"].clone();
        let parameters = parameters.as_array().cloned().unwrap_or_default();
        parameters.iter().any(|p| p["name"] == "idempotency-key")
    };
    assert!(has_key("post", "/notes"));
    assert!(!has_key("get", "/notes"));
}

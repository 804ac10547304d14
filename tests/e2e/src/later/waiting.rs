//! A client may wait for what its request leads to.

use quoin_harness::{Reply, Shop, Value, json};

use super::{calls, gate, start, until_nothing_is_outstanding};

fn begin(shop: &Shop, prefer: &str, key: &str) -> Reply {
    let request = shop.request("POST", "/begin").header("prefer", prefer);
    request.header("idempotency-key", key).json(&json!({ "tens": 3 })).send()
}

fn noted(reply: &Reply) -> Value {
    reply.body["noted"].clone()
}

#[test]
fn who_waits_is_answered_with_what_there_is_when_it_is_done() {
    let (host, shop) = start();
    let waited = begin(&shop, "wait=20", "one");
    assert_eq!((noted(&waited), waited.header("preference-applied")), (json!(31), "wait"));
    assert_eq!(calls(&host, &shop), Vec::<Value>::new());
    // The answer that is kept is the first one, and who repeats the request may wait, too.
    let again = begin(&shop, "wait=20", "one");
    assert_eq!((noted(&again), again.header("idempotency-replayed")), (json!(31), "true"));
    let first = begin(&shop, "respond-async", "one");
    assert_eq!((noted(&first), first.header("preference-applied")), (json!(0), ""));
}

#[test]
fn who_does_not_wait_is_answered_at_once() {
    let (host, shop) = start();
    let answer = begin(&shop, "respond-async", "one");
    assert_eq!((noted(&answer), answer.header("preference-applied")), (json!(0), ""));
    until_nothing_is_outstanding(&host, &shop);
}

#[test]
fn who_waits_is_answered_when_the_time_is_over_and_what_it_led_to_goes_on() {
    let (host, shop) = start();
    gate(&shop, false);
    let asked = shop.request("POST", "/begin-gated").header("prefer", "wait=1");
    let begun = std::time::Instant::now();
    let answer = asked.json(&json!({ "tens": 1 })).send();
    assert!(begun.elapsed() >= std::time::Duration::from_millis(900), "{:?}", begun.elapsed());
    assert_eq!((noted(&answer), answer.header("preference-applied")), (json!(0), "wait"));
    assert_eq!(calls(&host, &shop).len(), 1);
    gate(&shop, true);
    until_nothing_is_outstanding(&host, &shop);
}

#[test]
fn nobody_waits_for_what_is_due_only_after_that() {
    let (_host, shop) = start();
    let asked = shop.request("POST", "/begin-tomorrow").header("prefer", "wait=30");
    let begun = std::time::Instant::now();
    asked.json(&json!({ "tens": 1 })).send().expect(200);
    assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
}

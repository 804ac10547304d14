//! A client may wait for what its request leads to.

use quoin_harness::{Reply, Shop, Value, json, until};

use super::{calls, gate, notes, start, until_nothing_is_outstanding};

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
    let asked = shop.request("POST", "/begin").header("prefer", "wait=1");
    let answer = asked.json(&json!({ "tens": 10_000 })).send();
    assert_eq!(answer.header("preference-applied"), "wait");
    let then = noted(&answer).as_u64().expect("a number");
    assert!((1..100_000).contains(&then), "{then}");
    until("it goes on", || (notes(&shop).len() as u64 > then).then_some(()));
    drop(host);
}

#[test]
fn who_waits_is_answered_once_a_call_that_failed_at_first_is_done() {
    let (_host, shop) = start();
    gate(&shop, false);
    let (opens, key) = (shop.clone(), "one");
    let opening = std::thread::spawn(move || {
        until("it was tried", || {
            opens.log().iter().any(|line| line["level"] == "warn").then_some(())
        });
        gate(&opens, true);
    });
    let request = shop.request("POST", "/begin-gated").header("prefer", "wait=30");
    let answer = request.header("idempotency-key", key).json(&json!({ "tens": 1 })).send();
    opening.join().expect("opened");
    assert_eq!((noted(&answer), answer.header("preference-applied")), (json!(1), "wait"));
}

#[test]
fn nobody_waits_for_what_is_due_only_after_that() {
    let (_host, shop) = start();
    let asked = shop.request("POST", "/begin-tomorrow").header("prefer", "wait=30");
    let begun = std::time::Instant::now();
    asked.json(&json!({ "tens": 1 })).send().expect(200);
    assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
}

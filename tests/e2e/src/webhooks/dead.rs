//! An endpoint that takes nothing is disabled, and told of; meanwhile it delays nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quoin_harness::remote::response;
use quoin_harness::{Remote, Value, json, until};

use super::{act, body, create, deliveries, get, happen, start, taking, text, until_received};

fn log(shop: &quoin_harness::Shop) -> String {
    Value::from(shop.log()).to_string()
}

#[test]
fn an_endpoint_that_takes_nothing_is_disabled_and_told_of() {
    let dead = Remote::start(|_| response("500 Internal Server Error", "", ""));
    let well = taking();
    let (_host, shop) = start(&[&dead, &well], "retry-after = \"100ms 200ms\"");
    let (id, _) = create(&shop, &dead, &["*"]);
    create(&shop, &well, &["webhooks.*"]);
    happen(&shop, &["a"]);
    happen(&shop, &["b"]);
    let told = body(&until_received(&well, 1)[0]);
    assert_eq!(told["type"], "webhooks.disabled");
    assert_eq!(told["data"]["endpoint"]["id"], *id);
    let endpoint = get(&shop, &id);
    assert_eq!((&endpoint["state"], &endpoint["waiting"]), (&json!("disabled"), &json!(0)));
    let reason = endpoint["reason"].as_str().expect("a reason");
    assert!(reason.contains("it answered 500"), "{reason}");
    assert_eq!(told["data"]["endpoint"]["reason"], reason);
    assert!(log(&shop).contains(&format!("the endpoint {id} (")), "{}", log(&shop));
    let given_up = deliveries(&shop, &id, "?state=failed");
    assert_eq!(given_up.len(), 2, "{given_up:?}");
    // Nothing is sent there any more.
    let before = dead.received().len();
    happen(&shop, &["c"]);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!((dead.received().len(), well.received().len()), (before, 1));
    act(&shop, &id, "enable", json!({}));
    happen(&shop, &["d"]);
    assert_eq!(text(&until_received(&dead, before + 1)[before]), "d");
}

#[test]
fn an_endpoint_whose_only_event_is_never_taken_is_disabled_when_its_plan_is_used_up() {
    let dead = Remote::start(|_| response("404 Not Found", "", ""));
    let (_host, shop) = start(&[&dead], "retry-after = \"50ms 50ms\"");
    let (id, _) = create(&shop, &dead, &["*"]);
    happen(&shop, &["a"]);
    until("it is disabled", || (get(&shop, &id)["state"] == "disabled").then_some(()));
    let given_up = deliveries(&shop, &id, "").remove(0);
    assert_eq!((&given_up["state"], &given_up["status"]), (&json!("failed"), &json!(404)));
    assert_eq!(given_up["error"], "it answered 404");
    assert!(given_up["tries"].as_u64() >= Some(2), "{given_up}");
}

#[test]
fn an_endpoint_that_says_it_is_gone_is_disabled_at_once() {
    let gone = Remote::start(|_| response("410 Gone", "", ""));
    let (_host, shop) = start(&[&gone], "");
    let (id, _) = create(&shop, &gone, &["*"]);
    happen(&shop, &["a", "b"]);
    until("it is disabled", || (get(&shop, &id)["state"] == "disabled").then_some(()));
    assert_eq!(gone.received().len(), 1);
    assert_eq!(deliveries(&shop, &id, "?state=failed").len(), 2);
}

#[test]
fn endpoints_that_never_answer_and_that_are_not_there_delay_no_other() {
    let held = Arc::new(AtomicBool::new(true));
    let holds = held.clone();
    let silent = Remote::start(move |_| {
        while holds.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
        response("200 OK", "", "")
    });
    let (away, well) = (taking(), taking());
    let (_host, shop) = start(&[&silent, &away, &well], "");
    let (silent_id, _) = create(&shop, &silent, &["*"]);
    create(&shop, &away, &["*"]);
    create(&shop, &well, &["*"]);
    drop(away);
    for n in 0..30 {
        happen(&shop, &[&n.to_string()]);
    }
    until_received(&well, 30);
    // The first that was sent to the silent one is still waited for.
    assert_eq!(silent.received().len(), 1);
    assert_eq!(deliveries(&shop, &silent_id, "?state=waiting&limit=100").len(), 30);
    held.store(false, Ordering::Relaxed);
    until_received(&silent, 30);
}

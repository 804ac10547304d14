//! What was sent can be sent again: one event, or a range of time.

use std::collections::BTreeSet;

use quoin_harness::json;
use quoin_harness::remote::Received;

use super::{
    ENDPOINTS, NOTE, act, create, happen, start, taking, text, until_received, until_settled,
};

fn ids(received: &[Received]) -> BTreeSet<String> {
    received.iter().map(|received| received.header("webhook-id").to_owned()).collect()
}

#[test]
fn a_range_of_time_is_sent_again_under_the_same_ids_also_to_an_endpoint_that_was_not_there() {
    let (remote, new) = (taking(), taking());
    let (_host, shop) = start(&[&remote, &new], "");
    let (id, _) = create(&shop, &remote, &["*"]);
    for text in ["a", "b", "c", "d", "e"] {
        happen(&shop, &[text]);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    act(&shop, &id, "test", json!({}));
    let done = until_settled(&shop, &id);
    let at = |n: usize| done[n]["occurredAt"].as_u64().expect("a time");
    // The newest is first: the test, e, d, c, b, a.
    let count = act(&shop, &id, "replay", json!({ "from": at(4), "to": at(2) }));
    assert_eq!(count, 3);
    let received = until_received(&remote, 9);
    let again: BTreeSet<_> = received[6..].iter().map(text).collect();
    assert_eq!(again, ["b", "c", "d"].map(str::to_owned).into());
    assert!(ids(&received[6..]).is_subset(&ids(&received[..6])));
    until_settled(&shop, &id);
    assert_eq!(remote.received().len(), 9);
    // A test is sent again to nobody.
    let (late, _) = create(&shop, &new, &[NOTE, "webhooks.*"]);
    assert_eq!(act(&shop, &late, "replay", json!({ "from": 0 })), 5);
    assert_eq!(ids(&until_received(&new, 5)), ids(&received[..5]));
    // One event.
    let event = &done[5]["event"];
    assert_eq!(act(&shop, &late, "replay", json!({ "event": event })), 1);
    let last = until_received(&new, 6).remove(5);
    assert_eq!(
        (text(&last).as_str(), last.header("webhook-id")),
        ("a", event.as_str().expect("an id"))
    );
    let replay = |body| shop.post(&format!("{ENDPOINTS}/{late}/replay"), body);
    replay(json!({})).expect(422);
    replay(json!({ "event": event, "from": 1 })).expect(422);
    replay(json!({ "event": "no" })).expect(404);
}

#[test]
fn the_oldest_events_are_forgotten_where_there_are_too_many() {
    let remote = taking();
    let (_host, shop) = start(&[&remote], "keep-events = \"100\"");
    let (id, _) = create(&shop, &remote, &["order.*"]);
    let texts: Vec<String> = (0..130).map(|n| n.to_string()).collect();
    for texts in texts.chunks(10) {
        happen(&shop, &texts.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let patch = json!({ "kinds": ["*"] });
    quoin_harness::until("all are heard", || {
        let list = shop.state();
        (list["later"]["waiting"] == 0).then_some(())
    });
    shop.patch(&format!("{ENDPOINTS}/{id}"), patch).ok();
    assert_eq!(act(&shop, &id, "replay", json!({ "from": 0 })), 100);
}

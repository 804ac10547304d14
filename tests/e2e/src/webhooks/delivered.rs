//! Each event reaches each endpoint that wants it, once.

use std::collections::BTreeSet;

use super::{
    NOTE, body, create, deliveries, happen, start, taking, text, until_received, until_settled,
};

#[test]
fn each_event_comes_once_to_each_endpoint_that_wants_its_type() {
    let (all, package, one, other) = (taking(), taking(), taking(), taking());
    let (_host, shop) = start(&[&all, &package, &one, &other], "");
    let (id, _) = create(&shop, &all, &["*"]);
    create(&shop, &package, &["test.later.*", "order.*"]);
    create(&shop, &one, &["order.placed", NOTE]);
    let (silent, _) = create(&shop, &other, &["order.*", "test.late"]);
    let texts: Vec<String> = (0..12).map(|n| format!("\"{n}\" ü")).collect();
    for texts in texts.chunks(3) {
        happen(&shop, &texts.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let wanted: BTreeSet<&str> = texts.iter().map(String::as_str).collect();
    let mut ids = BTreeSet::new();
    for remote in [&all, &package, &one] {
        let received = until_received(remote, 12);
        let told: Vec<String> = received.iter().map(text).collect();
        assert_eq!(told.iter().map(String::as_str).collect::<BTreeSet<_>>(), wanted);
        ids.extend(received.iter().map(|received| received.header("webhook-id").to_owned()));
        let first = &received[0];
        assert_eq!((first.method.as_str(), first.target.as_str()), ("POST", "/hook"));
        assert_eq!(first.header("content-type"), "application/json");
        let told = body(first);
        assert_eq!(told["type"], NOTE);
        let time = told["timestamp"].as_str().expect("a time");
        assert!(time.len() == 24 && time.ends_with('Z') && time.starts_with("20"), "{time}");
    }
    // The same event has the same id everywhere.
    assert_eq!(ids.len(), 12);
    let done = until_settled(&shop, &id);
    assert!(done.iter().all(|d| d["state"] == "delivered" && d["status"] == 204), "{done:?}");
    assert_eq!(done.iter().map(|d| d["tries"].as_u64().unwrap_or(0)).sum::<u64>(), 12);
    assert_eq!([&all, &package, &one].map(|remote| remote.received().len()), [12; 3]);
    assert!(other.received().is_empty() && deliveries(&shop, &silent, "").is_empty());
}

//! What is not taken is sent again, as the plan says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quoin_harness::Remote;
use quoin_harness::remote::response;

use super::{create, deliveries, get, happen, start, text, until_received, until_settled};

/// An endpoint that refuses the first so many requests.
fn refusing(first: usize, status: &'static str) -> Remote {
    let count = Arc::new(AtomicUsize::new(0));
    Remote::start(move |_| match count.fetch_add(1, Ordering::Relaxed) < first {
        true => response(status, "", "no"),
        false => response("200 OK", "", "yes"),
    })
}

#[test]
fn what_is_refused_is_sent_again_under_the_same_id_until_it_is_taken() {
    let remote = refusing(3, "503 Service Unavailable");
    let (_host, shop) = start(&[&remote], "retry-after = \"100ms 100ms 100ms 100ms\"");
    let (id, _) = create(&shop, &remote, &["*"]);
    happen(&shop, &["a"]);
    let received = until_received(&remote, 4);
    let done = until_settled(&shop, &id);
    assert_eq!((&done[0]["state"], &done[0]["tries"]), (&"delivered".into(), &4.into()));
    let ids: Vec<_> = received.iter().map(|received| received.header("webhook-id")).collect();
    assert!(ids.iter().all(|id| *id == ids[0] && *id == done[0]["event"]), "{ids:?}");
    assert!(received.iter().all(|again| again.body == received[0].body));
    assert_eq!(get(&shop, &id)["failingSince"], quoin_harness::Value::Null);
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(remote.received().len(), 4);
}

#[test]
fn a_failed_try_is_told_with_its_status_and_the_time_of_the_next() {
    let remote = refusing(99, "302 Found");
    let (_host, shop) = start(&[&remote], "");
    let (id, _) = create(&shop, &remote, &["*"]);
    happen(&shop, &["a"]);
    let told = quoin_harness::until("it is tried", || {
        let told = deliveries(&shop, &id, "").first()?.clone();
        (told["tries"] == 1).then_some(told)
    });
    assert_eq!((&told["state"], &told["status"]), (&"waiting".into(), &302.into()));
    assert_eq!(told["error"], "it answered 302");
    let pause = told["dueAt"].as_u64().zip(told["occurredAt"].as_u64()).map(|(due, at)| due - at);
    assert!(pause.is_some_and(|ms| (4_000..=60_000).contains(&ms)), "{told}");
    let endpoint = get(&shop, &id);
    assert!(endpoint["failingSince"].as_u64().is_some() && endpoint["waiting"] == 1, "{endpoint}");
}

#[test]
fn an_event_that_an_endpoint_never_takes_keeps_no_other_from_it_and_does_not_disable_it() {
    let remote = Remote::start(|received| match text(received).as_str() {
        "bad" => response("422 Unprocessable Content", "", ""),
        _ => response("200 OK", "", ""),
    });
    let (_host, shop) = start(&[&remote], "retry-after = \"200ms 200ms 200ms\"");
    let (id, _) = create(&shop, &remote, &["*"]);
    happen(&shop, &["bad"]);
    until_received(&remote, 1);
    for text in ["a", "b", "c", "d"] {
        happen(&shop, &[text]);
        std::thread::sleep(Duration::from_millis(150));
    }
    let done = until_settled(&shop, &id);
    let states: Vec<_> = done.iter().map(|d| d["state"].as_str().expect("a state")).collect();
    assert_eq!(states, ["delivered", "delivered", "delivered", "delivered", "failed"]);
    assert_eq!(done[4]["status"], 422);
    assert_eq!(get(&shop, &id)["state"], "active");
    let texts: Vec<_> = remote.received().iter().map(text).collect();
    // Where the machine is slow, the plan's time is over before its tries are.
    let tries = texts.iter().filter(|text| *text == "bad").count();
    assert!((2..=4).contains(&tries) && done[4]["tries"] == tries, "{}", done[4]);
    assert_eq!(texts.len(), 4 + tries);
}

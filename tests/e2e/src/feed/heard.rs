//! What is heard, and what is not.

use std::collections::BTreeSet;
use std::time::Duration;

use quoin_harness::json;

use super::{
    SHOP, ask, calls, deaf, heard, start, text, until_heard, until_nothing_is_outstanding,
};

#[test]
fn each_call_is_heard_once_though_nobody_is_called_and_with_what_led_to_it() {
    let (host, shop) = start();
    let reply =
        shop.post("/ask", ask(&[json!({ "text": "one" }), json!({ "text": "två" })], "well"));
    let request = reply.header("x-request-id").to_owned();
    reply.ok();
    let events = until_heard(&shop, 2);
    until_nothing_is_outstanding(&host);
    assert_eq!(events, heard(&shop));
    let texts: BTreeSet<_> = events.iter().map(text).collect();
    assert_eq!(texts, BTreeSet::from(["one".into(), "två".into()]));
    let ids: BTreeSet<_> = events.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), 2);
    for event in &events {
        assert_eq!(event["kind"], "test:later/tasks#note");
        assert_eq!(event["version"], "0.1.0");
        assert_eq!((&event["trace"], &event["behalf"]), (&json!(request), &json!("anonymous")));
        assert!(event["occurredAt"].as_u64() > Some(1_700_000_000_000), "{event}");
    }
}

#[test]
fn what_is_undone_is_not_heard_and_what_is_to_run_later_is_heard_at_once() {
    let (host, shop) = start();
    shop.post("/ask", ask(&[json!({ "text": "refused" })], "refused")).expect(422);
    shop.post("/ask", ask(&[json!({ "text": "trapped" })], "trap")).expect(502);
    let later = json!({ "text": "first", "after": 3_600_000, "key": "k" });
    let instead = json!({ "text": "instead", "after": 3_600_000, "key": "k" });
    shop.post("/ask", ask(&[later, instead], "well")).ok();
    let events = until_heard(&shop, 2);
    until_nothing_is_outstanding(&host);
    let texts: BTreeSet<_> = events.iter().map(text).collect();
    assert_eq!(texts, BTreeSet::from(["first".into(), "instead".into()]));
}

#[test]
fn who_is_called_is_called_as_well_and_other_kinds_are_not_heard() {
    let (host, shop) = start();
    let worker = "[plugins.later-worker]\nbundle = \"later-worker.wasm\"\n\
                  grants = [\"sql\", \"log\", \"clock\", \"call\", \"later\"]\n";
    host.apply(&format!("{SHOP}{worker}"));
    shop.post("/ask", ask(&[json!({ "text": "both" })], "well")).ok();
    shop.post("/count-down", json!({ "number": 3 })).ok();
    until_heard(&shop, 1);
    until_nothing_is_outstanding(&host);
    assert_eq!(heard(&shop).iter().map(text).collect::<Vec<_>>(), ["both"]);
    let notes = shop.get("/notes").ok();
    assert_eq!(notes.as_array().map(Vec::len), Some(5), "{notes}");
}

#[test]
fn what_is_to_be_heard_is_listed_by_what_it_tells_of_and_keeps_its_id_over_all_tries() {
    let (host, shop) = start();
    deaf(&shop, "refusing");
    shop.post("/ask", ask(&[json!({ "text": "one" })], "well")).ok();
    let call = quoin_harness::until("it was tried", || {
        let call = calls(&host, "calls").first().cloned()?;
        (call["tries"].as_u64() >= Some(1)).then_some(call)
    });
    assert_eq!(
        (&call["hears"], &call["asker"]),
        (&json!("test:later/tasks#note"), &json!("later-desk"))
    );
    let output = host.cli(&["later", "list", "feed"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("hears test:later/tasks#note"), "{told}");
    let output = host.cli(&["later", "show", "feed", &call["number"].to_string()]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("hears test:later/tasks#note of listener"), "{shown}");
    assert!(heard(&shop).is_empty());
    deaf(&shop, "not");
    let events = until_heard(&shop, 1);
    assert!(shown.contains(events[0]["id"].as_str().expect("an id")), "{shown}\n{events:?}");
}

#[test]
fn each_call_is_heard_once_however_often_the_host_is_killed() {
    let (mut host, shop) = start();
    let mut acknowledged = BTreeSet::new();
    for round in 0..4_u64 {
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| {
                let mut kept = Vec::new();
                for n in 0.. {
                    let text = format!("{round}-{n}");
                    let body = ask(&[json!({ "text": text })], "well");
                    match shop.request("POST", "/ask").json(&body).try_send() {
                        Ok(reply) if reply.status < 300 => kept.push(text),
                        _ => break,
                    }
                }
                kept
            });
            std::thread::sleep(Duration::from_millis(150 + 70 * round));
            host.kill_process();
            acknowledged.extend(asking.join().expect("a client"));
        });
        host.restart();
    }
    until_nothing_is_outstanding(&host);
    let texts: Vec<_> = heard(&shop).iter().map(text).collect();
    let once: BTreeSet<_> = texts.iter().cloned().collect();
    assert_eq!(once.len(), texts.len(), "something was heard twice");
    let lost: Vec<_> = acknowledged.difference(&once).collect();
    assert!(lost.is_empty(), "{lost:?}");
    // Also those are heard whose answer was lost, and none that was undone.
    assert_eq!(shop.get("/rows").ok(), texts.len());
    assert!(acknowledged.len() > 20, "{} requests tell nothing", acknowledged.len());
}

//! A host that is killed at any moment does what was asked of it, once.

use std::collections::BTreeSet;
use std::time::Duration;

use quoin_harness::json;

use super::{start, task, texts, until_nothing_is_outstanding};

/// How often it is killed.
const ROUNDS: u64 = 6;

#[test]
fn what_was_asked_for_is_done_once_however_often_the_host_is_killed() {
    let (mut host, shop) = start();
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| {
                let mut kept = Vec::new();
                for n in 0.. {
                    let text = format!("{round}-{n}");
                    let body = json!({ "tasks": [task(&text)], "end": "well" });
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
    until_nothing_is_outstanding(&host, &shop);
    let done = texts(&shop);
    let once: BTreeSet<String> = done.iter().cloned().collect();
    assert_eq!(once.len(), done.len(), "something was done twice");
    let lost: Vec<_> = acknowledged.difference(&once).collect();
    assert!(lost.is_empty(), "{lost:?}");
    // Also those were done whose answer was lost.
    assert_eq!(shop.get("/rows").ok(), done.len());
    assert!(acknowledged.len() > 20, "{} requests tell nothing", acknowledged.len());
}

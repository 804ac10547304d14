//! A plugin that hears is swapped, broken, removed and installed again while there is always something to
//! hear.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use quoin_harness::{Shop, json};

use super::{SHOP, ask, calls, deaf, heard, start, text, until_nothing_is_outstanding};

/// A request: its text, and when it began and ended.
type Asked = (String, Instant, Instant);

/// Asks, one request after the other, as long as it is told to.
fn asking(shop: &Shop, client: usize, on: &AtomicBool) -> Vec<Asked> {
    let mut asked = Vec::new();
    while on.load(Ordering::Relaxed) {
        let text = format!("{client}-{}", asked.len());
        let began = Instant::now();
        shop.post("/ask", ask(&[json!({ "text": text })], "well")).ok();
        asked.push((text, began, Instant::now()));
        // Who hears is to keep up with it.
        sleep(Duration::from_millis(4));
    }
    asked
}

#[test]
fn each_call_is_heard_once_while_the_plugin_is_swapped_broken_removed_and_installed_again() {
    let (host, shop) = start();
    let on = AtomicBool::new(true);
    let swapped = |ms: u32| format!("{SHOP}limits = {{ deadline-ms = {ms} }}\n");
    let pause = || sleep(Duration::from_millis(400));
    let (asked, gone, back) = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..3)
            .map(|client| {
                scope.spawn({
                    let (shop, on) = (&shop, &on);
                    move || asking(shop, client, on)
                })
            })
            .collect();
        pause();
        host.apply(&swapped(4_000));
        pause();
        deaf(&shop, "refusing");
        pause();
        host.apply(&swapped(4_100));
        deaf(&shop, "trapping");
        pause();
        // It is broken when it goes, and is when it comes back.
        let leaves = Instant::now();
        host.apply(SHOP.split("[plugins.listener]").next().expect("the desk"));
        let gone = (leaves, Instant::now());
        pause();
        let waits = calls(&host, "calls");
        assert!(waits.len() > 50, "{} wait", waits.len());
        let why = "it waits until listener is installed again";
        assert!(waits.iter().all(|call| call["error"] == why), "{:?}", waits[0]);
        let returns = Instant::now();
        host.apply(&swapped(4_200));
        let back = (returns, Instant::now());
        pause();
        deaf(&shop, "not");
        pause();
        host.apply(SHOP);
        pause();
        on.store(false, Ordering::Relaxed);
        let asked: Vec<Asked> =
            clients.into_iter().flat_map(|client| client.join().expect("a client")).collect();
        (asked, gone, back)
    });
    until_nothing_is_outstanding(&host);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for event in heard(&shop) {
        *times.entry(text(&event)).or_default() += 1;
    }
    let twice: Vec<_> = times.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let (mut must, mut must_not) = (0, 0);
    for (text, began, ended) in &asked {
        let there = *ended < gone.0 || *began > back.1;
        let away = *began > gone.1 && *ended < back.0;
        must += usize::from(there);
        must_not += usize::from(away);
        assert!(!there || times.contains_key(text), "{text} was not heard");
        assert!(!away || !times.contains_key(text), "{text} was heard by nobody who was there");
    }
    assert!(must > 200 && must_not > 20, "{must} and {must_not} tell nothing");
}

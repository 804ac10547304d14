//! A plugin that hears is swapped, broken, removed and installed again while there is always something to
//! hear.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use quoin_harness::{Shop, json, until};

use super::{SHOP, ask, calls, deaf, heard, start, text, until_nothing_is_outstanding};

/// A request: its text, and when it began and ended.
type Asked = (String, Instant, Instant);

/// Requests that are made between two things that happen to the plugin.
const BETWEEN: usize = 60;

/// What clients do: ask, one request after the other, until this is dropped.
#[derive(Default)]
struct Load {
    ends: AtomicBool,
    asked: AtomicUsize,
}

impl Load {
    fn run(&self, shop: &Shop, client: usize) -> Vec<Asked> {
        let mut asked = Vec::new();
        while !self.ends.load(Ordering::Relaxed) {
            let text = format!("{client}-{}", asked.len());
            let began = Instant::now();
            shop.post("/ask", ask(&[json!({ "text": text })], "well")).ok();
            asked.push((text, began, Instant::now()));
            self.asked.fetch_add(1, Ordering::Relaxed);
            // Who hears is to keep up with it.
            sleep(Duration::from_millis(4));
        }
        asked
    }

    /// Waits until more requests were made.
    fn goes_on(&self) {
        let wanted = self.asked.load(Ordering::Relaxed) + BETWEEN;
        until("requests are made", || (self.asked.load(Ordering::Relaxed) >= wanted).then_some(()));
    }
}

/// Ends the load, also where the test fails.
struct End<'a>(&'a Load);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.ends.store(true, Ordering::Relaxed);
    }
}

#[test]
fn each_call_is_heard_once_while_the_plugin_is_swapped_broken_removed_and_installed_again() {
    let (host, shop) = start();
    let load = Load::default();
    let swapped = |ms: u32| format!("{SHOP}limits = {{ deadline-ms = {ms} }}\n");
    let (asked, gone, back) = std::thread::scope(|scope| {
        let end = End(&load);
        let (load, shop) = (&load, &shop);
        let client = |client| scope.spawn(move || load.run(shop, client));
        let clients: Vec<_> = (0..3).map(client).collect();
        load.goes_on();
        host.apply(&swapped(4_000));
        load.goes_on();
        deaf(shop, "refusing");
        load.goes_on();
        host.apply(&swapped(4_100));
        deaf(shop, "trapping");
        load.goes_on();
        // It is broken when it goes, and is when it comes back.
        let leaves = Instant::now();
        host.apply(SHOP.split("[plugins.listener]").next().expect("the desk"));
        let gone = (leaves, Instant::now());
        load.goes_on();
        let waits = calls(&host, "calls");
        assert!(waits.len() > 50, "{} wait", waits.len());
        let why = "it waits until listener is installed again";
        assert!(waits.iter().all(|call| call["error"] == why), "{:?}", waits[0]);
        let returns = Instant::now();
        host.apply(&swapped(4_200));
        let back = (returns, Instant::now());
        load.goes_on();
        deaf(shop, "not");
        load.goes_on();
        host.apply(SHOP);
        load.goes_on();
        drop(end);
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
    assert!(must > 5 * BETWEEN && must_not > BETWEEN / 2, "{must} and {must_not} tell nothing");
}

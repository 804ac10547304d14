//! Nobody is answered before what he is told is on the disk.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use quoin_harness::{Host, PATIENCE, Reply, Shop, Syncs, json, until};

use super::{SHOP, texts, write};

/// Calls after which the host knows how long one takes.
const PROOF: usize = 50;

/// How long an answer is waited for that must not come: much longer than one takes.
const SILENCE: Duration = Duration::from_millis(300);

fn start() -> (Syncs, Host, Shop) {
    let syncs = Syncs::new();
    let host = Host::start_behind(&syncs);
    let shop = host.apply(SHOP);
    write(&shop, "first", "well").ok();
    (syncs, host, shop)
}

/// Sends a request in the background.
fn sent(shop: &Shop, text: &'static str) -> Receiver<Reply> {
    let (answer, answered) = channel();
    let shop = shop.clone();
    std::thread::spawn(move || {
        // The test may have ended.
        let _ = answer.send(write(&shop, text, "well"));
    });
    answered
}

#[test]
fn a_writer_is_answered_after_its_sync_and_readers_do_not_wait_for_it() {
    let (syncs, _host, shop) = start();
    let before = syncs.begun();
    syncs.hold(true);
    let answered = sent(&shop, "second");
    until("the host syncs", || (syncs.begun() > before).then_some(()));
    assert_eq!(answered.recv_timeout(SILENCE).err(), Some(RecvTimeoutError::Timeout));
    // Reads go on beside it, and tell nothing that may yet be lost.
    assert_eq!(texts(&shop), json!(["first"]));
    syncs.hold(false);
    let reply = answered.recv_timeout(PATIENCE).expect("an answer");
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_eq!(texts(&shop), json!(["first", "second"]));
}

#[test]
fn what_is_answered_was_synced_once_and_what_was_read_never() {
    let (syncs, _host, shop) = start();
    let before = syncs.done();
    for text in ["a", "b", "c"] {
        write(&shop, text, "well").ok();
    }
    assert_eq!(syncs.done() - before, 3);
    texts(&shop);
    write(&shop, "refused", "refuse").expect(409);
    assert_eq!(syncs.done() - before, 3);
}

#[test]
fn a_sync_that_fails_is_no_success_and_the_next_one_is() {
    let (syncs, mut host, shop) = start();
    syncs.fail(true);
    let reply = write(&shop, "doubtful", "well");
    assert!((500..600).contains(&reply.status), "{} {}", reply.status, reply.text);
    assert!(reply.body["code"].is_string(), "{}", reply.text);
    syncs.fail(false);
    // It was written, and nobody knows how far: it may be there or not, but it does not come and go.
    let mut seen = texts(&shop);
    assert!([json!(["first"]), json!(["first", "doubtful"])].contains(&seen), "{seen}");
    write(&shop, "second", "well").expect(201);
    seen.as_array_mut().expect("a list").push("second".into());
    assert_eq!(texts(&shop), seen);
    host.restart();
    assert_eq!(texts(&shop), seen);
}

#[test]
fn writers_that_wait_for_the_same_sync_share_it() {
    let (syncs, _host, shop) = start();
    // Functions that have shown how short they are may share.
    for number in 0..PROOF {
        write(&shop, &number.to_string(), "well").ok();
    }
    let before = syncs.begun();
    syncs.hold(true);
    let first = sent(&shop, "one");
    until("the host syncs", || (syncs.begun() > before).then_some(()));
    let others: Vec<_> = ["two", "three", "four", "five"].map(|text| sent(&shop, text)).into();
    until("the others wait", || {
        let stats = shop.plugin("hostile")["stats"].clone();
        let busy = stats["running"].as_u64()? + stats["waiting"].as_u64()?;
        (busy >= 4).then_some(())
    });
    syncs.hold(false);
    for answered in std::iter::once(first).chain(others) {
        assert_eq!(answered.recv_timeout(PATIENCE).expect("an answer").status, 201);
    }
    let took = syncs.begun() - before;
    assert!(took < 5, "five writers took {took} syncs");
}

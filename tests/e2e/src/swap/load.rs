//! Swaps under load.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use quoin_core::Digest;
use quoin_harness::{Host, Reply, Size, bundle, json, until};

use super::{notes, start};
use crate::given::{going, guest};

/// Swaps from one version to the other while clients read and write.
const SWAPS: u64 = 200;
/// Shop files that change every plugin while clients go on.
const FILES: usize = 30;
/// Clients at once.
const CLIENTS: u64 = 4;
/// What each writes at most, so that one answer can have it all.
const WRITES: u32 = 2_000;

#[test]
fn two_hundred_swaps_under_load_fail_no_request() {
    let size = Size::of("swaps", SWAPS);
    let (host, shop) = start();
    let bundles = ["notes-two", "notes"].map(bundle);
    for bundle in &bundles {
        host.upload(bundle).ok();
    }
    let (stop, sent, written) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (shop, stop, sent, written) = (&shop, &stop, &sent, &written);
            scope.spawn(move || {
                let count = |reply: Reply| {
                    assert!(reply.status < 300, "{}: {}", reply.status, reply.text);
                    sent.fetch_add(1, Ordering::Relaxed);
                };
                let mut left = if client % 2 == 0 { WRITES } else { 0 };
                while !stop.load(Ordering::Relaxed) {
                    count(shop.get("/version"));
                    if left > 0 {
                        left -= 1;
                        count(shop.post("/notes", json!({ "text": "x" })));
                        written.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // Whatever happens in here, the clients must be stopped.
        let swaps = scope.spawn(|| {
            for round in size.rounds() {
                let bundle = &bundles[round as usize % 2];
                let body = json!({ "bundle": Digest::of(bundle) });
                host.manage("POST", "/v1/tenants/notes/plugins/notes/swap", body).ok();
                let enough = round;
                until("clients go on", || (sent.load(Ordering::Relaxed) > enough).then_some(()));
            }
        });
        let ended = swaps.join();
        stop.store(true, Ordering::Relaxed);
        ended.expect("every swap succeeds");
    });
    assert_eq!(shop.plugin("notes")["generation"], size.get() + 1);
    let kept = notes(&shop).as_array().map_or(0, Vec::len) as u64;
    assert_eq!(kept, written.load(Ordering::Relaxed) + 1);
    until("all old generations are freed", || (shop.state()["draining"] == 0).then_some(()));
}

#[test]
fn a_new_generation_that_never_gets_ready_holds_up_no_writer() {
    let (host, shop) = start();
    let endless = "(start $s) (func $s (loop (br 0))) (func (export \"go\"))";
    let bundles = [going("text", endless, ""), bundle("notes-two")];
    for bundle in &bundles {
        host.upload(bundle).ok();
    }
    // The second version of what the clients write to migrates its database in the same change.
    let [endless, second] = bundles.map(|bundle| Digest::of(&bundle));
    let grants = ["sql", "log"];
    let plugins =
        json!({ "notes": { "bundle": second, "grants": grants }, "text": { "bundle": endless } });
    let changed = json!({ "name": "notes", "domains": ["notes.test"], "plugins": plugins });
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                for _ in 0..WRITES {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    shop.post("/notes", json!({ "text": "x" })).ok();
                    written.fetch_add(1, Ordering::Relaxed);
                    // So that they are not done before the change is.
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
        }
        until("clients write", || (written.load(Ordering::Relaxed) > 0).then_some(()));
        let change = scope.spawn(|| host.manage("PUT", "/v1/tenants/notes/shop", changed));
        // The new generation has the five seconds of its deadline to start; by now it is at it, and
        // what was written before does not count. A slow disk takes its time for each.
        std::thread::sleep(Duration::from_secs(1));
        let enough = written.load(Ordering::Relaxed) + 3;
        until("clients go on", || {
            (change.is_finished() || written.load(Ordering::Relaxed) >= enough).then_some(())
        });
        let waited = change.is_finished();
        let reply = change.join();
        stop.store(true, Ordering::Relaxed);
        let refused = reply.expect("an answer");
        assert!(refused.text.contains("does not start"), "{}", refused.text);
        assert!(!waited, "writers waited for the change");
    });
    assert_eq!(shop.get("/version").ok(), 1);
    let kept = notes(&shop).as_array().map_or(0, Vec::len) as u64;
    assert_eq!(kept, written.load(Ordering::Relaxed) + 1);
}

#[test]
fn shop_files_that_change_every_plugin_at_once_fail_no_request() {
    let host = Host::start();
    let other = |name: &str, from: &str, to: &str| guest(name).with(from, to).packed();
    host.file("other-provider.wasm", other("provider", "Provides one", "Provides another"));
    host.file("other-consumer.wasm", other("consumer", "Needs one", "Needs an"));
    let file = |prefix: &str, notes: &str| {
        format!(
            "name = \"all\"\n[plugins.notes]\nbundle = \"{notes}.wasm\"\ngrants = [\"sql\", \"log\"]\n\
             [plugins.consumer]\nbundle = \"{prefix}consumer.wasm\"\ngrants = [\"call\"]\n\
             [plugins.provider]\nbundle = \"{prefix}provider.wasm\"\ngrants = [\"call\", \"config\", \"log\"]\n"
        )
    };
    let files = [file("other-", "notes-two"), file("", "notes")];
    let shop = host.apply(&files[1]);
    let (stop, sent, written) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let (shop, stop, sent, written) = (&shop, &stop, &sent, &written);
            scope.spawn(move || {
                let mut left = WRITES;
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(shop.get("/name").ok(), "provider");
                    assert_eq!(shop.get("/act/well").ok(), "provider");
                    sent.fetch_add(2, Ordering::Relaxed);
                    if left > 0 {
                        left -= 1;
                        shop.post("/notes", json!({ "text": "x" })).ok();
                        written.fetch_add(1, Ordering::Relaxed);
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // Whatever happens in here, the clients must be stopped.
        let changes = scope.spawn(|| {
            for round in 0..FILES {
                let before = sent.load(Ordering::Relaxed);
                host.apply(&files[round % 2]);
                until("clients go on", || (sent.load(Ordering::Relaxed) > before).then_some(()));
            }
        });
        let ended = changes.join();
        stop.store(true, Ordering::Relaxed);
        ended.expect("every file is applied");
    });
    for plugin in ["notes", "consumer", "provider"] {
        assert_eq!(shop.plugin(plugin)["generation"], FILES + 1, "{plugin}");
    }
    let kept = notes(&shop).as_array().map_or(0, Vec::len) as u64;
    assert_eq!(kept, written.load(Ordering::Relaxed));
    until("all old generations are freed", || (shop.state()["draining"] == 0).then_some(()));
}

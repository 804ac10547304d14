//! Swaps under load.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use quoin_core::Digest;
use quoin_harness::{Reply, bundle, json, until};

use super::{notes, start};

/// Swaps from one version to the other while clients read and write.
const SWAPS: u32 = 200;
/// Clients at once.
const CLIENTS: u64 = 4;

#[test]
fn two_hundred_swaps_under_load_fail_no_request() {
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
                while !stop.load(Ordering::Relaxed) {
                    count(shop.get("/version"));
                    if client % 2 == 0 {
                        count(shop.post("/notes", json!({ "text": "x" })));
                        written.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // Whatever happens in here, the clients must be stopped.
        let swaps = scope.spawn(|| {
            for round in 0..SWAPS {
                let bundle = &bundles[round as usize % 2];
                let body = json!({ "bundle": Digest::of(bundle) });
                host.manage("POST", "/v1/tenants/notes/plugins/notes/swap", body).ok();
                let enough = u64::from(round);
                until("clients go on", || (sent.load(Ordering::Relaxed) > enough).then_some(()));
            }
        });
        let ended = swaps.join();
        stop.store(true, Ordering::Relaxed);
        ended.expect("every swap succeeds");
    });
    assert_eq!(shop.plugin("notes")["generation"], SWAPS + 1);
    let kept = notes(&shop).as_array().map_or(0, Vec::len) as u64;
    assert_eq!(kept, written.load(Ordering::Relaxed) + 1);
    until("all old generations are freed", || (shop.state()["draining"] == 0).then_some(()));
}

//! Pricing is replaced while carts and products are asked for.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use quoin_core::Digest;
use quoin_harness::{bundle, json, until};

use super::start;
use crate::given::plugin;

/// Swaps from one pricing to the other and back.
const SWAPS: u32 = 200;

#[test]
fn two_hundred_swaps_of_pricing_under_a_load_of_carts_and_products_fail_no_request() {
    let (host, shop) = start(1_000);
    let mug = super::variant(&shop, "mug");
    let other = plugin("pricing").with("description = \"", "description = \"Another: ").packed();
    let bundles = [other, bundle("pricing")];
    for bundle in &bundles {
        host.upload(bundle).ok();
    }
    let (stop, carts, pages) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let go = || !stop.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while go() {
                    let cart = super::cart(&shop, &mug, 2);
                    assert_eq!(cart["totals"]["grand"]["minor"], 900);
                    carts.fetch_add(1, Ordering::Relaxed);
                }
            });
            scope.spawn(|| {
                while go() {
                    assert_eq!(shop.get("/products/mug").ok()["title"], "Mug");
                    pages.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let swaps = scope.spawn(|| {
            for round in 0..SWAPS {
                let body = json!({ "bundle": Digest::of(&bundles[round as usize % 2]) });
                host.manage("POST", "/v1/tenants/shop/plugins/pricing/swap", body).ok();
                let enough = u64::from(round) / 4;
                until("carts and pages go on", || {
                    let least = carts.load(Ordering::Relaxed).min(pages.load(Ordering::Relaxed));
                    (least > enough).then_some(())
                });
            }
        });
        let ended = swaps.join();
        stop.store(true, Ordering::Relaxed);
        ended.expect("every swap succeeds");
    });
    assert_eq!(shop.plugin("pricing")["generation"], SWAPS + 1);
    for name in ["pricing", "cart", "catalog"] {
        assert_eq!(shop.plugin(name)["stats"]["failures"], 0, "{name}");
    }
    until("all old generations are freed", || (shop.state()["draining"] == 0).then_some(()));
}

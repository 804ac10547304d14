//! Nothing is sold twice.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::time::Duration;

use quoin_harness::sale::{self, BUYING, METHOD, Sale, Step};
use quoin_harness::{Host, Reply, Shop, Syncs, json, skipped};

/// Buyers at once.
const BUYERS: usize = 64;
/// Pieces that there are.
const PIECES: usize = 10;
/// Orders after which the host knows how long one takes.
const PROOF: usize = 20;
/// A disk so slow that orders which are made meanwhile share a commit.
const SLOW: Duration = Duration::from_millis(20);

/// All buyers order a mug at the same time; returns what each was told.
fn race(shop: &Shop, mug: &str) -> Vec<(Sale, Reply)> {
    let (place, before) = BUYING.split_last().expect("a sale has steps");
    let sales: Vec<_> = (0..BUYERS)
        .map(|buyer| {
            let mut sale = Sale::of(mug, 1, format!("buyer-{buyer}"));
            for step in before {
                sale.step(shop, *step).expect("an answer").ok();
            }
            sale
        })
        .collect();
    let begin = Barrier::new(sales.len());
    std::thread::scope(|scope| {
        let begin = &begin;
        let buyers = sales.into_iter().map(|mut sale| {
            scope.spawn(move || {
                begin.wait();
                let reply = sale.step(shop, *place).expect("an answer");
                (sale, reply)
            })
        });
        let buyers: Vec<_> = buyers.collect();
        buyers.into_iter().map(|buyer| buyer.join().expect("a buyer")).collect()
    })
}

/// Ten of them have an order, a payment and a mug each; the others have nothing but their carts.
#[track_caller]
fn ten_were_sold(shop: &Shop, mug: &str, told: Vec<(Sale, Reply)>) {
    let (placed, refused): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|(_, reply)| reply.status == 200);
    assert_eq!((placed.len(), refused.len()), (PIECES, BUYERS - PIECES));
    for (mut sale, reply) in refused {
        let problem = reply.refused(409, "insufficient-stock");
        let data = problem["error"]["val"]["data"].as_str().expect("what is missing");
        assert!(data.contains(mug), "{problem}");
        let cart = shop.get(&format!("/carts/{}", sale.cart["id"].as_str().expect("an id"))).ok();
        assert_eq!((&cart["status"], &cart["orderId"]), (&json!("open"), &json!(null)));
        // Asked again, it is still so.
        sale.step(shop, Step::Place).expect("an answer").refused(409, "insufficient-stock");
    }
    let admin = shop.admin();
    let levels = admin.get(&format!("/admin/stock/levels/{mug}")).ok();
    assert_eq!((&levels[0]["onHand"], &levels[0]["allocated"]), (&json!(PIECES), &json!(PIECES)));
    let ids = |path: &str, member: &str| -> BTreeSet<String> {
        let page = admin.get(path).ok();
        let items = page["items"].as_array().expect("items").iter();
        items.map(|item| item[member].as_str().expect("an id").to_owned()).collect()
    };
    let of = |pick: fn(&Sale) -> &quoin_harness::Value| -> BTreeSet<String> {
        placed.iter().map(|(sale, _)| pick(sale).as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(ids("/admin/orders?limit=100", "id"), of(|sale| &sale.order["id"]));
    assert_eq!(ids("/admin/stock/allocations?limit=100", "owner"), of(|sale| &sale.cart["id"]));
    let payments = format!("/admin/open-manual-payments/{METHOD}?limit=100");
    assert_eq!(ids(&payments, "id"), of(|sale| &sale.order["paymentId"]));
    assert_eq!(ids(&payments, "id").len(), PIECES);
}

#[test]
fn sixty_four_checkouts_on_ten_units_are_ten_orders_and_fifty_four_refusals() {
    let host = Host::start();
    let shop = host.apply(sale::SHOP);
    let [mug, _] = sale::stock(&shop, PIECES as u64);
    let told = race(&shop, &mug);
    ten_were_sold(&shop, &mug, told);
}

#[test]
fn ten_orders_among_sixty_four_share_commits_and_are_ten() {
    let syncs = Syncs::new();
    let mut host = Host::start_behind(&syncs);
    let shop = host.apply(sale::SHOP);
    let [mug, other] = sale::stock(&shop, PIECES as u64);
    // Checkouts that have shown how short they are may share.
    for number in 0..PROOF {
        let mut sale = Sale::of(&other, 1, format!("before-{number}"));
        for step in BUYING {
            sale.step(&shop, step).expect("an answer").ok();
        }
        let id = sale.order["id"].as_str().expect("an order");
        let cancel = json!({ "reason": "a test" });
        shop.admin().post(&format!("/admin/orders/{id}/cancel"), cancel).ok();
    }
    syncs.take(SLOW);
    let before = syncs.begun();
    let told = race(&shop, &mug);
    let took = syncs.begun() - before;
    syncs.take(Duration::ZERO);
    // Carts were made one after the other: three requests each. A refusal needs no sync.
    let made = (BUYERS * (BUYING.len() - 1)) as u64;
    if took >= made + PIECES as u64 {
        skipped("on a machine as busy as this one, no checkout was short enough to share a commit");
    }
    assert_eq!(told.iter().filter(|(_, reply)| reply.status == 200).count(), PIECES);
    host.restart();
    let orders = shop.admin().get("/admin/orders?limit=100&state=open").ok();
    assert_eq!(orders["items"].as_array().map(Vec::len), Some(PIECES));
    let levels = shop.admin().get(&format!("/admin/stock/levels/{mug}")).ok();
    assert_eq!((&levels[0]["onHand"], &levels[0]["allocated"]), (&json!(PIECES), &json!(PIECES)));
}

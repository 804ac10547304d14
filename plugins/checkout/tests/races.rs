//! Many at once.

use std::sync::Barrier;

use quoin_harness::{Reply, Shop, json};

use super::{
    Config, Json, cart, case, missing, open_allocations, open_payments, orders, place, place_by,
    placed, start, stock, text, variant,
};

/// Runs `job` for each of these at the same moment, and returns what came of it in their order.
fn at_once<T: Sync, R: Send>(jobs: &[T], job: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let start = Barrier::new(jobs.len());
    std::thread::scope(|scope| {
        let (start, job) = (&start, &job);
        let run = |item| {
            scope.spawn(move || {
                start.wait();
                job(item)
            })
        };
        let threads: Vec<_> = jobs.iter().map(run).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

fn assert_gapless(shop: &Shop, count: u32) {
    let numbers: Vec<String> = orders(shop).iter().map(|order| text(order, "number")).collect();
    let expected: Vec<String> = (1..=count).rev().map(|n| n.to_string()).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn of_64_carts_for_10_mugs_exactly_10_become_orders_and_the_others_leave_no_trace() {
    let (_host, shop) = start(Config::default(), 10, 0);
    let carts: Vec<Json> = (0..64).map(|_| cart(&shop, &[("mug", 1)])).collect();
    let replies = at_once(&carts, |cart| place(&shop, cart));
    let mug = variant(&shop, "mug");
    let (placed, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|r| r.status == 200);
    assert_eq!((placed.len(), refused.len()), (10, 54));
    for reply in refused {
        let problem = reply.expect(409);
        let expected = json!([{"variant": mug, "wanted": 1, "available": 0}]);
        assert_eq!(missing(&problem), expected);
    }
    assert_eq!(stock(&shop, "mug"), (10, 10));
    assert_eq!((open_allocations(&shop), open_payments(&shop, "invoice")), (10, 10));
    assert_gapless(&shop, 10);
}

#[test]
fn one_cart_placed_many_times_at_once_is_one_order() {
    let (_host, shop) = start(Config::default(), 10, 0);
    let cart = cart(&shop, &[("mug", 3)]);
    let ids = at_once(&[(); 16], |()| text(&placed(&shop, &cart), "id"));
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (1, (10, 3)));
    assert_eq!(open_payments(&shop, "invoice"), 1);
}

#[test]
fn one_cart_placed_with_different_methods_at_once_is_one_order_with_one_payment() {
    let config = Config { payment: r#"maximum = "cash=1.00 EUR""#, ..Config::default() };
    let (_host, shop) = start(config, 10, 0);
    let cart = cart(&shop, &[("mug", 3)]);
    // Cash is declined; that must not undo what the invoices rely on.
    let methods = ["invoice", "cash"].repeat(8);
    let replies = at_once(&methods, |method| place_by(&shop, &cart, method));
    let (answers, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|r| r.status == 200);
    let (placed, declined): (Vec<_>, Vec<_>) =
        answers.into_iter().map(Reply::ok).partition(|answer| answer["outcome"] == "placed");
    // Each invoice, and nobody who asked for cash: when the order was there already, it is not that.
    assert_eq!((placed.len(), declined.len() + refused.len()), (8, 8));
    assert!(declined.iter().all(|d| d["outcome"] == "declined" && d["order"].is_null()));
    assert!(refused.into_iter().all(|reply| case(&reply.expect(409)) == "conflict"));
    assert!(placed.iter().all(|p| p["order"] == placed[0]["order"]), "{placed:?}");
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (1, (10, 3)));
    assert_eq!((open_payments(&shop, "invoice"), open_payments(&shop, "cash")), (1, 0));
}

#[test]
fn one_key_for_many_carts_at_once_is_one_order() {
    let (_host, shop) = start(Config::default(), 100, 0);
    let carts: Vec<Json> = (0..12).map(|_| cart(&shop, &[("mug", 1)])).collect();
    let replies = at_once(&carts, |cart| {
        let body = json!({
            "cartId": cart["id"], "revision": cart["revision"], "paymentMethod": "invoice",
        });
        shop.request("POST", "/checkout").header("idempotency-key", "k").json(&body).send()
    });
    let (placed, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|r| r.status == 200);
    assert_eq!((placed.len(), refused.len()), (1, 11));
    assert!(refused.into_iter().all(|reply| case(&reply.expect(409)) == "conflict"));
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (1, (100, 1)));
    assert_eq!(open_payments(&shop, "invoice"), 1);
}

#[test]
fn a_cart_that_changes_while_it_is_placed_is_ordered_once_as_it_was_confirmed() {
    let (_host, shop) = start(Config::default(), 100, 0);
    let mug = variant(&shop, "mug");
    for round in 1..=6 {
        let allocated = stock(&shop, "mug").1;
        let cart = cart(&shop, &[("mug", 1)]);
        let id = text(&cart, "id");
        at_once(&[0, 1, 2, 3, 4, 5], |i| match i % 2 {
            0 => {
                let line = json!({"variant": mug, "quantity": 1});
                drop(shop.post(&format!("/carts/{id}/lines"), line));
            }
            _ => {
                let now = shop.get(&format!("/carts/{id}")).ok();
                drop(place(&shop, &now));
            }
        });
        // Whatever came of it: a cart that was ordered names its order, and another one can be placed.
        let now = shop.get(&format!("/carts/{id}")).ok();
        let order = match now["orderId"].as_str() {
            Some(order) => shop.get(&format!("/orders/{order}")).ok(),
            None => placed(&shop, &now),
        };
        let bought = order["snapshot"]["lines"][0]["quantity"].as_i64().expect("a number");
        assert_eq!(order["snapshot"]["grand"]["minor"], 450 * bought);
        assert_eq!(stock(&shop, "mug"), (100, allocated + bought));
        assert_eq!((orders(&shop).len(), open_payments(&shop, "invoice")), (round, round));
    }
}

#[test]
fn different_carts_placed_at_once_are_all_ordered() {
    let (_host, shop) = start(Config::default(), 100, 100);
    let carts: Vec<Json> = (0..32).map(|_| cart(&shop, &[("mug", 2), ("bowl", 1)])).collect();
    at_once(&carts, |cart| drop(placed(&shop, cart)));
    assert_gapless(&shop, 32);
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((100, 64), (100, 32)));
}

#[test]
fn a_cancelled_and_a_shipped_order_are_never_the_same() {
    let (_host, shop) = start(Config::default(), 10, 0);
    for _ in 0..6 {
        let order = placed(&shop, &cart(&shop, &[("mug", 1)]));
        let bodies = [("cancel", json!({"reason": "no"})), ("ship", json!({}))];
        let replies =
            at_once(&bodies, |(what, body)| super::act(&shop, &order, what, body.clone()));
        let done = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(done, 1, "{replies:?}");
        let now = shop.get(&format!("/orders/{}", text(&order, "id"))).ok();
        let cancelled = now["state"] == "cancelled";
        let paid_for = if cancelled { "voided" } else { "authorized" };
        assert_eq!(super::payment(&shop, &now)["state"], paid_for);
        assert_eq!(now["fulfilment"] == "fulfilled", !cancelled);
        assert_eq!(stock(&shop, "mug").1, 0);
    }
}

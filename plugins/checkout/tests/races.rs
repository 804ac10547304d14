//! Many at once.

use std::sync::Barrier;

use quoin_harness::{Reply, Shop, json};

use super::{Config, Json, cart, case, orders, payments, place, place_by, start, stock, text};

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
    let (mut placed, mut refused) = (0, 0);
    for (cart, reply) in carts.iter().zip(replies) {
        if reply.status == 201 {
            placed += 1;
            assert_eq!(payments(&shop, cart), ["authorized"]);
        } else {
            refused += 1;
            let problem = reply.expect(409);
            assert_eq!(case(&problem), "insufficient-stock");
            assert_eq!(
                problem["error"]["val"],
                json!([{"sku": "mug", "wanted": 1, "available": 0}])
            );
            assert_eq!(payments(&shop, cart), Vec::<String>::new());
        }
    }
    assert_eq!((placed, refused), (10, 54));
    assert_eq!(stock(&shop, "mug"), (0, 0));
    assert_eq!(shop.admin().get("/admin/stock/held").ok(), 0);
    assert_gapless(&shop, 10);
}

#[test]
fn one_cart_placed_many_times_at_once_is_one_order() {
    let (_host, shop) = start(Config::default(), 10, 0);
    let cart = cart(&shop, &[("mug", 3)]);
    let ids = at_once(&[(); 16], |()| text(&place(&shop, &cart).expect(201), "id"));
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (1, (7, 0)));
    assert_eq!(payments(&shop, &cart), ["authorized"]);
}

#[test]
fn one_cart_placed_with_different_methods_at_once_is_one_order_with_one_payment() {
    let config = Config { payment: r#"maximum = "cash=100""#, ..Config::default() };
    let (_host, shop) = start(config, 10, 0);
    let cart = cart(&shop, &[("mug", 3)]);
    // Cash is declined: its compensation must not undo what the invoices rely on.
    let methods = ["invoice", "cash"].repeat(8);
    let replies = at_once(&methods, |method| (*method, place_by(&shop, &cart, method)));
    let placed: Vec<Reply> = (replies.into_iter())
        .filter_map(|(method, reply)| match (method, reply.status) {
            ("cash", 402) => None,
            _ => Some(reply),
        })
        .collect();
    // Each invoice, and whoever asked for cash when the order was there already.
    assert!(placed.len() >= 8);
    let ids: Vec<String> = placed.into_iter().map(|r| text(&r.expect(201), "id")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (1, (7, 0)));
    let open = payments(&shop, &cart).iter().filter(|state| *state != "voided").count();
    assert_eq!(open, 1);
}

#[test]
fn a_cart_that_changes_while_it_is_placed_is_ordered_once_as_it_was_confirmed() {
    let (_host, shop) = start(Config::default(), 100, 0);
    for _ in 0..6 {
        let (on_hand, orders_before) = (stock(&shop, "mug").0, orders(&shop).len());
        let cart = cart(&shop, &[("mug", 1)]);
        let id = text(&cart, "id");
        at_once(&[0, 1, 2, 3, 4, 5], |i| match i % 2 {
            0 => {
                let line = json!({"sku": "mug", "quantity": 1});
                drop(shop.post(&format!("/carts/{id}/lines"), line));
            }
            _ => {
                let now = shop.get(&format!("/carts/{id}")).ok();
                drop(place(&shop, &now));
            }
        });
        // Whatever came of it, placing what is there now settles it.
        let now = shop.get(&format!("/carts/{id}")).ok();
        let order = place(&shop, &now).expect(201);
        let bought = order["snapshot"]["lines"][0]["quantity"].as_i64().expect("a number");
        assert_eq!(order["snapshot"]["grand"]["minor"], 450 * bought);
        assert_eq!(stock(&shop, "mug"), (on_hand - bought, 0));
        assert_eq!(orders(&shop).len(), orders_before + 1);
        let states = payments(&shop, &cart);
        assert_eq!(states.iter().filter(|state| *state != "voided").count(), 1, "{states:?}");
    }
}

#[test]
fn different_carts_placed_at_once_are_all_ordered() {
    let (_host, shop) = start(Config::default(), 100, 100);
    let carts: Vec<Json> = (0..32).map(|_| cart(&shop, &[("mug", 2), ("bowl", 1)])).collect();
    at_once(&carts, |cart| drop(place(&shop, cart).expect(201)));
    assert_gapless(&shop, 32);
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((36, 0), (68, 0)));
}

//! The host dies while carts are placed, comes back, and the buyers ask again.

use std::sync::atomic::{AtomicUsize, Ordering};

use quoin_harness::{json, until};

use super::{Config, Json, cart, orders, payments, place, start, stock};

#[test]
fn whenever_the_host_is_killed_asking_again_ends_in_one_order_for_each_cart() {
    let (mut host, shop) = start(Config::default(), 1_000, 0);
    let mut bought = 0;
    // Each time somewhere else in the middle of what the others are doing.
    for answered_before in [1, 2, 3, 5, 8] {
        let carts: Vec<Json> = (0..12).map(|_| cart(&shop, &[("mug", 2)])).collect();
        let answered = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for cart in &carts {
                let answered = &answered;
                let body = json!({
                    "cartId": cart["id"], "revision": cart["revision"], "paymentMethod": "invoice",
                });
                let request = shop.request("POST", "/checkout").json(&body);
                scope.spawn(move || {
                    let _ = request.try_send();
                    answered.fetch_add(1, Ordering::Relaxed);
                });
            }
            until("some are answered", || {
                (answered.load(Ordering::Relaxed) >= answered_before).then_some(())
            });
            host.kill();
        });
        host.run();
        for cart in &carts {
            place(&shop, cart).expect(201);
            let states = payments(&shop, cart);
            let open = states.iter().filter(|state| *state == "authorized").count();
            assert_eq!(open, 1, "{states:?}");
        }
        bought += carts.len();
        assert_eq!(orders(&shop).len(), bought);
        assert_eq!(stock(&shop, "mug"), (1_000 - 2 * i64::try_from(bought).expect("few"), 0));
        assert_eq!(shop.admin().get("/admin/stock/held").ok(), 0);
    }
}

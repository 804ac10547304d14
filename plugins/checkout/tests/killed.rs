//! The host dies while carts are placed, and comes back: there is no half sale of any kind, without
//! anybody asking again.

use std::sync::atomic::{AtomicUsize, Ordering};

use quoin_harness::{json, until};

use super::{
    Config, Json, cart, open_allocations, open_payments, orders, payment, placed, start, stock,
    text,
};

#[test]
fn whenever_the_host_is_killed_each_cart_is_ordered_with_all_that_belongs_to_it_or_not_at_all() {
    let (mut host, shop) = start(Config::default(), 1_000, 0);
    let mut bought = 0;
    // Each time somewhere else in the middle of what the others are doing.
    for answered_before in [1, 2, 3, 5, 8] {
        let carts: Vec<Json> = (0..12).map(|_| cart(&shop, &[("mug", 2)])).collect();
        let (answered, confirmed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for cart in &carts {
                let (answered, confirmed) = (&answered, &confirmed);
                let body = json!({
                    "cartId": cart["id"], "revision": cart["revision"], "paymentMethod": "invoice",
                });
                let request = shop.request("POST", "/checkout").json(&body);
                scope.spawn(move || {
                    if request.try_send().is_ok_and(|reply| reply.status == 200) {
                        confirmed.fetch_add(1, Ordering::Relaxed);
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                });
            }
            until("some are answered", || {
                (answered.load(Ordering::Relaxed) >= answered_before).then_some(())
            });
            host.kill();
        });
        host.run();
        let mut ordered = 0;
        for cart in &carts {
            let now = shop.get(&format!("/carts/{}", text(cart, "id"))).ok();
            if now["status"] == "ordered" {
                ordered += 1;
                let order = shop.get(&format!("/orders/{}", text(&now, "orderId"))).ok();
                assert_eq!(payment(&shop, &order)["state"], "authorized");
            }
        }
        assert!(ordered >= confirmed.into_inner(), "an answer was not kept");
        // Orders, money and goods that no cart knows of would show in these.
        bought += ordered;
        assert_eq!((orders(&shop).len(), open_payments(&shop, "invoice")), (bought, bought));
        let allocated = i64::try_from(2 * bought).expect("few");
        assert_eq!((open_allocations(&shop), stock(&shop, "mug")), (bought, (1_000, allocated)));
        for cart in &carts {
            placed(&shop, cart);
        }
        bought += carts.len() - ordered;
        assert_eq!(orders(&shop).len(), bought);
    }
}

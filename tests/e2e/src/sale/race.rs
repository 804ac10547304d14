//! Nothing is sold twice.

use std::sync::Barrier;

use quoin_harness::json;

use super::{order, start};

#[test]
fn sixty_four_checkouts_on_ten_units_are_ten_orders_and_fifty_four_refusals() {
    let (_host, shop) = start(10);
    let carts: Vec<_> = (0..64).map(|_| super::cart(&shop, "mug", 1)).collect();
    let begin = Barrier::new(carts.len());
    let replies: Vec<_> = std::thread::scope(|scope| {
        let (shop, begin) = (&shop, &begin);
        let clients: Vec<_> = carts
            .iter()
            .map(|cart| {
                scope.spawn(move || {
                    begin.wait();
                    shop.post("/checkout", order(cart))
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("a client")).collect()
    });
    let (placed, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|r| r.status == 201);
    assert_eq!((placed.len(), refused.len()), (10, 54));
    for reply in refused {
        let problem = reply.refused(409, "insufficient-stock");
        assert_eq!(problem["error"]["val"][0]["sku"], "mug");
    }
    assert_eq!(shop.admin().get("/admin/stock/held").ok(), 0);
    let levels = shop.admin().get("/admin/stock/levels/mug").ok();
    assert_eq!((&levels[0]["onHand"], &levels[0]["reserved"]), (&json!(0), &json!(0)));
    let orders = shop.admin().get("/admin/orders?limit=100").ok();
    let orders = orders["items"].as_array().expect("orders");
    assert_eq!(orders.len(), 10);
    let payments: std::collections::BTreeSet<_> = placed
        .iter()
        .map(|reply| reply.body["snapshot"]["paymentId"].as_str().expect("a payment").to_owned())
        .collect();
    assert_eq!(payments.len(), 10);
    for cart in &carts {
        let key = format!("{}/1", cart["id"].as_str().expect("an id"));
        let which = json!({ "method": "invoice", "key": key });
        let reply = shop.call("quoin:payment/provider#get-by-key", which);
        match reply.status {
            200 => assert!(payments.contains(reply.body["id"].as_str().expect("an id"))),
            _ => drop(reply.expect(404)),
        }
    }
}

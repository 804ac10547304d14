//! Nothing is sold twice.

use std::collections::BTreeSet;
use std::sync::Barrier;

use quoin_harness::json;

use super::{order, start, stock, variant};

#[test]
fn sixty_four_checkouts_on_ten_units_are_ten_orders_and_fifty_four_refusals() {
    let (_host, shop) = start(10);
    let mug = variant(&shop, "mug");
    let carts: Vec<_> = (0..64).map(|_| super::cart(&shop, &mug, 1)).collect();
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
    let (placed, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|r| r.status == 200);
    assert_eq!((placed.len(), refused.len()), (10, 54));
    for reply in refused {
        let problem = reply.refused(409, "insufficient-stock");
        assert_eq!(problem["error"]["val"][0]["variant"], mug);
    }
    assert_eq!(stock(&shop, &mug), (10, 10));
    let orders = shop.admin().get("/admin/orders?limit=100").ok();
    assert_eq!(orders["total"], 10);
    // Each has a payment and goods of its own, and nobody else has any.
    let kept = |list: &str, name: &str| -> BTreeSet<String> {
        let page = shop.admin().get(&format!("{list}?limit=100")).ok();
        let items = page["items"].as_array().expect("items").iter();
        items.map(|item| item[name].as_str().expect("an id").to_owned()).collect()
    };
    let told = |name: &str| -> BTreeSet<String> {
        let snapshots = placed.iter().map(|reply| &reply.body["order"]["snapshot"]);
        snapshots.map(|snapshot| snapshot[name].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(kept("/admin/open-manual-payments/invoice", "id"), told("paymentId"));
    assert_eq!(kept("/admin/stock/allocations", "owner"), told("cartId"));
    for cart in &carts {
        let id = cart["id"].as_str().expect("an id");
        let now = shop.get(&format!("/carts/{id}")).ok();
        let ordered = told("cartId").contains(id);
        assert_eq!(now["status"], if ordered { "ordered" } else { "open" });
        assert_eq!(now["orderId"] == json!(null), !ordered);
    }
}

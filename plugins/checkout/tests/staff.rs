//! What the shop's staff do with the money of an order.

use quoin_harness::{Reply, Shop, json};

use super::{Config, Json, cart, case, payment, place, start, stock, text};

/// Does something with an order as the staff.
fn act(shop: &Shop, order: &Json, what: &str, body: Json) -> Reply {
    shop.admin().post(&format!("/admin/orders/{}/{what}", text(order, "id")), body)
}

fn refund(shop: &Shop, order: &Json, key: &str, minor: Option<i64>) -> Reply {
    let amount = minor.map(|minor| json!({"minor": minor, "currency": "EUR"}));
    let path = format!("/admin/orders/{}/refund", text(order, "id"));
    let body = json!({ "amount": amount });
    shop.admin().request("POST", &path).header("idempotency-key", key).json(&body).send()
}

#[test]
fn capturing_pays_the_order_once_and_sending_it_completes_it() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let order = place(&shop, &cart).expect(201);
    let paid = act(&shop, &order, "capture", json!({})).ok();
    assert_eq!(paid["payment"], "paid");
    assert_eq!(act(&shop, &order, "capture", json!({})).ok(), paid);
    assert_eq!(payment(&shop, &cart, 1).expect("a payment")["captured"]["minor"], 900);
    let lines = json!({"lines": [{"sku": "mug", "quantity": 2}]});
    assert_eq!(act(&shop, &order, "fulfil", lines).ok()["state"], "completed");
    assert_eq!(
        case(&act(&shop, &order, "cancel", json!({"reason": "no"})).expect(409)),
        "conflict"
    );
}

#[test]
fn cancelling_voids_what_is_authorized_and_leaves_the_goods_out() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let order = place(&shop, &cart).expect(201);
    let cancelled = act(&shop, &order, "cancel", json!({"reason": "changed her mind"})).ok();
    assert_eq!(
        (&cancelled["state"], &cancelled["payment"]),
        (&json!("cancelled"), &json!("voided"))
    );
    assert_eq!(act(&shop, &order, "cancel", json!({"reason": "again"})).ok(), cancelled);
    assert_eq!(payment(&shop, &cart, 1).expect("a payment")["state"], "voided");
    assert_eq!(stock(&shop, "mug"), (8, 0));
    assert_eq!(case(&act(&shop, &order, "capture", json!({})).expect(409)), "conflict");
    // The cart is still ordered, as this order.
    let again = place(&shop, &cart).expect(201);
    assert_eq!((&again["id"], &again["state"]), (&order["id"], &json!("cancelled")));
}

#[test]
fn cancelling_refunds_what_is_captured() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let order = place(&shop, &cart).expect(201);
    act(&shop, &order, "capture", json!({})).ok();
    refund(&shop, &order, "r-1", Some(100)).ok();
    let cancelled = act(&shop, &order, "cancel", json!({"reason": "sold out"})).ok();
    assert_eq!(
        (&cancelled["state"], &cancelled["payment"]),
        (&json!("cancelled"), &json!("refunded"))
    );
    assert_eq!(payment(&shop, &cart, 1).expect("a payment")["refunded"]["minor"], 900);
}

#[test]
fn refunds_happen_once_per_key_and_never_beyond_what_was_captured() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let order = place(&shop, &cart).expect(201);
    assert_eq!(case(&refund(&shop, &order, "r-1", Some(100)).expect(409)), "conflict");
    act(&shop, &order, "capture", json!({})).ok();
    for key in ["r-1", "r-1", "r-2"] {
        let order = refund(&shop, &order, key, Some(100)).ok();
        assert_eq!(order["payment"], "partially-refunded");
    }
    let refunded = || payment(&shop, &cart, 1).expect("a payment")["refunded"]["minor"].clone();
    assert_eq!(refunded(), 200);
    assert_eq!(case(&refund(&shop, &order, "r-1", Some(200)).expect(409)), "conflict");
    assert_eq!(case(&refund(&shop, &order, "r-3", Some(701)).expect(409)), "conflict");
    assert_eq!(case(&refund(&shop, &order, "r-3", Some(0)).expect(422)), "invalid");
    assert_eq!(refund(&shop, &order, "r-3", None).ok()["payment"], "refunded");
    assert_eq!(refunded(), 900);
}

#[test]
fn strangers_and_orders_of_others_are_refused() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = place(&shop, &cart(&shop, &[("mug", 2)])).expect(201);
    let id = text(&order, "id");
    for what in ["capture", "cancel", "refund"] {
        shop.post(&format!("/admin/orders/{id}/{what}"), json!({})).expect(401);
    }
    let unknown = json!({"id": "order_0"});
    assert_eq!(case(&act(&shop, &unknown, "capture", json!({})).expect(404)), "not-found");
    assert_eq!(stock(&shop, "mug"), (8, 0));
}

//! What the shop's staff do with orders: money, goods and order move together.

use quoin_harness::{Reply, Shop, json};

use super::{
    Config, Json, act, cart, case, configure, open_allocations, payment, place, placed, start,
    stock, text, variant,
};

fn refund(shop: &Shop, order: &Json, key: &str, minor: Option<i64>) -> Reply {
    let amount = minor.map(|minor| json!({"minor": minor, "currency": "EUR"}));
    let path = format!("/admin/orders/{}/refund", text(order, "id"));
    let body = json!({ "amount": amount });
    shop.admin().request("POST", &path).header("idempotency-key", key).json(&body).send()
}

/// Of the order's first line.
fn pieces(order: &Json, quantity: u32) -> Json {
    json!([{"line": order["snapshot"]["lines"][0]["id"], "quantity": quantity}])
}

/// What happened to the money, with the minor units.
fn money_events(order: &Json) -> Vec<(String, i64)> {
    let events = order["history"].as_array().expect("events").iter();
    events.filter_map(|e| Some((text(e, "what"), e["amount"]["minor"].as_i64()?))).collect()
}

#[test]
fn capturing_pays_the_order_once_and_shipping_it_completes_it() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 2)]));
    let paid = act(&shop, &order, "capture", json!({})).ok();
    assert_eq!((&paid["payment"], &paid["captured"]["minor"]), (&json!("paid"), &json!(900)));
    assert_eq!(act(&shop, &order, "capture", json!({})).ok(), paid);
    assert_eq!(payment(&shop, &order)["captured"]["minor"], 900);
    assert_eq!(act(&shop, &order, "ship", json!({})).ok()["state"], "completed");
    let cancel = act(&shop, &order, "cancel", json!({"reason": "no"}));
    assert_eq!(case(&cancel.expect(409)), "conflict");
    assert_eq!(payment(&shop, &order)["state"], "captured");
}

#[test]
fn shipped_goods_leave_stock_and_only_those() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 3), ("bowl", 1)]));
    assert_eq!(stock(&shop, "mug"), (10, 3));
    let part = act(&shop, &order, "ship", json!({"lines": pieces(&order, 2), "revision": 1})).ok();
    assert_eq!(part["fulfilment"], "partially-fulfilled");
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((8, 1), (10, 1)));
    // The same request once more.
    let again = act(&shop, &order, "ship", json!({"lines": pieces(&order, 2), "revision": 1}));
    assert_eq!(case(&again.expect(409)), "conflict");
    let problem = act(&shop, &order, "ship", json!({"lines": pieces(&order, 2)})).expect(422);
    assert_eq!(problem["error"]["val"][0]["field"], "lines/0/quantity");
    assert_eq!(stock(&shop, "mug"), (8, 1));
    // All that is left.
    let all = act(&shop, &order, "ship", json!({})).ok();
    assert_eq!(all["fulfilment"], "fulfilled");
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((7, 0), (9, 0)));
    act(&shop, &order, "ship", json!({})).expect(422);
    assert_eq!((stock(&shop, "mug"), open_allocations(&shop)), ((7, 0), 0));
}

#[test]
fn goods_that_cannot_be_shipped_from_there_leave_the_order_as_it_was() {
    let (_host, shop) = start(Config::default(), 10, 10);
    shop.admin().put("/admin/locations/attic", json!({"title": "Attic"})).ok();
    let order = placed(&shop, &cart(&shop, &[("mug", 2)]));
    let mut lines = pieces(&order, 1);
    lines[0]["location"] = json!("attic");
    let refused = act(&shop, &order, "ship", json!({ "lines": lines }));
    assert_eq!(case(&refused.expect(409)), "conflict");
    assert_eq!(shop.get(&format!("/orders/{}", text(&order, "id"))).ok(), order);
    assert_eq!(stock(&shop, "mug"), (10, 2));
    lines[0]["location"] = json!("main");
    act(&shop, &order, "ship", json!({ "lines": lines })).ok();
    assert_eq!(stock(&shop, "mug"), (9, 1));
}

#[test]
fn what_comes_back_is_on_hand_again_unless_it_is_broken() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 3)]));
    act(&shop, &order, "capture", json!({})).ok();
    act(&shop, &order, "ship", json!({})).ok();
    assert_eq!(stock(&shop, "mug"), (7, 0));
    let back = |quantity, restock: Option<bool>| {
        let lines = pieces(&order, quantity);
        let body = json!({"lines": lines, "reason": "not as expected", "restock": restock});
        act(&shop, &order, "take-back", body)
    };
    let order_now = back(1, None).ok();
    assert_eq!(order_now["returned"], pieces(&order, 1));
    assert_eq!(stock(&shop, "mug"), (8, 0));
    back(1, Some(false)).ok();
    assert_eq!(stock(&shop, "mug"), (8, 0));
    back(2, None).expect(422);
    back(1, Some(true)).ok();
    assert_eq!(stock(&shop, "mug"), (9, 0));
    // The money is another matter.
    assert_eq!(payment(&shop, &order)["refunded"]["minor"], 0);
}

#[test]
fn cancelling_voids_what_is_authorized_and_releases_the_goods() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let order = placed(&shop, &cart);
    let cancelled = act(&shop, &order, "cancel", json!({"reason": "changed her mind"})).ok();
    assert_eq!(
        (&cancelled["state"], &cancelled["payment"]),
        (&json!("cancelled"), &json!("voided"))
    );
    assert_eq!(act(&shop, &order, "cancel", json!({"reason": "again"})).ok(), cancelled);
    assert_eq!(payment(&shop, &order)["state"], "voided");
    assert_eq!((stock(&shop, "mug"), open_allocations(&shop)), ((10, 0), 0));
    for (what, body) in [("capture", json!({})), ("ship", json!({}))] {
        assert_eq!(case(&act(&shop, &order, what, body).expect(409)), "conflict");
    }
    // The cart is still ordered, as this order.
    let again = place(&shop, &cart).expect(200);
    let same = (&again["order"]["id"], &again["order"]["state"]);
    assert_eq!(same, (&order["id"], &json!("cancelled")));
    assert_eq!(stock(&shop, "mug"), (10, 0));
}

#[test]
fn cancelling_refunds_what_is_captured() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 2)]));
    act(&shop, &order, "capture", json!({})).ok();
    refund(&shop, &order, "r-1", Some(100)).ok();
    let cancelled = act(&shop, &order, "cancel", json!({"reason": "sold out"})).ok();
    assert_eq!(
        (&cancelled["state"], &cancelled["payment"]),
        (&json!("cancelled"), &json!("refunded"))
    );
    assert_eq!(cancelled["refunded"]["minor"], 900);
    assert_eq!(payment(&shop, &order)["refunded"]["minor"], 900);
}

#[test]
fn refunds_happen_once_per_key_and_each_is_in_the_history() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 2)]));
    assert_eq!(case(&refund(&shop, &order, "r-1", Some(100)).expect(409)), "conflict");
    act(&shop, &order, "capture", json!({})).ok();
    for key in ["r-1", "r-1", "r-2"] {
        let order = refund(&shop, &order, key, Some(100)).ok();
        assert_eq!(order["payment"], "partially-refunded");
    }
    let refunded = || payment(&shop, &order)["refunded"]["minor"].clone();
    assert_eq!(refunded(), 200);
    assert_eq!(case(&refund(&shop, &order, "r-1", Some(200)).expect(409)), "conflict");
    assert_eq!(case(&refund(&shop, &order, "r-3", Some(701)).expect(409)), "conflict");
    assert_eq!(case(&refund(&shop, &order, "r-3", Some(0)).expect(422)), "invalid");
    let last = refund(&shop, &order, "r-3", None).ok();
    assert_eq!((&last["payment"], refunded()), (&json!("refunded"), json!(900)));
    let event = |what: &str, minor| (format!("payment {what}"), minor);
    let expected = [
        event("paid", 900),
        event("partially-refunded", 100),
        event("partially-refunded", 100),
        event("refunded", 700),
    ];
    assert_eq!(money_events(&last), expected);
}

#[test]
fn the_staff_settle_orders_by_a_method_that_is_offered_no_longer() {
    let (host, shop) = start(Config::default(), 10, 10);
    let [first, second] = [1, 2].map(|n| placed(&shop, &cart(&shop, &[("mug", n)])));
    let shop = configure(&host, Config { payment: r#"methods = "cash""#, ..Config::default() });
    place(&shop, &cart(&shop, &[("mug", 1)])).expect(422);
    assert_eq!(act(&shop, &first, "capture", json!({})).ok()["payment"], "paid");
    assert_eq!(refund(&shop, &first, "r", None).ok()["payment"], "refunded");
    let cancelled = act(&shop, &second, "cancel", json!({"reason": "no"})).ok();
    assert_eq!(cancelled["payment"], "voided");
}

#[test]
fn a_method_that_no_plugin_is_bound_to_any_more_keeps_its_payments_for_when_one_is() {
    let (host, shop) = start(Config::default(), 10, 10);
    let carts = [1, 2].map(|mugs| cart(&shop, &[("mug", mugs)]));
    let [first, second] = [0, 1].map(|i| placed(&shop, &carts[i]));
    let shop = configure(&host, Config { unbound: "invoice", ..Config::default() });
    place(&shop, &cart(&shop, &[("mug", 1)])).expect(422);
    // The order can be seen and shipped; its money cannot be reached, and nothing moves by half.
    assert_eq!(placed(&shop, &carts[0]), first);
    for (what, body) in [("capture", json!({})), ("cancel", json!({"reason": "no"}))] {
        let problem = act(&shop, &first, what, body).expect(404);
        assert!(problem.to_string().contains("no provider"), "{problem}");
    }
    refund(&shop, &first, "r", None).expect(404);
    assert_eq!(shop.get(&format!("/orders/{}", text(&first, "id"))).ok(), first);
    let shop = configure(&host, Config::default());
    assert_eq!(act(&shop, &first, "capture", json!({})).ok()["payment"], "paid");
    assert_eq!(refund(&shop, &first, "r", None).ok()["payment"], "refunded");
    let cancelled = act(&shop, &second, "cancel", json!({"reason": "no"})).ok();
    assert_eq!(cancelled["payment"], "voided");
}

#[test]
fn goods_of_an_archived_product_are_shipped_and_taken_back() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 1)]));
    let mug = variant(&shop, "mug");
    super::set_status(&shop, "mug", "archived");
    act(&shop, &order, "ship", json!({})).ok();
    let back = json!({"lines": pieces(&order, 1), "reason": "broken"});
    act(&shop, &order, "take-back", back).ok();
    assert_eq!((variant(&shop, "mug"), stock(&shop, "mug")), (mug, (10, 0)));
}

#[test]
fn strangers_and_unknown_orders_are_refused() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 2)]));
    let id = text(&order, "id");
    for what in ["capture", "cancel", "refund", "ship", "take-back"] {
        shop.post(&format!("/admin/orders/{id}/{what}"), json!({})).expect(401);
    }
    let unknown = json!({"id": "order_0"});
    assert_eq!(case(&act(&shop, &unknown, "capture", json!({})).expect(404)), "not-found");
    shop.post("/orders/order_0/confirm", json!({})).expect(404);
    assert_eq!(stock(&shop, "mug"), (10, 2));
}

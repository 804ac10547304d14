//! From browsing to a paid order.

use quoin_harness::json;

use super::{order, start};

#[test]
fn a_person_browses_fills_a_cart_pays_and_sees_the_order() {
    let (mut host, shop) = start(20);
    let page = shop.get("/products?text=mug").ok();
    assert_eq!((&page["total"], &page["items"][0]["slug"]), (&json!(1), &json!("mug")));
    assert_eq!(shop.get("/products/mug").ok()["variants"][0]["sku"], "mug");
    assert_eq!(shop.get("/categories").ok()[0]["products"], 2);

    let cart = super::cart(&shop, "mug", 12);
    assert_eq!(cart["totals"]["grand"], json!({ "minor": 4_800, "currency": "EUR" }));
    assert_eq!(cart["lines"][0]["unit"]["minor"], 400);

    let placed = shop.post("/checkout", order(&cart)).expect(201);
    assert_eq!((&placed["number"], &placed["payment"]), (&json!("1"), &json!("authorized")));
    let id = placed["id"].as_str().expect("an id");
    let again = shop.post("/checkout", order(&cart)).ok();
    assert_eq!(again["id"], id);

    let capture = format!("/admin/orders/{id}/capture");
    assert_eq!(shop.admin().post(&capture, json!({})).ok()["payment"], "paid");
    let seen = shop.get(&format!("/orders/{id}")).ok();
    assert_eq!(seen["payment"], "paid");
    assert_eq!(seen["snapshot"]["lines"][0]["title"], "Mug");
    let stock = shop.admin().get("/admin/stock/levels/mug").ok();
    assert_eq!((&stock[0]["onHand"], &stock[0]["reserved"]), (&json!(8), &json!(0)));

    host.restart();
    assert_eq!(shop.get(&format!("/orders/{id}")).ok(), seen);
    assert_eq!(shop.get("/products").ok()["total"], 2);
}

#[test]
fn staff_only_pages_are_for_staff() {
    let (_host, shop) = start(1);
    shop.get("/admin/orders").refused(401, "missing-key");
    shop.admin().get("/admin/orders").ok();
}

#[test]
fn without_its_payment_plugin_a_shop_is_refused_by_name_where_it_binds_it() {
    let (host, shop) = start(1);
    let without = super::SHOP.replace("[plugins.payment-manual]", "[plugins.payment-other]");
    let told = host.try_apply(&without).map(drop).unwrap_err();
    assert!(told.contains("payment-manual") && told.contains("quoin:payment/provider"), "{told}");
    assert_eq!(shop.get("/products").ok()["total"], 2);
}

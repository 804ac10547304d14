//! From browsing to goods that are on their way.

use quoin_harness::json;

use super::{cart, placed, start, stock};

#[test]
fn a_person_browses_fills_a_cart_pays_and_gets_the_goods() {
    let (mut host, shop) = start(20);
    let page = shop.get("/products?text=mug").ok();
    assert_eq!((&page["items"][0]["slug"], &page["items"][1]), (&json!("mug"), &json!(null)));
    let product = shop.get("/products/mug").ok();
    assert_eq!(product["variants"][0]["sku"], "mug");
    let mug = product["variants"][0]["id"].as_str().expect("an id");
    assert_eq!(shop.get("/categories").ok()[0]["products"], 2);

    let cart = cart(&shop, mug, 12);
    assert_eq!(cart["totals"]["grand"], json!({ "minor": 4_800, "currency": "EUR" }));
    assert_eq!(cart["lines"][0]["unit"]["minor"], 400);

    let order = placed(&shop, &cart);
    assert_eq!((&order["number"], &order["payment"]), (&json!("1"), &json!("authorized")));
    assert_eq!(placed(&shop, &cart), order);
    assert_eq!(stock(&shop, mug), (20, 12));

    let id = order["id"].as_str().expect("an id");
    let act =
        |what: &str, body| shop.admin().post(&format!("/admin/orders/{id}/{what}"), body).ok();
    assert_eq!(act("capture", json!({}))["payment"], "paid");
    assert_eq!(act("ship", json!({}))["state"], "completed");
    assert_eq!(stock(&shop, mug), (8, 0));
    let line = json!({ "line": order["snapshot"]["lines"][0]["id"], "quantity": 1 });
    act("take-back", json!({ "lines": [line], "reason": "one too many" }));
    assert_eq!(stock(&shop, mug), (9, 0));
    let refund = json!({ "amount": { "minor": 400, "currency": "EUR" } });
    let staff = shop.admin();
    let request = staff.request("POST", &format!("/admin/orders/{id}/refund"));
    let refunded = request.header("idempotency-key", "r-1").json(&refund).send().ok();
    assert_eq!(refunded["payment"], "partially-refunded");

    let seen = shop.get(&format!("/orders/{id}")).ok();
    assert_eq!(seen["refunded"]["minor"], 400);
    assert_eq!(seen["snapshot"]["lines"][0]["title"], "Mug");
    host.restart();
    assert_eq!(shop.get(&format!("/orders/{id}")).ok(), seen);
    assert_eq!(shop.get("/products").ok()["items"].as_array().map(Vec::len), Some(2));
}

#[test]
fn the_sku_slug_and_title_of_what_was_bought_change_and_nothing_is_lost() {
    let (_host, shop) = start(20);
    let product = shop.get("/products/mug").ok();
    let mug = product["variants"][0]["id"].as_str().expect("an id");
    let cart = cart(&shop, mug, 2);
    let id = product["id"].as_str().expect("an id");
    let mut input = shop.admin().get(&format!("/admin/products/{id}")).ok();
    input["slug"] = json!("cup");
    input["title"] = json!("Cup");
    input["variants"][0]["sku"] = json!("cup");
    for told in ["id", "status", "revision", "updatedAt"] {
        input.as_object_mut().expect("a product").remove(told);
    }
    shop.admin().put(&format!("/admin/products/{id}"), input).ok();
    let path = format!("/carts/{}", cart["id"].as_str().expect("an id"));
    let cart = shop.post(&format!("{path}/recalculate"), json!({})).ok();
    assert_eq!(
        (&cart["lines"][0]["sku"], &cart["lines"][0]["title"]),
        (&json!("cup"), &json!("Cup – Mug"))
    );
    assert_eq!(cart["totals"]["grand"]["minor"], 900);
    let order = placed(&shop, &cart);
    assert_eq!(order["snapshot"]["lines"][0]["variant"], mug);
    assert_eq!(stock(&shop, mug), (20, 2));
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
    assert_eq!(shop.get("/products").ok()["items"].as_array().map(Vec::len), Some(2));
}

//! What a cart says about lines that cannot be ordered as they are.

use quoin_harness::json;

use super::{Json, add, create, get, grand, id, import, recalculate, refused, start};

#[test]
fn what_is_not_sold_cannot_be_added() {
    let (_host, shop) = start();
    let cart = create(&shop);
    refused(add(&shop, id(&cart), "nothing", 1), "sku");
    refused(add(&shop, id(&cart), "plan", 1), "sku");
    assert_eq!(get(&shop, id(&cart)), cart);
}

#[test]
fn a_line_without_a_price_says_so_and_counts_as_nothing() {
    let (_host, shop) = start();
    let cart = create(&shop);
    add(&shop, id(&cart), "box", 2).ok();
    let cart = add(&shop, id(&cart), "bowl", 1).ok();
    assert_eq!(cart["lines"][0]["problem"], "has no price in EUR");
    assert_eq!(cart["lines"][0]["title"], "Box");
    assert_eq!((&cart["lines"][1]["problem"], grand(&cart)), (&Json::Null, 700));
    import(&shop, "prices", "sku,price\nbox,3.00\n");
    let cart = recalculate(&shop, id(&cart));
    assert_eq!((&cart["lines"][0]["problem"], grand(&cart)), (&Json::Null, 1_300));
}

#[test]
fn a_line_that_there_is_not_enough_for_says_how_many_there_are() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let cart = add(&shop, id(&cart), "mug-red", 3).ok();
    assert_eq!((&cart["lines"][0]["problem"], grand(&cart)), (&json!("only 2 left"), 3_750));
    import(&shop, "stock", "sku,on_hand\nmug-red,0\n");
    let cart = recalculate(&shop, id(&cart));
    assert_eq!(cart["lines"][0]["problem"], "is out of stock");
    shop.admin().put("/admin/stock/backorder/mug-red", json!({"backorder": true})).ok();
    assert_eq!(recalculate(&shop, id(&cart))["lines"][0]["problem"], Json::Null);
}

#[test]
fn a_product_that_is_gone_stays_in_the_cart_with_its_name_and_counts_as_nothing() {
    let (_host, shop) = start();
    let cart = create(&shop);
    add(&shop, id(&cart), "mug-blue", 2).ok();
    add(&shop, id(&cart), "bowl", 1).ok();
    shop.admin().post("/admin/products/mug/status", json!({"status": "archived"})).ok();
    let cart = recalculate(&shop, id(&cart));
    assert_eq!(cart["lines"][0]["problem"], "is not sold any more");
    assert_eq!((&cart["lines"][0]["title"], grand(&cart)), (&json!("Mug – Blue"), 700));
    let path = format!("/carts/{}/lines/1", id(&cart));
    assert_eq!(grand(&shop.delete(&path).ok()), 700);
}

#[test]
fn asking_again_changes_the_revision_only_when_something_else_came_back() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let cart = add(&shop, id(&cart), "bowl", 1).ok();
    assert_eq!(recalculate(&shop, id(&cart)), cart);
    import(&shop, "prices", "sku,price\nbowl,7.50\n");
    // Reading shows what was agreed on last.
    assert_eq!(get(&shop, id(&cart)), cart);
    let dearer = recalculate(&shop, id(&cart));
    assert_eq!(grand(&dearer), 750);
    assert!(dearer["revision"].as_u64() > cart["revision"].as_u64());
}

#[test]
fn what_is_held_for_the_cart_is_no_problem_for_it_but_for_others() {
    let (_host, shop) = start();
    let (mine, other) = (create(&shop), create(&shop));
    for cart in [&mine, &other] {
        add(&shop, id(cart), "mug-red", 2).ok();
    }
    let held = json!({
        "owner": id(&mine), "lines": [{"sku": "mug-red", "quantity": 2}], "seconds": 600,
    });
    shop.call("quoin:inventory/stock#reserve", held).ok();
    assert_eq!(recalculate(&shop, id(&mine))["lines"][0]["problem"], Json::Null);
    assert_eq!(recalculate(&shop, id(&other))["lines"][0]["problem"], "is out of stock");
}

#[test]
fn a_currency_without_prices_leaves_a_usable_cart() {
    let (_host, shop) = start();
    let cart = shop.post("/carts", json!({"currency": "JPY"})).ok();
    let cart = add(&shop, id(&cart), "bowl", 1).ok();
    assert_eq!(cart["lines"][0]["problem"], "has no price in JPY");
    assert_eq!(cart["lines"][0]["unit"], json!({"minor": 0, "currency": "JPY"}));
}

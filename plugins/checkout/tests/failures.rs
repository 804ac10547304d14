//! Every step that can fail, and what is left afterwards: nothing.

use quoin_harness::json;

use super::{
    Config, act, add, assert_nothing_happened, cart, case, configure, import, missing,
    open_payments, orders, place, place_by, placed, start, stock, text, variant,
};

#[test]
fn a_cart_that_has_changed_since_the_buyer_saw_it_is_a_conflict() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let seen = cart(&shop, &[("mug", 2)]);
    let changed = add(&shop, &text(&seen, "id"), "mug", 1);
    assert_eq!(case(&place(&shop, &seen).expect(409)), "conflict");
    assert_nothing_happened(&shop, &seen);
    placed(&shop, &changed);
    assert_eq!(stock(&shop, "mug"), (10, 3));
}

#[test]
fn a_price_that_has_changed_is_a_conflict_until_the_cart_is_recalculated() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    import(&shop, "prices", "sku,price\nmug,5.00\n");
    assert_eq!(case(&place(&shop, &cart).expect(409)), "conflict");
    assert_nothing_happened(&shop, &cart);
    let path = format!("/carts/{}/recalculate", text(&cart, "id"));
    let cart = shop.post(&path, json!({})).ok();
    assert_eq!(placed(&shop, &cart)["snapshot"]["grand"]["minor"], 1_000);
}

#[test]
fn a_price_that_is_gone_is_a_conflict() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    shop.admin().delete(&format!("/admin/prices/{}/regular/1", variant(&shop, "mug"))).ok();
    assert_eq!(case(&place(&shop, &cart).expect(409)), "conflict");
    assert_nothing_happened(&shop, &cart);
}

#[test]
fn too_little_stock_is_refused_with_what_is_missing() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (first, second) = (cart(&shop, &[("mug", 8)]), cart(&shop, &[("mug", 3), ("bowl", 1)]));
    placed(&shop, &first);
    let problem = place(&shop, &second).expect(409);
    let expected = json!([{"variant": variant(&shop, "mug"), "wanted": 3, "available": 2}]);
    assert_eq!(missing(&problem), expected);
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((10, 8), (10, 0)));
    assert_eq!((orders(&shop).len(), open_payments(&shop, "invoice")), (1, 1));
}

#[test]
fn a_payment_method_that_the_shop_does_not_have_is_a_faulty_field() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    // One that no plugin is bound to, one that its plugin does not offer, and one that is none.
    for method in ["card", "lost", ""] {
        let problem = place_by(&shop, &cart, method).expect(422);
        assert_eq!(case(&problem), "invalid");
        assert_eq!(problem["error"]["val"][0]["field"], "paymentMethod");
    }
    assert_nothing_happened(&shop, &cart);
}

#[test]
fn a_payment_plugin_that_fails_after_goods_were_allocated_leaves_nothing() {
    let broken = Config { payment: r#"maximum = "nonsense""#, ..Config::default() };
    let (host, shop) = start(broken, 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    assert_eq!(case(&place(&shop, &cart).expect(502)), "unavailable");
    assert_eq!(case(&place_by(&shop, &cart, "trap").expect(502)), "unavailable");
    assert_eq!(case(&place_by(&shop, &cart, "voided").expect(502)), "unavailable");
    assert_eq!(case(&place_by(&shop, &cart, "busy").expect(503)), "retryable");
    let shop = configure(&host, Config::default());
    assert_nothing_happened(&shop, &cart);
    assert_eq!(open_payments(&shop, "voided"), 0);
    placed(&shop, &cart);
    assert_eq!(stock(&shop, "mug"), (10, 2));
}

#[test]
fn a_payment_plugin_that_traps_or_never_answers_after_its_write_leaves_nothing() {
    let short = Config { limits: "deadline-ms = 300", ..Config::default() };
    let (host, shop) = start(short, 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    for (method, times) in [("dies", 2), ("endless", 1)] {
        for _ in 0..times {
            let problem = place_by(&shop, &cart, method).expect(502);
            assert_eq!((case(&problem), &problem["code"]), ("unavailable", &json!("unavailable")));
            assert_nothing_happened(&shop, &cart);
            assert_eq!(open_payments(&shop, method), 0);
        }
    }
    // Here it is the whole request that has no time left.
    let shop = configure(&host, Config::default());
    place_by(&shop, &cart, "endless").refused(504, "plugin-timeout");
    assert_nothing_happened(&shop, &cart);
    assert_eq!(open_payments(&shop, "endless"), 0);
    placed(&shop, &cart);
    assert_eq!(stock(&shop, "mug"), (10, 2));
}

#[test]
fn a_payment_of_another_amount_makes_no_order() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    for method in ["authorized-less", "captured-less"] {
        assert_eq!(case(&place_by(&shop, &cart, method).expect(502)), "unavailable");
        assert_nothing_happened(&shop, &cart);
        assert_eq!(open_payments(&shop, method), 0);
    }
    // Nor does it settle one.
    let order = place_by(&shop, &cart, "asks-less-then-authorized").expect(200)["order"].take();
    let confirm = format!("/orders/{}/confirm", text(&order, "id"));
    assert_eq!(case(&shop.post(&confirm, json!({})).expect(502)), "unavailable");
    assert_eq!(shop.get(&format!("/orders/{}", text(&order, "id"))).ok(), order);
    // The staff give it back.
    let cancelled = act(&shop, &order, "cancel", json!({"reason": "too little"})).ok();
    assert_eq!(cancelled["payment"], "voided");
    assert_eq!(stock(&shop, "mug"), (10, 0));
}

#[test]
fn an_order_plugin_that_fails_after_the_payment_was_authorized_leaves_nothing() {
    let broken = Config { order: r#"prefix = "ends-in-1""#, ..Config::default() };
    let (host, shop) = start(broken, 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    for method in ["invoice", "captured", "invoice"] {
        assert_eq!(case(&place_by(&shop, &cart, method).expect(502)), "unavailable");
        assert_nothing_happened(&shop, &cart);
        assert_eq!(open_payments(&shop, "captured"), 0);
    }
    let shop = configure(&host, Config::default());
    assert_eq!(placed(&shop, &cart)["number"], "1");
    assert_eq!((stock(&shop, "mug"), open_payments(&shop, "invoice")), ((10, 2), 1));
}

#[test]
fn a_cart_that_became_an_order_elsewhere_is_a_conflict() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let elsewhere = json!({"id": cart["id"], "orderId": "order_of_somebody_else"});
    shop.call("quoin:cart/cart-steps#mark-ordered", elsewhere).ok();
    assert_eq!(case(&place(&shop, &cart).expect(409)), "conflict");
    assert_eq!((stock(&shop, "mug"), orders(&shop).len()), ((10, 0), 0));
    assert_eq!(open_payments(&shop, "invoice"), 0);
}

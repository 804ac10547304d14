//! Every step that can fail, and what is left afterwards: nothing.

use quoin_harness::{Shop, json};

use super::{
    Config, Json, add, cart, case, configure, import, orders, payments, place, place_by, start,
    stock, text,
};

/// Ten mugs on hand, none held, no order, and the cart open.
fn assert_nothing_happened(shop: &Shop, cart: &Json) {
    assert_eq!(stock(shop, "mug"), (10, 0));
    assert_eq!(shop.admin().get("/admin/stock/held").ok(), 0);
    assert_eq!(orders(shop), Vec::<Json>::new());
    assert!(payments(shop, cart).iter().all(|state| state == "voided"));
    assert_eq!(shop.get(&format!("/carts/{}", text(cart, "id"))).ok()["status"], "open");
}

fn faulty_fields(problem: &Json) -> Vec<&str> {
    assert_eq!(case(problem), "invalid");
    let faults = problem["error"]["val"].as_array().expect("faults");
    faults.iter().filter_map(|fault| fault["field"].as_str()).collect()
}

#[test]
fn a_cart_that_is_not_ready_is_refused_with_what_it_lacks() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let empty = shop.post("/carts", json!({})).ok();
    let problem = place(&shop, &empty).expect(422);
    assert_eq!(faulty_fields(&problem), ["cart/lines", "cart/email"]);
    let without_email = add(&shop, &text(&empty, "id"), "mug", 1);
    assert_eq!(faulty_fields(&place(&shop, &without_email).expect(422)), ["cart/email"]);
    // More than there are: the cart says so itself.
    let too_many = cart(&shop, &[("bowl", 1), ("mug", 11)]);
    assert_eq!(faulty_fields(&place(&shop, &too_many).expect(422)), ["cart/lines/1"]);
    assert_nothing_happened(&shop, &without_email);
    let unknown = json!({"cartId": "cart_0", "revision": 1, "paymentMethod": "invoice"});
    assert_eq!(case(&shop.post("/checkout", unknown).expect(404)), "not-found");
}

#[test]
fn a_cart_that_has_changed_since_the_buyer_saw_it_is_a_conflict() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let seen = cart(&shop, &[("mug", 2)]);
    let changed = add(&shop, &text(&seen, "id"), "mug", 1);
    assert_eq!(case(&place(&shop, &seen).expect(409)), "conflict");
    assert_nothing_happened(&shop, &seen);
    place(&shop, &changed).expect(201);
    assert_eq!(stock(&shop, "mug"), (7, 0));
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
    let order = place(&shop, &cart).expect(201);
    assert_eq!(order["snapshot"]["grand"]["minor"], 1_000);
}

#[test]
fn too_little_stock_is_refused_with_what_is_missing() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (first, second) = (cart(&shop, &[("mug", 8)]), cart(&shop, &[("mug", 3), ("bowl", 1)]));
    place(&shop, &first).expect(201);
    let problem = place(&shop, &second).expect(409);
    assert_eq!(case(&problem), "insufficient-stock");
    assert_eq!(problem["error"]["val"], json!([{"sku": "mug", "wanted": 3, "available": 2}]));
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((2, 0), (10, 0)));
    assert_eq!((orders(&shop).len(), payments(&shop, &second).len()), (1, 0));
}

#[test]
fn a_declined_payment_gives_the_goods_back() {
    let config = Config { payment: r#"maximum = "cash=800""#, ..Config::default() };
    let (_host, shop) = start(config, 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let problem = place_by(&shop, &cart, "cash").expect(402);
    assert_eq!(case(&problem), "declined");
    assert_nothing_happened(&shop, &cart);
    // Another way to pay.
    place(&shop, &cart).expect(201);
    assert_eq!((stock(&shop, "mug"), payments(&shop, &cart).len()), ((8, 0), 1));
}

#[test]
fn a_payment_method_that_the_shop_does_not_have_is_a_faulty_field() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    // One that no plugin is bound to, one that its plugin does not know, and one that is none.
    for method in ["card", "lost", ""] {
        let problem = place_by(&shop, &cart, method).expect(422);
        assert_eq!(faulty_fields(&problem), ["paymentMethod"]);
    }
    assert_nothing_happened(&shop, &cart);
}

#[test]
fn a_payment_plugin_that_fails_gives_the_goods_back() {
    let broken = Config { payment: r#"maximum = "nonsense""#, ..Config::default() };
    let (host, shop) = start(broken, 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    assert_eq!(case(&place(&shop, &cart).expect(502)), "unavailable");
    let shop = configure(&host, Config::default());
    assert_nothing_happened(&shop, &cart);
    place(&shop, &cart).expect(201);
    assert_eq!(stock(&shop, "mug"), (8, 0));
}

#[test]
fn an_order_plugin_that_fails_gives_goods_and_payment_back_each_time() {
    let broken = Config { order: r#"prefix = "ends-in-1""#, ..Config::default() };
    let (host, shop) = start(broken, 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    for attempts in 1..=3 {
        assert_eq!(case(&place(&shop, &cart).expect(502)), "unavailable");
        assert_nothing_happened(&shop, &cart);
        assert_eq!(payments(&shop, &cart).len(), attempts);
    }
    let shop = configure(&host, Config::default());
    let order = place(&shop, &cart).expect(201);
    assert_eq!((&order["number"], stock(&shop, "mug")), (&json!("1"), (8, 0)));
    assert_eq!(payments(&shop, &cart), ["voided", "voided", "voided", "authorized"]);
}

#[test]
fn a_cart_plugin_that_fails_after_the_order_was_made_leaves_it_to_be_completed() {
    let (host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let shop_that_cannot_close_carts =
        configure(&host, Config { cart: r#"expire-days = "nonsense""#, ..Config::default() });
    place(&shop_that_cannot_close_carts, &cart).expect(502);
    let shop = configure(&host, Config::default());
    let [ref half] = orders(&shop)[..] else { panic!("not one order") };
    let order = place(&shop, &cart).expect(201);
    assert_eq!(order["id"], half["id"]);
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (1, (8, 0)));
    assert_eq!(payments(&shop, &cart), ["authorized"]);
}

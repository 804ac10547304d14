//! What a payment can come to, and what becomes of the order.

use quoin_harness::{Reply, Shop, json};

use super::{
    Config, Json, act, assert_nothing_happened, cart, case, configure, confirm, open_allocations,
    open_payments, orders, payment, place_by, placed, start, stock, text,
};

fn outcome(placement: &Json) -> &str {
    placement["outcome"].as_str().unwrap_or_else(|| panic!("no outcome in {placement}"))
}

fn states(placement: &Json) -> (&str, &str) {
    let order = &placement["order"];
    let state = |name: &str| order[name].as_str().unwrap_or_else(|| panic!("no {name}: {order}"));
    (state("state"), state("payment"))
}

/// A cart of two mugs that is placed with this method, and what came of it.
fn start_with(shop: &Shop, method: &str) -> (Json, Json) {
    let cart = cart(shop, &[("mug", 2)]);
    let placement = place_by(shop, &cart, method).expect(200);
    (cart, placement)
}

fn with_key(shop: &Shop, cart: &Json, method: &str) -> Reply {
    let body = json!({
        "cartId": cart["id"], "revision": cart["revision"], "paymentMethod": method,
    });
    shop.request("POST", "/checkout").header("idempotency-key", "k").json(&body).send()
}

#[test]
fn a_declined_payment_leaves_the_cart_to_be_ordered_otherwise() {
    let config = Config { payment: r#"maximum = "cash=8.00 EUR""#, ..Config::default() };
    let (_host, shop) = start(config, 10, 10);
    for method in ["cash", "declined"] {
        let (cart, placement) = start_with(&shop, method);
        assert_eq!((outcome(&placement), &placement["order"]), ("declined", &Json::Null));
        assert!(placement["message"].is_string(), "{placement}");
        assert_nothing_happened(&shop, &cart);
    }
    // It was kept, so that the shop can see it.
    assert_eq!(open_payments(&shop, "declined"), 1);
    let cart = cart(&shop, &[("mug", 2)]);
    place_by(&shop, &cart, "declined").expect(200);
    placed(&shop, &cart);
    assert_eq!((stock(&shop, "mug"), orders(&shop).len()), ((10, 2), 1));
}

#[test]
fn a_declined_attempt_stays_declined_for_its_key_alone() {
    let config = Config { payment: r#"maximum = "cash=8.00 EUR""#, ..Config::default() };
    let (host, shop) = start(config, 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let declined = with_key(&shop, &cart, "cash").expect(200);
    assert_eq!(outcome(&declined), "declined");
    let shop = configure(&host, Config::default());
    assert_eq!(with_key(&shop, &cart, "cash").expect(200), declined);
    assert_eq!(case(&with_key(&shop, &cart, "invoice").expect(409)), "conflict");
    assert_nothing_happened(&shop, &cart);
    assert_eq!(outcome(&place_by(&shop, &cart, "cash").expect(200)), "placed");
    assert_eq!(with_key(&shop, &cart, "cash").expect(200), declined);
    assert_eq!(orders(&shop).len(), 1);
}

#[test]
fn a_payment_that_needs_the_buyer_keeps_order_and_goods_for_him() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (cart, placement) = start_with(&shop, "asks-then-authorized");
    assert_eq!(outcome(&placement), "requires-action");
    assert_eq!(states(&placement), ("open", "pending"));
    assert!(placement["message"].is_string() && placement["nextUrl"].is_string(), "{placement}");
    assert_eq!(stock(&shop, "mug"), (10, 2));
    assert_eq!(place_by(&shop, &cart, "asks-then-authorized").expect(200), placement);
    let order = &placement["order"];
    assert_eq!(case(&act(&shop, order, "ship", json!({})).expect(409)), "conflict");

    let confirmed = confirm(&shop, order);
    assert_eq!((outcome(&confirmed), states(&confirmed)), ("placed", ("open", "authorized")));
    assert_eq!(confirmed["nextUrl"], Json::Null);
    assert_eq!(confirm(&shop, order)["order"], confirmed["order"]);
    assert_eq!(
        place_by(&shop, &cart, "asks-then-authorized").expect(200)["order"],
        confirmed["order"]
    );
    assert_eq!(stock(&shop, "mug"), (10, 2));
}

#[test]
fn nothing_is_known_until_the_provider_knows_it() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (_, placement) = start_with(&shop, "unknown-then-authorized");
    assert_eq!((outcome(&placement), states(&placement)), ("unknown", ("open", "pending")));
    assert_eq!(outcome(&confirm(&shop, &placement["order"])), "placed");
    let (_, placement) = start_with(&shop, "asks-then-asks");
    let again = confirm(&shop, &placement["order"]);
    assert_eq!((outcome(&again), states(&again)), ("requires-action", ("open", "pending")));
    assert_eq!(again, placement);
    // Nor can the staff take what the buyer has not given.
    let capture = act(&shop, &placement["order"], "capture", json!({}));
    assert_eq!(case(&capture.expect(409)), "conflict");
}

#[test]
fn the_staff_go_on_from_what_the_provider_knows_by_then() {
    let (_host, shop) = start(Config::default(), 10, 10);
    for method in ["unknown-then-authorized", "asks-then-authorized", "asks-then-captured"] {
        let (_, placement) = start_with(&shop, method);
        let paid = act(&shop, &placement["order"], "capture", json!({})).ok();
        assert_eq!((&paid["payment"], &paid["captured"]["minor"]), (&json!("paid"), &json!(900)));
    }
    let (_, placement) = start_with(&shop, "unknown-then-authorized");
    let order = &placement["order"];
    let cancelled = act(&shop, order, "cancel", json!({"reason": "no answer"})).ok();
    assert_eq!(cancelled["payment"], "voided");
    assert_eq!(payment(&shop, order)["state"], "voided");
    // What stays unknown stays pending, and holds no goods.
    let (_, placement) = start_with(&shop, "unknown-then-unknown");
    let order = &placement["order"];
    assert_eq!(act(&shop, order, "capture", json!({})).ok(), *order);
    let cancelled = act(&shop, order, "cancel", json!({"reason": "no answer"})).ok();
    assert_eq!(
        (&cancelled["state"], &cancelled["payment"]),
        (&json!("cancelled"), &json!("pending"))
    );
    assert_eq!(stock(&shop, "mug"), (10, 6));
}

#[test]
fn a_movement_of_which_nobody_knows_the_outcome_is_settled_once_it_is_known() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let pending = |shop: &Shop, method: &str, what: &str, body: Json| {
        let (_, placement) = start_with(shop, method);
        let order = act(shop, &placement["order"], what, body).ok();
        assert_eq!(order["payment"], "pending", "{method}");
        order
    };
    let reason = json!({"reason": "no"});
    // It did not happen: it is tried anew, which the provider can tell from the first try.
    for (what, body, then) in [("cancel", &reason, "voided"), ("capture", &json!({}), "paid")] {
        let order = pending(&shop, "authorized-unsure-then-authorized", what, body.clone());
        let order = act(&shop, &order, what, body.clone()).ok();
        assert_eq!(order["payment"], then);
        assert_eq!(act(&shop, &order, what, body.clone()).ok(), order);
    }
    // It did happen, and nothing is tried again.
    let order = pending(&shop, "authorized-unsure-then-voided", "cancel", reason);
    let order = confirm(&shop, &order)["order"].take();
    assert_eq!((&order["state"], &order["payment"]), (&json!("cancelled"), &json!("voided")));
    let order = pending(&shop, "authorized-unsure-then-captured", "capture", json!({}));
    assert_eq!(case(&act(&shop, &order, "ship", json!({})).expect(409)), "conflict");
    assert_eq!(confirm(&shop, &order)["order"]["payment"], "paid");
    // The same where the money is due with the order.
    let (_, placement) = start_with(&shop, "authorized-due-unsure-then-captured");
    assert_eq!((outcome(&placement), states(&placement)), ("unknown", ("open", "pending")));
    let confirmed = confirm(&shop, &placement["order"]);
    assert_eq!((outcome(&confirmed), states(&confirmed)), ("placed", ("open", "paid")));
}

#[test]
fn a_payment_that_ends_without_the_shop_is_found_when_it_is_asked_for() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (_, placement) = start_with(&shop, "invoice");
    let order = &placement["order"];
    let which = json!({"method": "invoice", "id": order["paymentId"], "key": "elsewhere"});
    shop.call_at("payment-manual", "quoin:payment/provider#void", which).ok();
    let confirmed = confirm(&shop, order);
    assert_eq!((outcome(&confirmed), states(&confirmed)), ("declined", ("cancelled", "voided")));
    assert_eq!((stock(&shop, "mug"), open_allocations(&shop)), ((10, 0), 0));
}

#[test]
fn confirming_captures_what_is_due_and_records_what_was_captured() {
    let (_host, shop) = start(Config::default(), 10, 10);
    for method in ["asks-due-then-authorized", "asks-then-captured"] {
        let (_, placement) = start_with(&shop, method);
        let confirmed = confirm(&shop, &placement["order"]);
        assert_eq!((outcome(&confirmed), states(&confirmed)), ("placed", ("open", "paid")));
        assert_eq!(confirmed["order"]["captured"]["minor"], 900);
        assert_eq!(payment(&shop, &confirmed["order"])["captured"]["minor"], 900);
    }
}

#[test]
fn a_payment_that_comes_to_nothing_cancels_the_order_and_releases_its_goods() {
    let (_host, shop) = start(Config::default(), 10, 10);
    for (method, state) in [("asks-then-declined", "declined"), ("asks-then-voided", "voided")] {
        let (cart, placement) = start_with(&shop, method);
        let confirmed = confirm(&shop, &placement["order"]);
        assert_eq!((outcome(&confirmed), states(&confirmed)), ("declined", ("cancelled", state)));
        assert_eq!((stock(&shop, "mug"), open_allocations(&shop)), ((10, 0), 0));
        // It stays so, and the cart has had its order.
        assert_eq!(confirm(&shop, &placement["order"])["order"], confirmed["order"]);
        let again = place_by(&shop, &cart, method).expect(200);
        assert_eq!((outcome(&again), &again["order"]), ("declined", &confirmed["order"]));
    }
}

#[test]
fn a_payment_that_was_captured_at_once_makes_a_paid_order() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (_, placement) = start_with(&shop, "captured");
    assert_eq!((outcome(&placement), states(&placement)), ("placed", ("open", "paid")));
    assert_eq!(placement["order"]["captured"]["minor"], 900);
}

#[test]
fn an_order_whose_payment_could_not_be_captured_is_a_good_order() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (_, placement) = start_with(&shop, "authorized-due-uncapturable");
    assert_eq!((outcome(&placement), states(&placement)), ("placed", ("open", "authorized")));
    assert_eq!(payment(&shop, &placement["order"])["state"], "authorized");
    let told = shop.log().iter().any(|line| line.to_string().contains("was not moved"));
    assert!(told, "{:?}", shop.log());
}

#[test]
fn cancelling_gives_up_what_waits_for_the_buyer() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (_, placement) = start_with(&shop, "asks-then-authorized");
    let order = &placement["order"];
    let cancelled = act(&shop, order, "cancel", json!({"reason": "no answer"})).ok();
    assert_eq!(
        (&cancelled["state"], &cancelled["payment"]),
        (&json!("cancelled"), &json!("voided"))
    );
    assert_eq!(stock(&shop, "mug"), (10, 0));
    assert_eq!(outcome(&confirm(&shop, order)), "declined");
    assert_eq!(payment(&shop, order)["state"], "voided");
}

#[test]
fn an_order_whose_payment_cannot_be_voided_is_not_cancelled() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (_, placement) = start_with(&shop, "asks-unvoidable");
    let order = &placement["order"];
    act(&shop, order, "cancel", json!({"reason": "no answer"})).expect(502);
    let now = shop.get(&format!("/orders/{}", text(order, "id"))).ok();
    assert_eq!((&now, stock(&shop, "mug")), (order, (10, 2)));
}

#[test]
fn money_in_advance_is_recorded_by_the_staff_and_then_confirmed() {
    let payment_config = r#"methods = "invoice,transfer", in-advance = "transfer""#;
    let (_host, shop) = start(Config { payment: payment_config, ..Config::default() }, 10, 10);
    let (_, placement) = start_with(&shop, "transfer");
    assert_eq!((outcome(&placement), states(&placement)), ("requires-action", ("open", "pending")));
    let order = &placement["order"];
    let id = text(order, "paymentId");
    assert!(text(&placement, "message").ends_with(&id), "{placement}");
    assert_eq!(confirm(&shop, order), placement);
    let path = format!("/admin/manual-payments/{id}/receive");
    shop.admin().post(&path, json!({})).ok();
    let confirmed = confirm(&shop, order);
    assert_eq!((outcome(&confirmed), states(&confirmed)), ("placed", ("open", "paid")));
    assert_eq!(act(&shop, order, "ship", json!({})).ok()["state"], "completed");

    let (_, placement) = start_with(&shop, "transfer");
    let id = text(&placement["order"], "paymentId");
    let path = format!("/admin/manual-payments/{id}/decline");
    shop.admin().post(&path, json!({"reason": "No money came."})).ok();
    let confirmed = confirm(&shop, &placement["order"]);
    assert_eq!(
        (outcome(&confirmed), &confirmed["message"]),
        ("declined", &json!("No money came."))
    );
    assert_eq!(stock(&shop, "mug"), (8, 0));
}

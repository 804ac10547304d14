//! Orders of which only a part is shipped, or all comes back: what is not shipped is cancelled, and the
//! money follows the goods.

use quoin_harness::{Reply, Shop, json};

use super::{
    Config, Json, act, cart, case, import, open_allocations, open_payments, payment, placed, start,
    stock, text, variant,
};

fn cancel(shop: &Shop, order: &Json) -> Reply {
    act(shop, order, "cancel", json!({"reason": "sold out"}))
}

/// Pieces of the order's first line.
fn pieces(order: &Json, quantity: u32) -> Json {
    json!([{"line": order["snapshot"]["lines"][0]["id"], "quantity": quantity}])
}

/// Pieces of the order's first line, at a location.
fn pieces_at(order: &Json, quantity: u32, location: &str) -> Json {
    let mut lines = pieces(order, quantity);
    lines[0]["location"] = json!(location);
    lines
}

fn states(order: &Json) -> [String; 3] {
    ["state", "payment", "fulfilment"].map(|name| text(order, name))
}

/// State, captured, voided and refunded, as the provider has them.
fn money(shop: &Shop, order: &Json) -> (String, [i64; 3]) {
    let payment = payment(shop, order);
    let sums = ["captured", "voided", "refunded"];
    (
        text(&payment, "state"),
        sums.map(|name| payment[name]["minor"].as_i64().expect("minor units")),
    )
}

fn last_events(order: &Json, count: usize) -> Vec<String> {
    let events = order["history"].as_array().expect("events");
    events[events.len() - count..].iter().map(|event| text(event, "what")).collect()
}

/// On hand and allocated at each location, by its name.
fn places(shop: &Shop, sku: &str) -> Vec<(String, i64, i64)> {
    let levels = shop.admin().get(&format!("/admin/stock/levels/{}", variant(shop, sku))).ok();
    let number = |level: &Json, name: &str| level[name].as_i64().expect("a number");
    let place = |level: &Json| {
        (text(level, "location"), number(level, "onHand"), number(level, "allocated"))
    };
    levels.as_array().expect("levels").iter().map(place).collect()
}

/// A shop with 4 mugs in the attic and 3 in the main store, and an order of 6 of them.
fn from_two_places() -> (quoin_harness::Host, Shop, Json) {
    let (host, shop) = start(Config::default(), 3, 10);
    shop.admin().put("/admin/locations/attic", json!({"title": "Attic"})).ok();
    import(&shop, "stock", "sku,on_hand,location\nmug,4,attic\n");
    let order = placed(&shop, &cart(&shop, &[("mug", 6)]));
    (host, shop, order)
}

fn at(places: &[(&str, i64, i64)]) -> Vec<(String, i64, i64)> {
    places.iter().map(|(name, on_hand, allocated)| ((*name).into(), *on_hand, *allocated)).collect()
}

#[test]
fn the_rest_of_an_order_is_cancelled_and_only_what_was_shipped_is_captured() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 3), ("bowl", 1)]));
    act(&shop, &order, "ship", json!({"lines": pieces(&order, 1)})).ok();
    let rest = cancel(&shop, &order).ok();
    assert_eq!(states(&rest), ["open", "authorized", "fulfilled"]);
    let bowl = &order["snapshot"]["lines"][1]["id"];
    let mut cancelled = pieces(&order, 2);
    cancelled.as_array_mut().expect("parts").push(json!({"line": bowl, "quantity": 1}));
    assert_eq!((&rest["cancelled"], &rest["shipped"]), (&cancelled, &pieces(&order, 1)));
    assert_eq!(last_events(&rest, 1), ["3 not shipped, cancelled: sold out"]);
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((9, 0), (10, 0)));
    assert_eq!(open_allocations(&shop), 0);
    // Nothing is left to ship or to cancel, and the money comes when it comes.
    act(&shop, &order, "ship", json!({})).expect(422);
    act(&shop, &order, "ship", json!({"lines": pieces(&order, 1)})).expect(422);
    assert_eq!(case(&cancel(&shop, &order).expect(409)), "conflict");
    assert_eq!(money(&shop, &order), ("authorized".into(), [0, 0, 0]));
    let paid = act(&shop, &order, "capture", json!({})).ok();
    assert_eq!(states(&paid), ["completed", "paid", "fulfilled"]);
    assert_eq!(paid["captured"]["minor"], 450);
    assert_eq!(last_events(&paid, 2), ["payment paid", "order completed"]);
    assert_eq!(money(&shop, &order), ("captured".into(), [450, 1_900, 0]));
    assert_eq!(act(&shop, &order, "capture", json!({})).ok(), paid);
    assert_eq!(open_payments(&shop, "invoice"), 0);
    assert_eq!(shop.get(&format!("/orders/{}", text(&order, "id"))).ok()["cancelled"], cancelled);
}

#[test]
fn what_was_captured_for_the_rest_is_refunded_and_the_order_completed() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 3), ("bowl", 1)]));
    act(&shop, &order, "capture", json!({})).ok();
    act(&shop, &order, "ship", json!({"lines": pieces(&order, 1)})).ok();
    let rest = cancel(&shop, &order).ok();
    assert_eq!(states(&rest), ["completed", "partially-refunded", "fulfilled"]);
    assert_eq!(rest["refunded"]["minor"], 1_900);
    let events =
        ["3 not shipped, cancelled: sold out", "order completed", "payment partially-refunded"];
    let mut told = last_events(&rest, 3);
    told.sort();
    let mut events = events.map(str::to_owned).to_vec();
    events.sort();
    assert_eq!(told, events);
    assert_eq!(case(&cancel(&shop, &order).expect(409)), "conflict");
    assert_eq!(money(&shop, &order), ("captured".into(), [2_350, 0, 1_900]));
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((9, 0), (10, 0)));
}

#[test]
fn no_more_is_refunded_for_the_rest_than_is_left() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 2)]));
    act(&shop, &order, "capture", json!({})).ok();
    let path = format!("/admin/orders/{}/refund", text(&order, "id"));
    let refund = json!({"amount": {"minor": 700, "currency": "EUR"}});
    shop.admin().request("POST", &path).header("idempotency-key", "r").json(&refund).send().ok();
    act(&shop, &order, "ship", json!({"lines": pieces(&order, 1)})).ok();
    let rest = cancel(&shop, &order).ok();
    assert_eq!(states(&rest), ["completed", "refunded", "fulfilled"]);
    assert_eq!(money(&shop, &order), ("refunded".into(), [900, 0, 900]));
}

#[test]
fn the_rest_is_released_where_it_was_allocated() {
    let (_host, shop, order) = from_two_places();
    assert_eq!(places(&shop, "mug"), at(&[("attic", 4, 4), ("main", 3, 2)]));
    for location in ["main", "attic"] {
        act(&shop, &order, "ship", json!({"lines": pieces_at(&order, 1, location)})).ok();
    }
    cancel(&shop, &order).ok();
    assert_eq!(places(&shop, "mug"), at(&[("attic", 3, 0), ("main", 2, 0)]));
}

#[test]
fn an_order_whose_goods_all_came_back_is_cancelled_and_its_payment_voided() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 2)]));
    act(&shop, &order, "ship", json!({})).ok();
    let back = |quantity| {
        let body = json!({"lines": pieces(&order, quantity), "reason": "not as expected"});
        act(&shop, &order, "take-back", body).ok()
    };
    back(1);
    // The buyer has one.
    assert_eq!(case(&cancel(&shop, &order).expect(409)), "conflict");
    back(1);
    let cancelled = cancel(&shop, &order).ok();
    assert_eq!(states(&cancelled), ["cancelled", "voided", "fulfilled"]);
    assert_eq!(last_events(&cancelled, 2), ["order cancelled: sold out", "payment voided"]);
    assert_eq!(cancel(&shop, &order).ok(), cancelled);
    assert_eq!(money(&shop, &order), ("voided".into(), [0, 900, 0]));
    assert_eq!((stock(&shop, "mug"), open_payments(&shop, "invoice")), ((10, 0), 0));
}

#[test]
fn an_order_that_came_back_before_all_was_shipped_is_cancelled_and_refunded() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 2)]));
    act(&shop, &order, "capture", json!({})).ok();
    act(&shop, &order, "ship", json!({"lines": pieces(&order, 1)})).ok();
    let back = json!({"lines": pieces(&order, 1), "reason": "broken", "restock": false});
    act(&shop, &order, "take-back", back).ok();
    let cancelled = cancel(&shop, &order).ok();
    assert_eq!(states(&cancelled), ["cancelled", "refunded", "partially-fulfilled"]);
    assert_eq!(cancelled["cancelled"], pieces(&order, 1));
    assert_eq!(money(&shop, &order), ("refunded".into(), [900, 0, 900]));
    assert_eq!(stock(&shop, "mug"), (9, 0));
}

#[test]
fn an_order_that_is_completed_is_refunded_and_not_cancelled() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 1)]));
    act(&shop, &order, "capture", json!({})).ok();
    act(&shop, &order, "ship", json!({})).ok();
    let back = json!({"lines": pieces(&order, 1), "reason": "too small"});
    act(&shop, &order, "take-back", back).ok();
    assert_eq!(case(&cancel(&shop, &order).expect(409)), "conflict");
    assert_eq!(money(&shop, &order), ("captured".into(), [450, 0, 0]));
}

#[test]
fn nothing_is_shipped_of_an_order_that_was_wholly_refunded() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let order = placed(&shop, &cart(&shop, &[("mug", 2)]));
    act(&shop, &order, "capture", json!({})).ok();
    let path = format!("/admin/orders/{}/refund", text(&order, "id"));
    let refund = |body: Json| {
        let (admin, key) = (shop.admin(), body.to_string());
        admin.request("POST", &path).header("idempotency-key", &key).json(&body).send().ok()
    };
    refund(json!({"amount": {"minor": 100, "currency": "EUR"}}));
    act(&shop, &order, "ship", json!({"lines": pieces(&order, 1)})).ok();
    refund(json!({}));
    assert_eq!(case(&act(&shop, &order, "ship", json!({})).expect(409)), "conflict");
    assert_eq!(stock(&shop, "mug"), (9, 1));
    let rest = cancel(&shop, &order).ok();
    assert_eq!(states(&rest), ["completed", "refunded", "fulfilled"]);
    assert_eq!(stock(&shop, "mug"), (9, 0));
}

#[test]
fn goods_come_back_to_where_they_came_from_or_to_where_the_staff_say() {
    let (_host, shop, order) = from_two_places();
    shop.admin().put("/admin/locations/returns", json!({"title": "Returns"})).ok();
    act(&shop, &order, "ship", json!({})).ok();
    assert_eq!(places(&shop, "mug"), at(&[("attic", 0, 0), ("main", 1, 0)]));
    let back = |lines: Json| {
        act(&shop, &order, "take-back", json!({"lines": lines, "reason": "too small"}))
    };
    // Nobody knows where this one is from, so nothing happens before the staff say it.
    let problem = back(pieces(&order, 1)).expect(422);
    let fault = &problem["error"]["val"][0];
    assert_eq!(text(fault, "field"), "lines/0/location", "{problem}");
    assert!(text(fault, "problem").contains("attic, main"), "{problem}");
    assert_eq!(places(&shop, "mug"), at(&[("attic", 0, 0), ("main", 1, 0)]));
    for location in ["main", "returns"] {
        back(pieces_at(&order, 1, location)).ok();
    }
    let expected = at(&[("attic", 0, 0), ("main", 2, 0), ("returns", 1, 0)]);
    assert_eq!(places(&shop, "mug"), expected);
    // With all that is out there is nothing to guess: three of the attic's, one of the main store's.
    back(pieces(&order, 4)).ok();
    let expected = at(&[("attic", 3, 0), ("main", 3, 0), ("returns", 1, 0)]);
    assert_eq!(places(&shop, "mug"), expected);
    assert_eq!(case(&back(pieces_at(&order, 1, "main")).expect(422)), "invalid");
}

#[test]
fn goods_of_an_order_that_waits_for_its_money_are_listed_and_given_back_when_it_is_cancelled() {
    let config = r#"methods = "invoice,transfer", in-advance = "transfer""#;
    let (_host, shop) = start(Config { payment: config, ..Config::default() }, 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let order = super::place_by(&shop, &cart, "transfer").expect(200)["order"].take();
    assert_eq!((stock(&shop, "mug"), open_allocations(&shop)), ((10, 2), 1));
    let waiting = || {
        let payments = shop.admin().get("/admin/open-manual-payments/transfer").ok();
        let orders = shop.admin().get("/admin/orders?payment=pending").ok();
        let first = |page: &Json| page["items"][0]["id"].as_str().map(str::to_owned);
        (first(&payments), first(&orders))
    };
    let ids = (Some(text(&order, "paymentId")), Some(text(&order, "id")));
    assert_eq!(waiting(), ids);
    let cancelled = cancel(&shop, &order).ok();
    assert_eq!(states(&cancelled), ["cancelled", "voided", "unfulfilled"]);
    assert_eq!((stock(&shop, "mug"), open_allocations(&shop)), ((10, 0), 0));
    assert_eq!(waiting(), (None, None));
    // Money that comes after that is nobody's: it is not taken.
    let path = format!("/admin/manual-payments/{}/receive", text(&order, "paymentId"));
    assert_eq!(case(&shop.admin().post(&path, json!({})).expect(409)), "conflict");
}

/// An order of three mugs and a bowl by this method, of which a mug was shipped.
fn partly_shipped(method: &str) -> (quoin_harness::Host, Shop, Json) {
    let (host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 3), ("bowl", 1)]);
    let order = super::place_by(&shop, &cart, method).expect(200)["order"].take();
    act(&shop, &order, "ship", json!({"lines": pieces(&order, 1)})).ok();
    (host, shop, order)
}

#[test]
fn what_was_never_captured_for_the_rest_is_not_refunded() {
    // The money was due with the order, and all of it at once could not be captured.
    let (_host, shop, order) = partly_shipped("authorized-due-in-parts");
    assert_eq!(money(&shop, &order), ("authorized".into(), [0, 0, 0]));
    let rest = cancel(&shop, &order).ok();
    assert_eq!(states(&rest), ["completed", "paid", "fulfilled"]);
    assert_eq!(money(&shop, &order), ("captured".into(), [450, 1_900, 0]));
}

#[test]
fn what_is_due_is_captured_once_whatever_comes_of_giving_up_the_rest() {
    // Nobody knows at first whether the rest was given up.
    let (_host, shop, order) = partly_shipped("authorized-half-then-authorized");
    cancel(&shop, &order).ok();
    let unsure = act(&shop, &order, "capture", json!({})).ok();
    assert_eq!(
        (text(&unsure, "payment").as_str(), &unsure["captured"]["minor"]),
        ("pending", &json!(450))
    );
    let paid = act(&shop, &order, "capture", json!({})).ok();
    assert_eq!(states(&paid), ["completed", "paid", "fulfilled"]);
    assert_eq!(money(&shop, &order), ("captured".into(), [450, 1_900, 0]));
    // It cannot be given up at all.
    let (_host, shop, order) = partly_shipped("authorized-unvoidable");
    cancel(&shop, &order).ok();
    for _ in 0..2 {
        let order = act(&shop, &order, "capture", json!({})).ok();
        assert_eq!(
            (text(&order, "payment").as_str(), &order["captured"]["minor"]),
            ("authorized", &json!(450))
        );
        assert_eq!(money(&shop, &order), ("authorized".into(), [450, 0, 0]));
    }
}

#[test]
fn the_rest_is_cancelled_when_it_is_known_what_came_of_the_payment() {
    let (_host, shop, order) = partly_shipped("authorized-unsure");
    let pending = act(&shop, &order, "capture", json!({})).ok();
    assert_eq!(case(&cancel(&shop, &order).expect(409)), "conflict");
    assert_eq!(shop.get(&format!("/orders/{}", text(&order, "id"))).ok()["cancelled"], json!([]));
    assert_eq!((text(&pending, "payment").as_str(), stock(&shop, "mug")), ("pending", (9, 2)));
    let (_host, shop, order) = partly_shipped("authorized-unsure-then-captured");
    assert_eq!(act(&shop, &order, "capture", json!({})).ok()["payment"], "pending");
    let rest = cancel(&shop, &order).ok();
    assert_eq!(states(&rest), ["completed", "partially-refunded", "fulfilled"]);
    assert_eq!(money(&shop, &order), ("captured".into(), [2_350, 0, 1_900]));
}

#[test]
fn a_refund_of_which_nobody_knew_is_made_when_it_is_known_that_it_was_not() {
    let (_host, shop, order) = partly_shipped("authorized-vague-then-captured");
    act(&shop, &order, "capture", json!({})).ok();
    assert_eq!(cancel(&shop, &order).ok()["payment"], "pending");
    super::confirm(&shop, &order);
    assert_eq!(money(&shop, &order), ("captured".into(), [2_350, 0, 1_900]));
    super::confirm(&shop, &order);
    assert_eq!(money(&shop, &order), ("captured".into(), [2_350, 0, 1_900]));
}

#[test]
fn an_order_whose_payment_is_declined_when_it_is_captured_is_cancelled_with_its_goods_given_back() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let place = |method: &str| {
        let cart = cart(&shop, &[("mug", 2)]);
        super::place_by(&shop, &cart, method).expect(200)["order"].take()
    };
    let order = place("authorized-bounces");
    let fallen = act(&shop, &order, "capture", json!({})).ok();
    assert_eq!(states(&fallen), ["cancelled", "declined", "unfulfilled"]);
    assert_eq!(case(&act(&shop, &order, "capture", json!({})).expect(409)), "conflict");
    // The same where the money is due with an order that waited for it.
    let order = place("unknown-due-bounces-then-authorized");
    assert_eq!(stock(&shop, "mug"), (10, 2));
    assert_eq!(super::confirm(&shop, &order)["outcome"], "declined");
    assert_eq!((stock(&shop, "mug"), open_allocations(&shop)), ((10, 0), 0));
}

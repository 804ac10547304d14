//! What can follow what, and what the history tells.

use quoin_harness::json;

use super::goods::ship;
use super::{Json, call, create, create_of, draft, euros, field, record, start};

const EVERYTHING: [(&str, u32); 3] = [("l1", 2), ("l2", 1), ("l3", 1)];

fn states(order: &Json) -> [String; 3] {
    ["state", "payment", "fulfilment"].map(|name| field(order, name))
}

/// What happened, with the minor units that moved.
fn events(order: &Json) -> Vec<(String, Option<i64>)> {
    let events = order["history"].as_array().expect("events").iter();
    events.map(|e| (field(e, "what"), e["amount"]["minor"].as_i64())).collect()
}

#[test]
fn the_money_goes_only_where_money_can_go() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    record(&shop, &id, "paid", 2_350, 0).ok();
    for impossible in ["authorized", "voided", "declined"] {
        record(&shop, &id, impossible, 2_350, 0).expect(409);
    }
    record(&shop, &id, "partially-refunded", 2_350, 100).ok();
    let refunded = record(&shop, &id, "refunded", 2_350, 2_350).ok();
    for impossible in ["pending", "authorized", "paid", "partially-refunded", "voided"] {
        record(&shop, &id, impossible, 2_350, 2_350).expect(409);
    }
    let voided = field(&create(&shop, "b").ok(), "id");
    record(&shop, &voided, "voided", 0, 0).ok();
    record(&shop, &voided, "paid", 2_350, 0).expect(409);
    // A bank may take its word back.
    let declined = field(&create(&shop, "c").ok(), "id");
    record(&shop, &declined, "declined", 0, 0).ok();
    // What is so already is no step: neither a revision nor an event.
    assert_eq!(record(&shop, &id, "refunded", 2_350, 2_350).ok(), refunded);
    assert_eq!(refunded["revision"], 4);
}

#[test]
fn a_pending_payment_comes_to_something() {
    let (_host, shop) = start();
    for (payment, captured) in [("authorized", 0), ("paid", 2_350), ("declined", 0), ("voided", 0)]
    {
        let order = create_of(&shop, payment, draft(payment), "pending").ok();
        assert_eq!(order["payment"], "pending");
        let order = record(&shop, &field(&order, "id"), payment, captured, 0).ok();
        assert_eq!((&order["payment"], &order["revision"]), (&json!(payment), &json!(2)));
    }
}

#[test]
fn every_refund_is_in_the_history_with_its_amount() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    record(&shop, &id, "paid", 2_350, 0).ok();
    record(&shop, &id, "partially-refunded", 2_350, 100).ok();
    let order = record(&shop, &id, "partially-refunded", 2_350, 250).ok();
    assert_eq!(order["revision"], 4);
    assert_eq!((&order["captured"], &order["refunded"]), (&euros(2_350), &euros(250)));
    let order = record(&shop, &id, "refunded", 2_350, 2_350).ok();
    let refund = |state: &str, minor| (format!("payment {state}"), Some(minor));
    let expected = [
        ("order placed, payment authorized".into(), None),
        refund("paid", 2_350),
        refund("partially-refunded", 100),
        refund("partially-refunded", 150),
        refund("refunded", 2_100),
    ];
    assert_eq!(events(&order), expected);
    assert_eq!(call(&shop, "get", json!({ "id": id })).ok(), order);
}

#[test]
fn money_that_was_captured_and_given_back_in_between_leaves_both_events() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    let order = record(&shop, &id, "partially-refunded", 2_350, 50).ok();
    let expected =
        [("payment captured".into(), Some(2_350)), ("payment partially-refunded".into(), Some(50))];
    assert_eq!(events(&order)[1..], expected);
}

#[test]
fn sums_that_cannot_be_are_refused() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    record(&shop, &id, "paid", 100, 101).expect(422);
    record(&shop, &id, "paid", -1, 0).expect(422);
    let dollars = json!({"minor": 1, "currency": "USD"});
    let foreign = json!({"id": id, "payment": "paid", "captured": dollars, "refunded": euros(0)});
    call(&shop, "record-payment", foreign).expect(422);
    record(&shop, &id, "partially-refunded", 2_350, 100).ok();
    record(&shop, &id, "partially-refunded", 2_349, 100).expect(409);
    record(&shop, &id, "partially-refunded", 2_350, 99).expect(409);
    let order = call(&shop, "get", json!({ "id": id })).ok();
    assert_eq!((&order["captured"], &order["refunded"]), (&euros(2_350), &euros(100)));
}

#[test]
fn an_order_that_is_paid_when_it_is_made_has_captured_its_total() {
    let (_host, shop) = start();
    let order = create_of(&shop, "a", draft("a"), "paid").ok();
    assert_eq!((&order["payment"], &order["captured"]), (&json!("paid"), &euros(2_350)));
    assert_eq!(events(&order), [("order placed, payment paid".into(), Some(2_350))]);
}

#[test]
fn an_order_is_completed_when_it_is_paid_and_shipped_in_either_order() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    record(&shop, &id, "paid", 2_350, 0).ok();
    let order = ship(&shop, &id, &EVERYTHING).ok();
    assert_eq!(states(&order), ["completed", "paid", "fulfilled"]);
    let id = field(&create(&shop, "b").ok(), "id");
    ship(&shop, &id, &EVERYTHING).ok();
    let order = record(&shop, &id, "paid", 2_350, 0).ok();
    assert_eq!(states(&order), ["completed", "paid", "fulfilled"]);
    call(&shop, "cancel", json!({"id": id, "reason": "too late"})).expect(409);
    let events: Vec<String> = events(&order).into_iter().map(|(what, _)| what).collect();
    let expected = [
        "order placed, payment authorized",
        "4 shipped, fulfilled",
        "payment paid",
        "order completed",
    ];
    assert_eq!(events, expected);
}

#[test]
fn an_order_of_which_nothing_was_shipped_is_cancelled_once() {
    let (_host, shop) = start();
    let shipped = field(&create(&shop, "a").ok(), "id");
    ship(&shop, &shipped, &EVERYTHING).ok();
    call(&shop, "cancel", json!({"id": shipped, "reason": "no"})).expect(409);
    let id = field(&create(&shop, "b").ok(), "id");
    for reason in [String::new(), "x".repeat(301)] {
        call(&shop, "cancel", json!({"id": id, "reason": reason})).expect(422);
    }
    let cancelled = call(&shop, "cancel", json!({"id": id, "reason": "no need"})).ok();
    assert_eq!(states(&cancelled), ["cancelled", "authorized", "unfulfilled"]);
    assert_eq!(cancelled["cancelled"], super::goods::parts(&EVERYTHING));
    assert_eq!(call(&shop, "cancel", json!({"id": id, "reason": "again"})).ok(), cancelled);
    ship(&shop, &id, &[("l1", 1)]).expect(409);
    let nothing = euros(0);
    for (function, arguments) in [
        (
            "record-payment",
            json!({"id": "order_0", "payment": "paid", "captured": nothing, "refunded": nothing}),
        ),
        ("cancel", json!({"id": "order_0", "reason": "none"})),
        ("ship", json!({"id": "order_0", "lines": []})),
        ("take-back", json!({"id": "order_0", "lines": [], "reason": "none"})),
        ("find", json!({"number": "99"})),
        ("get-by-key", json!({"key": "none"})),
    ] {
        call(&shop, function, arguments).expect(404);
    }
}

#[test]
fn money_that_may_or_may_not_have_moved_is_pending_until_it_is_known() {
    let (_host, shop) = start();
    for (i, then) in ["authorized", "paid", "voided"].iter().enumerate() {
        let id = field(&create(&shop, &format!("cart-{i}")).ok(), "id");
        let order = record(&shop, &id, "pending", 0, 0).ok();
        assert_eq!((&order["payment"], &order["revision"]), (&json!("pending"), &json!(2)));
        let ship = json!({"id": id, "lines": [{"line": "l1", "quantity": 1}]});
        call(&shop, "ship", ship).expect(409);
        let captured = if *then == "paid" { 2_350 } else { 0 };
        assert_eq!(record(&shop, &id, then, captured, 0).ok()["payment"], *then);
    }
}

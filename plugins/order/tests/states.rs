//! What can follow what.

use quoin_harness::{Reply, Shop, json};

use super::{Json, call, create, field, start};

fn set_payment(shop: &Shop, id: &str, state: &str) -> Reply {
    call(shop, "set-payment", json!({"id": id, "payment": state}))
}

fn fulfil(shop: &Shop, id: &str, lines: &[(&str, u32)]) -> Reply {
    let lines: Json =
        lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
    shop.admin().post(&format!("/admin/orders/{id}/fulfil"), json!({"lines": lines}))
}

fn states(order: &Json) -> [String; 3] {
    ["state", "payment", "fulfilment"].map(|name| field(order, name))
}

#[test]
fn the_money_goes_only_where_money_can_go() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    for impossible in ["pending", "partially-refunded", "refunded"] {
        set_payment(&shop, &id, impossible).expect(409);
    }
    set_payment(&shop, &id, "paid").ok();
    for impossible in ["pending", "authorized", "voided"] {
        set_payment(&shop, &id, impossible).expect(409);
    }
    set_payment(&shop, &id, "partially-refunded").ok();
    let refunded = set_payment(&shop, &id, "refunded").ok();
    for impossible in ["pending", "authorized", "paid", "partially-refunded", "voided"] {
        set_payment(&shop, &id, impossible).expect(409);
    }
    let voided = field(&create(&shop, "b").ok(), "id");
    set_payment(&shop, &voided, "voided").ok();
    set_payment(&shop, &voided, "paid").expect(409);
    // The present state is no step: neither a revision nor an event.
    assert_eq!(set_payment(&shop, &id, "refunded").ok(), refunded);
    assert_eq!(refunded["revision"], 4);
}

#[test]
fn goods_are_sent_in_parts_and_never_more_than_were_ordered() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    fulfil(&shop, &id, &[("mug", 3)]).expect(422);
    fulfil(&shop, &id, &[("mug", 1), ("mug", 2)]).expect(422);
    fulfil(&shop, &id, &[("plate", 1)]).expect(422);
    fulfil(&shop, &id, &[("mug", 0)]).expect(422);
    fulfil(&shop, &id, &[]).expect(422);
    let part = fulfil(&shop, &id, &[("mug", 1)]).ok();
    assert_eq!(states(&part), ["open", "authorized", "partially-fulfilled"]);
    assert_eq!(part["fulfilled"], json!([{"sku": "mug", "quantity": 1}]));
    fulfil(&shop, &id, &[("mug", 2)]).expect(422);
    let all = fulfil(&shop, &id, &[("mug", 1), ("bowl", 1)]).ok();
    assert_eq!(states(&all), ["open", "authorized", "fulfilled"]);
    fulfil(&shop, &id, &[("bowl", 1)]).expect(422);
}

#[test]
fn an_order_is_completed_when_it_is_paid_and_sent_in_either_order() {
    let (_host, shop) = start();
    let everything = [("mug", 2), ("bowl", 1)];
    let id = field(&create(&shop, "a").ok(), "id");
    set_payment(&shop, &id, "paid").ok();
    let order = fulfil(&shop, &id, &everything).ok();
    assert_eq!(states(&order), ["completed", "paid", "fulfilled"]);
    let id = field(&create(&shop, "b").ok(), "id");
    fulfil(&shop, &id, &everything).ok();
    let order = set_payment(&shop, &id, "paid").ok();
    assert_eq!(states(&order), ["completed", "paid", "fulfilled"]);
    call(&shop, "cancel", json!({"id": id, "reason": "too late"})).expect(409);
    let events: Vec<String> =
        order["history"].as_array().expect("events").iter().map(|e| field(e, "what")).collect();
    assert_eq!(
        events,
        [
            "order placed, payment authorized",
            "3 sent, fulfilled",
            "payment paid",
            "order completed"
        ]
    );
}

#[test]
fn a_repeated_request_to_send_with_the_same_revision_sends_once() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    let path = format!("/admin/orders/{id}/fulfil");
    let body = json!({"lines": [{"sku": "mug", "quantity": 1}], "revision": 1});
    shop.admin().post(&path, body.clone()).ok();
    assert_eq!(shop.admin().post(&path, body).expect(409)["error"]["tag"], "conflict");
    let order = call(&shop, "get", json!({"id": id})).ok();
    assert_eq!(order["fulfilled"], json!([{"sku": "mug", "quantity": 1}]));
}

#[test]
fn an_order_is_cancelled_once_and_only_while_nothing_was_sent() {
    let (_host, shop) = start();
    let sent = field(&create(&shop, "a").ok(), "id");
    fulfil(&shop, &sent, &[("mug", 1)]).ok();
    call(&shop, "cancel", json!({"id": sent, "reason": "no"})).expect(409);
    let id = field(&create(&shop, "b").ok(), "id");
    call(&shop, "cancel", json!({"id": id, "reason": ""})).expect(422);
    let cancelled = call(&shop, "cancel", json!({"id": id, "reason": "no need"})).ok();
    assert_eq!(states(&cancelled), ["cancelled", "authorized", "unfulfilled"]);
    assert_eq!(call(&shop, "cancel", json!({"id": id, "reason": "again"})).ok(), cancelled);
    fulfil(&shop, &id, &[("mug", 1)]).expect(409);
    for (function, arguments) in [
        ("set-payment", json!({"id": "order_0", "payment": "paid"})),
        ("cancel", json!({"id": "order_0", "reason": "none"})),
        ("fulfil", json!({"id": "order_0", "lines": []})),
        ("get-by-number", json!({"number": "99"})),
        ("get-by-key", json!({"key": "none"})),
    ] {
        call(&shop, function, arguments).expect(404);
    }
}

//! What leaves, and what comes back.

use quoin_harness::{Reply, Shop, json};

use super::{Json, call, create, field, record, start};

pub fn parts(lines: &[(&str, u32)]) -> Json {
    lines.iter().map(|(line, quantity)| json!({"line": line, "quantity": quantity})).collect()
}

pub fn ship(shop: &Shop, id: &str, lines: &[(&str, u32)]) -> Reply {
    call(shop, "ship", json!({"id": id, "lines": parts(lines)}))
}

fn take_back(shop: &Shop, id: &str, lines: &[(&str, u32)]) -> Reply {
    let back = json!({"id": id, "lines": parts(lines), "reason": "too small"});
    call(shop, "take-back", back)
}

fn faulty(reply: Reply) -> Vec<String> {
    let problem = reply.expect(422);
    let faults = problem["error"]["val"].as_array().expect("faults");
    faults.iter().map(|fault| field(fault, "field")).collect()
}

#[test]
fn goods_are_shipped_in_parts_and_never_more_than_were_ordered() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    assert_eq!(faulty(ship(&shop, &id, &[("l1", 3)])), ["lines/0/quantity"]);
    assert_eq!(faulty(ship(&shop, &id, &[("l1", 1), ("l1", 2)])), ["lines/1/quantity"]);
    assert_eq!(faulty(ship(&shop, &id, &[("mug", 1)])), ["lines/0/line"]);
    assert_eq!(faulty(ship(&shop, &id, &[("l1", 0)])), ["lines/0/quantity"]);
    assert_eq!(faulty(ship(&shop, &id, &[])), ["lines"]);
    let part = ship(&shop, &id, &[("l3", 1), ("l1", 1)]).ok();
    assert_eq!(part["fulfilment"], "partially-fulfilled");
    // In the order of lines, whatever the order of shipping.
    assert_eq!(part["shipped"], parts(&[("l1", 1), ("l3", 1)]));
    assert_eq!(call(&shop, "get", json!({ "id": id })).ok(), part);
    ship(&shop, &id, &[("l1", 2)]).expect(422);
    let all = ship(&shop, &id, &[("l1", 1), ("l2", 1)]).ok();
    assert_eq!((&all["fulfilment"], &all["state"]), (&json!("fulfilled"), &json!("open")));
    assert_eq!(faulty(ship(&shop, &id, &[("l3", 1)])), ["lines/0/quantity"]);
    assert_eq!(all["snapshot"], super::draft("a"));
}

#[test]
fn a_line_that_leaves_from_two_places_is_named_twice() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    let order = ship(&shop, &id, &[("l1", 1), ("l1", 1)]).ok();
    assert_eq!(order["shipped"], parts(&[("l1", 2)]));
    assert_eq!(call(&shop, "get", json!({ "id": id })).ok(), order);
}

#[test]
fn a_repeated_request_with_the_same_revision_moves_goods_once() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    let out = json!({"id": id, "lines": parts(&[("l1", 1)]), "revision": 1});
    call(&shop, "ship", out.clone()).ok();
    assert_eq!(call(&shop, "ship", out).expect(409)["error"]["tag"], "conflict");
    let back = json!({"id": id, "lines": parts(&[("l1", 1)]), "reason": "late", "revision": 2});
    call(&shop, "take-back", back.clone()).ok();
    assert_eq!(call(&shop, "take-back", back).expect(409)["error"]["tag"], "conflict");
    let order = call(&shop, "get", json!({ "id": id })).ok();
    assert_eq!(order["shipped"], parts(&[("l1", 1)]));
    assert_eq!(order["returned"], parts(&[("l1", 1)]));
}

#[test]
fn no_more_comes_back_than_is_out() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    assert_eq!(faulty(take_back(&shop, &id, &[("l1", 1)])), ["lines/0/line"]);
    ship(&shop, &id, &[("l1", 2), ("l2", 1)]).ok();
    assert_eq!(faulty(take_back(&shop, &id, &[("l1", 3)])), ["lines/0/quantity"]);
    let order = take_back(&shop, &id, &[("l1", 1)]).ok();
    assert_eq!(order["returned"], parts(&[("l1", 1)]));
    let last = &order["history"].as_array().expect("events").last().expect("an event")["what"];
    assert_eq!(last, "1 came back: too small");
    assert_eq!(faulty(take_back(&shop, &id, &[("l1", 2)])), ["lines/0/quantity"]);
    take_back(&shop, &id, &[("l1", 1), ("l2", 1)]).ok();
    assert_eq!(faulty(take_back(&shop, &id, &[("l2", 1)])), ["lines/0/quantity"]);
    let without = json!({"id": id, "lines": parts(&[("l1", 1)]), "reason": ""});
    assert_eq!(faulty(call(&shop, "take-back", without)), ["reason"]);
    // What came back was shipped all the same, and is not shipped again.
    assert_eq!(faulty(ship(&shop, &id, &[("l1", 1)])), ["lines/0/quantity"]);
}

#[test]
fn nothing_leaves_before_the_money_is_there_or_promised() {
    let (_host, shop) = start();
    let id = field(&super::create_of(&shop, "p", super::draft("p"), "pending").ok(), "id");
    ship(&shop, &id, &[("l1", 1)]).expect(409);
    record(&shop, &id, "declined", 0, 0).ok();
    ship(&shop, &id, &[("l1", 1)]).expect(409);
    let voided = field(&create(&shop, "v").ok(), "id");
    record(&shop, &voided, "voided", 0, 0).ok();
    ship(&shop, &voided, &[("l1", 1)]).expect(409);
}

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

#[test]
fn nothing_leaves_when_all_the_money_was_given_back() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    record(&shop, &id, "partially-refunded", 2_350, 100).ok();
    ship(&shop, &id, &[("l1", 1)]).ok();
    let refunded = record(&shop, &id, "refunded", 2_350, 2_350).ok();
    assert_eq!(ship(&shop, &id, &[("l1", 1)]).expect(409)["error"]["tag"], "conflict");
    assert_eq!(call(&shop, "get", json!({ "id": id })).ok(), refunded);
}

#[test]
fn what_is_not_shipped_is_cancelled_and_never_leaves() {
    let (_host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    ship(&shop, &id, &[("l1", 1), ("l2", 1)]).ok();
    let order = call(&shop, "cancel", json!({"id": id, "reason": "sold out"})).ok();
    assert_eq!(order["cancelled"], parts(&[("l1", 1), ("l3", 1)]));
    assert_eq!((&order["state"], &order["fulfilment"]), (&json!("open"), &json!("fulfilled")));
    assert_eq!(call(&shop, "get", json!({ "id": id })).ok(), order);
    assert_eq!(faulty(ship(&shop, &id, &[("l1", 1)])), ["lines/0/quantity"]);
    call(&shop, "cancel", json!({"id": id, "reason": "again"})).expect(409);
    // What was shipped can still come back.
    let order = take_back(&shop, &id, &[("l1", 1)]).ok();
    assert_eq!((&order["returned"], &order["state"]), (&parts(&[("l1", 1)]), &json!("open")));
    take_back(&shop, &id, &[("l2", 1)]).ok();
    let order = call(&shop, "cancel", json!({"id": id, "reason": "all back"})).ok();
    assert_eq!((&order["state"], &order["revision"]), (&json!("cancelled"), &json!(6)));
    assert_eq!(order["cancelled"], parts(&[("l1", 1), ("l3", 1)]));
}

#[test]
fn a_thousand_parts_move_at_once_and_no_more() {
    let (_host, shop) = start();
    let mut many = super::draft("a");
    let line = &mut many["lines"][0];
    line["quantity"] = json!(2_000);
    line["total"]["minor"] = json!(2_000 * 450);
    let sum = json!(2_000 * 450 + 450 + 1_000);
    (many["subtotal"]["minor"], many["grand"]["minor"]) = (sum.clone(), sum);
    let id = field(&super::create_of(&shop, "a", many, "authorized").ok(), "id");
    let many = vec![("l1", 1); 1_001];
    assert_eq!(faulty(ship(&shop, &id, &many)), ["lines"]);
    let order = ship(&shop, &id, &many[..1_000]).ok();
    assert_eq!(order["shipped"], parts(&[("l1", 1_000)]));
    assert_eq!(faulty(take_back(&shop, &id, &many)), ["lines"]);
    let order = take_back(&shop, &id, &many[..1_000]).ok();
    assert_eq!(order["returned"], parts(&[("l1", 1_000)]));
    assert_eq!(call(&shop, "get", json!({ "id": id })).ok(), order);
}

#[test]
fn what_is_due_is_what_is_not_cancelled_rounded_for_the_buyer() {
    let (_host, shop) = start();
    let mut draft = super::draft("a");
    let line = &mut draft["lines"][0];
    (line["quantity"], line["unit"]["minor"]) = (json!(3), json!(333));
    line["total"]["minor"] = json!(999);
    let sum = json!(999 + 450 + 1_000);
    (draft["subtotal"]["minor"], draft["grand"]["minor"]) = (sum.clone(), sum);
    let order = super::create_of(&shop, "a", draft, "authorized").ok();
    assert_eq!(order["due"], order["snapshot"]["grand"]);
    let id = field(&order, "id");
    ship(&shop, &id, &[("l1", 2)]).ok();
    let order = call(&shop, "cancel", json!({"id": id, "reason": "sold out"})).ok();
    assert_eq!(order["due"], super::euros(666));
    take_back(&shop, &id, &[("l1", 2)]).ok();
    let order = call(&shop, "cancel", json!({"id": id, "reason": "all back"})).ok();
    assert_eq!((&order["state"], &order["due"]), (&json!("cancelled"), &super::euros(0)));
}

#[test]
fn an_order_of_which_only_gifts_are_kept_is_complete_when_its_payment_is_given_up() {
    let (_host, shop) = start();
    let mut draft = super::draft("a");
    let line = &mut draft["lines"][2];
    (line["unit"]["minor"], line["total"]["minor"]) = (json!(0), json!(0));
    (draft["subtotal"]["minor"], draft["grand"]["minor"]) = (json!(1_350), json!(1_350));
    let id = field(&super::create_of(&shop, "a", draft, "authorized").ok(), "id");
    ship(&shop, &id, &[("l3", 1)]).ok();
    let order = call(&shop, "cancel", json!({"id": id, "reason": "sold out"})).ok();
    assert_eq!((&order["state"], &order["due"]), (&json!("open"), &super::euros(0)));
    assert_eq!(record(&shop, &id, "voided", 0, 0).ok()["state"], "completed");
}

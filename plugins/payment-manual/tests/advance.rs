//! Payments whose money comes before the order goes on.

use quoin_harness::{Reply, Shop, json};

use super::{Json, authorize, call, case, get, id, start_with, totals, void};

const IN_ADVANCE: &str = r#"in-advance = "invoice", instructions = "Account 42.""#;

fn waiting(shop: &Shop, key: &str) -> Json {
    authorize(shop, "invoice", key, 1_000).ok()
}

fn receive(shop: &Shop, payment: &Json) -> Reply {
    shop.admin().post(&format!("/admin/manual-payments/{}/receive", id(payment)), json!({}))
}

fn decline(shop: &Shop, payment: &Json, reason: &str) -> Reply {
    let path = format!("/admin/manual-payments/{}/decline", id(payment));
    shop.admin().post(&path, json!({ "reason": reason }))
}

#[test]
fn it_waits_for_the_buyer_and_tells_what_to_do() {
    let (_host, shop) = start_with(IN_ADVANCE);
    let payment = waiting(&shop, "k");
    assert_eq!(payment["state"], "requires-action");
    assert_eq!(payment["message"], format!("Account 42. Reference: {}", id(&payment)));
    assert_eq!(totals(&shop, &id(&payment)), ("requires-action".into(), 0, 0, 0, 0));
    let which = json!({"method": "invoice", "id": payment["id"]});
    assert_eq!(call(&shop, "refresh", which.clone()).ok(), payment);
    assert_eq!(call(&shop, "list-open", json!({"method": "invoice"})).ok()["items"][0], payment);
    for act in ["capture", "refund"] {
        let asked = json!({"method": "invoice", "id": payment["id"], "key": act});
        assert_eq!(case(&call(&shop, act, asked).expect(409)), "conflict");
    }
    // Nobody waits for nothing.
    assert_eq!(authorize(&shop, "invoice", "free", 0).ok()["state"], "authorized");
}

#[test]
fn the_staff_record_once_that_the_money_came() {
    let (_host, shop) = start_with(IN_ADVANCE);
    let payment = waiting(&shop, "k");
    let received = receive(&shop, &payment).ok();
    assert_eq!((&received["state"], &received["message"]), (&json!("captured"), &Json::Null));
    assert_eq!(receive(&shop, &payment).ok(), received);
    assert_eq!(totals(&shop, &id(&payment)), ("captured".into(), 1_000, 1_000, 0, 0));
    assert_eq!(case(&decline(&shop, &payment, "no").expect(409)), "conflict");
    let refund = json!({"method": "invoice", "id": payment["id"], "key": "r"});
    assert_eq!(call(&shop, "refund", refund).ok()["state"], "refunded");
}

#[test]
fn the_staff_record_once_that_the_money_will_not_come() {
    let (_host, shop) = start_with(IN_ADVANCE);
    let payment = waiting(&shop, "k");
    decline(&shop, &payment, "").expect(422);
    decline(&shop, &payment, &"é".repeat(301)).expect(422);
    let declined = decline(&shop, &payment, "No money came.").ok();
    assert_eq!(
        (&declined["state"], &declined["message"]),
        (&json!("declined"), &json!("No money came."))
    );
    assert_eq!(decline(&shop, &payment, "again").ok(), declined);
    assert_eq!(case(&receive(&shop, &payment).expect(409)), "conflict");
    assert_eq!(get(&shop, &payment), declined);
    assert_eq!(totals(&shop, &id(&payment)), ("declined".into(), 0, 0, 0, 0));
}

#[test]
fn what_waits_can_be_given_up() {
    let (_host, shop) = start_with(IN_ADVANCE);
    let payment = waiting(&shop, "k");
    for _ in 0..2 {
        assert_eq!(void(&shop, &id(&payment), "v").ok()["state"], "voided");
    }
    assert_eq!(case(&receive(&shop, &payment).expect(409)), "conflict");
    assert_eq!(totals(&shop, &id(&payment)), ("voided".into(), 0, 0, 0, 0));
}

#[test]
fn only_staff_record_it_and_only_of_payments_that_wait() {
    let (_host, shop) = start_with(IN_ADVANCE);
    let payment = waiting(&shop, "k");
    for what in ["receive", "decline"] {
        let path = format!("/admin/manual-payments/{}/{what}", id(&payment));
        shop.post(&path, json!({"reason": "x"})).expect(401);
    }
    let promised = authorize(&shop, "cash", "c", 1_000).ok();
    assert_eq!(case(&receive(&shop, &promised).expect(409)), "conflict");
    assert_eq!(case(&decline(&shop, &promised, "no").expect(409)), "conflict");
    assert_eq!(case(&receive(&shop, &json!({"id": "pay_0"})).expect(404)), "not-found");
}

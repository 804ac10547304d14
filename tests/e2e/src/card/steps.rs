//! Every step of a card payment, and everything that can go wrong with it.

use quoin_harness::{json, until};

use super::Card;

/// What a provider does that does not do what it is asked, or does it and nobody hears of it.
const FAULTS: [&str; 4] = ["error", "drop", "lose", "late"];

/// The next request at this step goes wrong. A late answer comes when nobody waits for it any more.
fn fails(card: &Card, at: &str, fault: &str) {
    card.psp.fault(json!({ "at": at, "fault": fault, "ms": 12_000 }));
}

#[test]
fn a_buyer_pays_on_the_providers_page_and_the_order_is_paid() {
    let card = Card::start("return-url = \"https://shop.example/thanks/{payment}\"");
    let bought = card.buy();
    let placement = until("the page is there", || {
        Some(card.confirm(&bought)).filter(|placement| placement["nextUrl"].is_string())
    });
    assert_eq!(placement["outcome"], "requires-action");
    assert_eq!(card.order(&bought)["payment"], "pending");
    let page = placement["nextUrl"].as_str().expect("a URL");
    let declined = card.psp.browse(page, "outcome=decline");
    assert!(declined.text.contains("Your card was declined."), "{}", declined.text);
    let back = card.psp.browse(page, "outcome=pay");
    let expected = format!("https://shop.example/thanks/{}", bought.payment);
    assert_eq!((back.status, back.header("location")), (303, &*expected));
    let order = card.until(&bought, "paid");
    assert_eq!(order["captured"], order["snapshot"]["grand"]);
    assert_eq!(card.confirm(&bought)["outcome"], "placed");
    card.agrees();
    // Each step was asked for once.
    assert_eq!((card.asked("create"), card.asked("capture"), card.asked("cancel")), (1, 1, 0));
}

#[test]
fn an_intent_whose_creation_failed_in_any_way_is_there_once() {
    let card = Card::start("");
    let bought = FAULTS.map(|fault| {
        fails(&card, "create", fault);
        let bought = card.buy();
        card.act(&bought, "succeed");
        bought
    });
    bought.iter().for_each(|bought| drop(card.until(bought, "paid")));
    card.agrees();
    assert_eq!(card.psp.intents().len(), FAULTS.len());
}

#[test]
fn a_capture_that_failed_in_any_way_happened_once() {
    let card = Card::start("");
    let bought = FAULTS.map(|fault| {
        let bought = card.buy();
        fails(&card, "capture", fault);
        card.act(&bought, "succeed");
        until("it was asked for", || {
            let asked = card.psp.requests();
            let intent = card.psp.intent(&bought.payment)?;
            let path = format!("/v1/payment_intents/{}/capture", intent["id"].as_str()?);
            asked.iter().any(|request| request["target"] == path).then_some(())
        });
        bought
    });
    bought.iter().for_each(|bought| drop(card.until(bought, "paid")));
    card.agrees();
}

#[test]
fn a_refund_that_failed_in_any_way_happened_once() {
    let card = Card::start("");
    for fault in FAULTS {
        let bought = card.paid("paid");
        fails(&card, "refund", fault);
        let part = json!({ "amount": { "minor": 100, "currency": "EUR" } });
        let key = |key: &str| {
            let path = format!("/admin/orders/{}/refund", bought.order);
            let admin = card.shop.admin();
            admin.request("POST", &path).header("idempotency-key", key).json(&part).send().ok()
        };
        // The same twice, and an equal one beside it.
        let order = key("first");
        assert_eq!(order["payment"], "pending", "{order}");
        key("first");
        key("second");
        let order = card.until(&bought, "partially-refunded");
        assert!(order["refunded"]["minor"] == 100 || order["refunded"]["minor"] == 200, "{order}");
        until("both happened", || (card.order(&bought)["refunded"]["minor"] == 200).then_some(()));
        // All that is left.
        card.staff(&bought, "cancel", json!({ "reason": "sold out" })).ok();
        card.until(&bought, "refunded");
    }
    card.agrees();
    let refunds = card.psp.ledger().iter().filter(|entry| entry["kind"] == "refund").count();
    assert_eq!(refunds, 3 * FAULTS.len());
}

#[test]
fn a_cancellation_that_failed_in_any_way_leaves_nothing_authorized() {
    let card = Card::start_capturing_later();
    for fault in FAULTS {
        // One that is paid, and one that waits for its buyer.
        let (paid, waits) = (card.paid("authorized"), card.buy());
        until("it waits", || (card.payment(&waits)["state"] == "requires-action").then_some(()));
        for bought in [&paid, &waits] {
            fails(&card, "cancel", fault);
            card.staff(bought, "cancel", json!({ "reason": "changed her mind" })).ok();
            let order = card.until(bought, "voided");
            assert_eq!(order["state"], "cancelled");
        }
    }
    card.agrees();
}

#[test]
fn staff_capture_what_is_left_of_an_order_and_the_rest_is_given_up() {
    let card = Card::start_capturing_later();
    let bought = card.paid("authorized");
    let line = card.order(&bought)["snapshot"]["lines"][0]["id"].clone();
    card.staff(&bought, "ship", json!({ "lines": [{ "line": line, "quantity": 1 }] })).ok();
    card.staff(&bought, "cancel", json!({ "reason": "one is broken" })).ok();
    fails(&card, "capture", "lose");
    let order = card.staff(&bought, "capture", json!({})).ok();
    assert_eq!(order["payment"], "pending");
    let order = card.until(&bought, "paid");
    assert_eq!((&order["captured"], &order["state"]), (&order["due"], &json!("completed")));
    card.agrees();
}

#[test]
fn a_provider_that_is_away_for_a_while_costs_time_alone() {
    let card = Card::start("");
    card.psp.goes_away(2_500);
    let created = card.buy();
    card.act(&created, "succeed");
    card.until(&created, "paid");
    // At the moment in which it is to capture.
    let captured = card.buy();
    card.psp.webhooks(json!({ "delayMs": 300 }));
    until("there is an intent", || card.psp.intent(&captured.payment));
    card.psp.act(&captured.payment, "succeed");
    card.psp.goes_away(2_500);
    card.until(&captured, "paid");
    card.psp.goes_away(2_500);
    card.staff(&captured, "cancel", json!({ "reason": "no" })).ok();
    card.until(&captured, "refunded");
    card.agrees();
}

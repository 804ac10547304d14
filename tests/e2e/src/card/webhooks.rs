//! What the provider tells by itself: late, twice, in any order, forged, or never.

use quoin_harness::{json, until};

use super::Card;

#[test]
fn webhooks_that_come_often_and_in_any_order_change_nothing() {
    let card = Card::start("");
    card.psp.webhooks(json!({ "duplicates": 3, "reorders": true }));
    let bought: Vec<_> = (0..4).map(|_| card.paid("paid")).collect();
    for bought in &bought[..2] {
        card.staff(bought, "cancel", json!({ "reason": "no" })).ok();
        card.until(bought, "refunded");
    }
    // Those of what is over are still on their way.
    std::thread::sleep(std::time::Duration::from_millis(600));
    card.agrees();
    let kinds: Vec<_> = card.psp.ledger().iter().map(|entry| entry["kind"].clone()).collect();
    let count = |kind: &str| kinds.iter().filter(|known| **known == kind).count();
    assert_eq!((count("authorize"), count("capture"), count("refund")), (4, 4, 2));
    // Each event is looked into once: three of an order that is paid, one of a refund, which looks once itself.
    assert!(card.asked("read") <= 4 * 3 + 2 * 2, "asked {} times", card.asked("read"));
}

#[test]
fn an_answer_that_is_older_than_what_is_known_takes_nothing_back() {
    let card = Card::start("");
    let bought = card.buy();
    until("it waits", || (card.payment(&bought)["state"] == "requires-action").then_some(()));
    std::thread::sleep(std::time::Duration::from_millis(300));
    let before = card.asked("read");
    card.psp.fault(json!({ "at": "read", "fault": "late", "ms": 2_500 }));
    std::thread::scope(|scope| {
        let late = scope.spawn(|| card.confirm(&bought));
        until("it is out", || (card.asked("read") > before).then_some(()));
        // Meanwhile the buyer pays.
        card.act(&bought, "succeed");
        card.until(&bought, "paid");
        assert_eq!(late.join().expect("a client")["outcome"], "placed");
    });
    assert_eq!(card.order(&bought)["payment"], "paid");
    card.agrees();
}

#[test]
fn a_browser_that_comes_back_needs_no_webhook() {
    let card = Card::start("");
    card.psp.webhooks(json!({ "drops": true }));
    let bought = card.buy();
    until("the shop knows the page", || card.confirm(&bought)["nextUrl"].as_str().map(drop));
    card.act(&bought, "succeed");
    card.confirm(&bought);
    card.until(&bought, "paid");
    card.agrees();
}

#[test]
fn an_order_is_paid_though_neither_webhook_nor_browser_comes_back() {
    let card = Card::start("seconds-to-ask = \"1\"");
    card.psp.webhooks(json!({ "drops": true }));
    let bought = card.buy();
    card.act(&bought, "succeed");
    card.until(&bought, "paid");
    card.agrees();
}

#[test]
fn webhooks_are_taken_from_the_provider_alone() {
    let card = Card::start("");
    card.psp.webhooks(json!({ "drops": true }));
    let bought = card.buy();
    let intent = until("there is an intent", || card.psp.intent(&bought.payment));
    let body = json!({ "id": "evt_1", "data": { "object": intent } }).to_string();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.expect("a time").as_secs();
    let forged = format!("t={now},v1={}", "ab".repeat(32));
    for signature in ["", "nonsense", "t=1,v1=", &forged, &format!("t={now}")] {
        let request = card.shop.request("POST", "/webhooks/card");
        let reply = request.header("psp-signature", signature).body(body.clone()).send();
        assert_eq!(reply.status, 400, "{signature}: {}", reply.text);
    }
    assert_eq!(card.shop.get("/webhooks/card").status, 405);
    assert_eq!(card.asked("read"), 0);
}

#[test]
fn what_is_told_of_payments_that_nobody_knows_does_no_harm() {
    let card = Card::start("");
    let bought = card.paid("paid");
    let changed = |payment: &str| {
        let params = json!({ "method": "card", "payment": payment });
        card.shop.call("quoin:payment/events#changed", params).ok()
    };
    changed("pay_0");
    let before = card.order(&bought);
    for _ in 0..3 {
        changed(&bought.payment);
    }
    assert_eq!(card.order(&bought), before);
    card.agrees();
}

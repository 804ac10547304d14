//! What a provider refuses, once and for all.

use quoin_harness::{json, until};

use super::Card;

#[test]
fn an_order_that_the_provider_takes_no_card_for_is_cancelled_by_itself() {
    let card = Card::start("");
    card.psp.fails("create", "decline");
    let bought = card.buy();
    let order = card.until(&bought, "declined");
    assert_eq!(order["state"], "cancelled");
    let placement = card.confirm(&bought);
    assert_eq!(placement["outcome"], "declined");
    assert!(placement["message"].as_str().expect("a text").contains("another way to pay"));
    card.agrees();
}

#[test]
fn a_buyer_who_gives_up_on_the_page_leaves_a_cancelled_order() {
    let card = Card::start("");
    let bought = card.buy();
    card.act(&bought, "decline");
    card.act(&bought, "cancel");
    assert_eq!(card.until(&bought, "voided")["state"], "cancelled");
    card.agrees();
}

#[test]
fn a_capture_that_is_refused_is_not_tried_again_but_by_staff() {
    let card = Card::start("");
    let bought = card.buy();
    card.psp.fails("capture", "decline");
    card.act(&bought, "succeed");
    card.until(&bought, "authorized");
    let payment = card.payment(&bought);
    assert_eq!(payment["refused"], "The bank refused it.");
    // Nobody tries it again who only looks.
    card.confirm(&bought);
    card.agrees();
    assert_eq!(card.asked("capture"), 1);
    card.staff(&bought, "capture", json!({})).ok();
    card.until(&bought, "paid");
    assert_eq!(card.payment(&bought)["refused"], quoin_harness::Value::Null);
    card.agrees();
}

#[test]
fn a_refund_that_is_refused_is_told_and_staff_try_it_again() {
    let card = Card::start("");
    let bought = card.paid("paid");
    card.psp.fails("refund", "decline");
    card.staff(&bought, "cancel", json!({ "reason": "sold out" })).ok();
    let order = card.until(&bought, "paid");
    assert_eq!(order["state"], "cancelled");
    let told = || card.shop.log().iter().any(|line| line.to_string().contains("refuses Refund"));
    until("staff are told", || told().then_some(()));
    card.staff(&bought, "cancel", json!({ "reason": "once more" })).ok();
    card.until(&bought, "refunded");
    card.agrees();
}

//! Buyers who never come back.

use quoin_harness::{json, until};

use super::Card;

#[test]
fn a_payment_that_nobody_makes_is_given_up_and_its_goods_are_free() {
    let card = Card::start("seconds-to-pay = \"2\", seconds-to-ask = \"1\"");
    let bought = card.buy();
    let order = card.until(&bought, "voided");
    assert_eq!(order["state"], "cancelled");
    let placement = card.confirm(&bought);
    assert_eq!((&placement["outcome"], &placement["nextUrl"]), (&json!("declined"), &json!(null)));
    assert_eq!(placement["message"], "The payment was not made in time.");
    // Nor can it be made any more.
    assert_eq!(card.psp.act(&bought.payment, "succeed"), 409);
    card.agrees();
}

#[test]
fn what_is_paid_at_the_last_moment_is_paid_or_given_back() {
    let card = Card::start("seconds-to-pay = \"2\", seconds-to-ask = \"1\"");
    card.psp.webhooks(json!({ "drops": true }));
    let bought: Vec<_> = (0..4)
        .map(|number| {
            let bought = card.buy();
            until("there is an intent", || card.psp.intent(&bought.payment));
            std::thread::sleep(std::time::Duration::from_millis(1_500 + 250 * number));
            // It may be too late.
            card.psp.act(&bought.payment, "succeed");
            bought
        })
        .collect();
    for bought in &bought {
        let is_over = |payment: &str| matches!(payment, "paid" | "voided");
        until("it is over", || {
            card.order(bought)["payment"].as_str().filter(|p| is_over(p)).map(drop)
        });
    }
    card.agrees();
}

#[test]
fn a_payment_that_the_provider_was_never_asked_for_is_given_up_in_time() {
    let card = Card::start("seconds-to-pay = \"2\"");
    card.psp.goes_away(12_000);
    let bought = card.buy();
    let order = card.until(&bought, "voided");
    assert_eq!(order["state"], "cancelled");
    assert_eq!(card.psp.intents().len(), 0);
    card.agrees();
    // An intent whose answer was lost is found when the provider can be asked, and cancelled.
    card.psp.fault(json!({ "at": "create", "fault": "lose" }));
    card.psp.fault(json!({ "at": "create", "fault": "error", "times": 100 }));
    let bought = card.buy();
    card.until(&bought, "voided");
    card.agrees();
    assert_eq!(card.psp.intents()[0]["status"], "canceled");
}

//! The terms of methods, and which payments are open.

use quoin_harness::{Shop, json};

use super::{Json, apply, authorize, call, case, get, id, move_money, start, start_with, void};

fn in_currency(shop: &Shop, key: &str, minor: i64, currency: &str) -> Json {
    let request = json!({
        "key": key,
        "amount": {"minor": minor, "currency": currency},
        "description": "Your order",
        "email": null,
    });
    call(shop, "authorize", json!({"method": "cash", "request": request})).ok()
}

/// The keys of the open payments, page by page.
fn open(shop: &Shop, method: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let path = format!("/admin/open-manual-payments/{method}?limit=3");
    let mut next = path.clone();
    loop {
        let page = shop.admin().get(&next).ok();
        let items = page["items"].as_array().expect("items").iter();
        keys.extend(items.map(|p| p["key"].as_str().expect("a key").to_owned()));
        match page["next"].as_str() {
            Some(cursor) => next = format!("{path}&cursor={cursor}"),
            None => return keys,
        }
    }
}

#[test]
fn methods_have_the_terms_that_the_shop_configured() {
    let (_host, shop) = start_with(
        r#"methods = "cash, till", capture-at-order = "till", maximum = "cash=5.00 EUR""#,
    );
    assert_eq!(authorize(&shop, "till", "a", 9_000).ok()["capture"], "at-order");
    assert_eq!(authorize(&shop, "cash", "b", 500).ok()["capture"], "later");
    assert_eq!(case(&authorize(&shop, "invoice", "d", 1).expect(404)), "not-found");
}

#[test]
fn a_payment_beyond_the_maximum_is_declined_and_stays_so_for_its_key() {
    let (host, shop) = start_with(r#"maximum = "cash=5.00 EUR""#);
    let declined = authorize(&shop, "cash", "c", 501).ok();
    assert_eq!(
        (&declined["state"], &declined["authorized"]["minor"]),
        (&json!("declined"), &json!(0))
    );
    let message = declined["message"].as_str().expect("a text for the buyer");
    assert!(message.contains("5.00 EUR"), "{message}");
    let shop_without = apply(&host, "");
    assert_eq!(authorize(&shop_without, "cash", "c", 501).ok(), declined);
    let (which, key) = (id(&declined), json!("k"));
    for act in ["capture", "void", "refund"] {
        let asked = json!({"method": "cash", "id": which, "key": key});
        assert_eq!(case(&call(&shop, act, asked).expect(409)), "conflict");
    }
    assert!(open(&shop, "cash").is_empty());
}

#[test]
fn a_maximum_is_an_amount_in_a_currency() {
    let (_host, shop) = start_with(r#"maximum = "cash=5.00 EUR, cash=400 JPY""#);
    let state = |key, minor, currency| in_currency(&shop, key, minor, currency)["state"].clone();
    assert_eq!(state("a", 500, "EUR"), "authorized");
    assert_eq!(state("b", 501, "EUR"), "declined");
    // 400 of them are less than five euros.
    assert_eq!(state("c", 400, "JPY"), "authorized");
    assert_eq!(state("d", 401, "JPY"), "declined");
    // Nobody said how much of these is too much.
    assert_eq!(state("e", 1, "USD"), "declined");
    // Another method has no maximum.
    assert_eq!(authorize(&shop, "invoice", "f", 1_000_000).ok()["state"], "authorized");
}

#[test]
fn a_maximum_that_cannot_be_read_refuses_every_payment() {
    for maximum in ["cash:500", "cash=500", "cash=5.00", "cash=5.00 euros", "cash=5.000 EUR"] {
        let (_host, shop) = start_with(&format!("maximum = \"{maximum}\""));
        authorize(&shop, "cash", "a", 1).expect(502);
    }
}

#[test]
fn payments_of_a_method_that_is_offered_no_longer_are_within_reach() {
    let (host, shop) = start();
    let made = authorize(&shop, "invoice", "k", 1_000).ok();
    let other = authorize(&shop, "invoice", "other", 1_000).ok();
    let shop = apply(&host, r#"methods = "cash""#);
    authorize(&shop, "invoice", "new", 1).expect(404);
    assert_eq!(get(&shop, &made), made);
    assert_eq!(open(&shop, "invoice").len(), 2);
    let made = id(&made);
    move_money(&shop, "capture", &made, "c", None).ok();
    assert_eq!(move_money(&shop, "refund", &made, "r", None).ok()["state"], "refunded");
    assert_eq!(void(&shop, &id(&other), "v").ok()["state"], "voided");
    call(&shop, "ledger", json!({"method": "invoice", "id": made})).ok();
}

#[test]
fn open_payments_are_listed_oldest_first_until_they_are_settled() {
    let (_host, shop) = start();
    let payments: Vec<Json> =
        (0..7).map(|i| authorize(&shop, "invoice", &format!("k{i}"), 100).ok()).collect();
    authorize(&shop, "cash", "other", 100).ok();
    let all = open(&shop, "invoice");
    assert_eq!(all.len(), 7);
    let times: Vec<u64> = (all.iter())
        .map(|key| payments.iter().find(|p| p["key"] == key.as_str()).expect("one of them"))
        .map(|payment| payment["createdAt"].as_u64().expect("a time"))
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    move_money(&shop, "capture", &id(&payments[0]), "c", None).ok();
    move_money(&shop, "capture", &id(&payments[1]), "c", Some(50)).ok();
    void(&shop, &id(&payments[2]), "v").ok();
    let left = open(&shop, "invoice");
    assert_eq!(left.len(), 5);
    assert!(left.contains(&"k1".into()) && !left.contains(&"k0".into()), "{left:?}");
    shop.admin().get("/admin/open-manual-payments/invoice?cursor=nonsense").expect(422);
    shop.get("/admin/open-manual-payments/invoice").expect(401);
}

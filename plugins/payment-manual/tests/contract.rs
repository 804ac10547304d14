//! payment-manual against the real host: every movement once, never too much, and books that add up.

use quoin_harness::{Host, Reply, Shop, json};

#[path = "advance.rs"]
mod advance;
#[path = "methods.rs"]
mod methods;

type Json = serde_json::Value;

fn start() -> (Host, Shop) {
    start_with("")
}

fn start_with(config: &str) -> (Host, Shop) {
    let host = Host::start_compiled();
    let shop = apply(&host, config);
    (host, shop)
}

fn apply(host: &Host, config: &str) -> Shop {
    host.apply(&format!(
        r#"
        name = "test"
        [plugins.payment-manual]
        bundle = "payment-manual.wasm"
        grants = ["sql", "config", "clock", "random", "log"]
        config = {{ {config} }}
        "#
    ))
}

fn call(shop: &Shop, function: &str, arguments: Json) -> Reply {
    shop.call(&format!("quoin:payment/provider#{function}"), arguments)
}

fn authorize(shop: &Shop, method: &str, key: &str, minor: i64) -> Reply {
    let request = json!({
        "key": key,
        "amount": {"minor": minor, "currency": "EUR"},
        "description": "Your order",
        "email": "ada@example.org",
    });
    call(shop, "authorize", json!({"method": method, "request": request}))
}

fn get(shop: &Shop, payment: &Json) -> Json {
    call(shop, "get", json!({"method": payment["method"], "id": payment["id"]})).ok()
}

/// Captures or refunds; all that is left without an amount.
fn move_money(shop: &Shop, what: &str, id: &str, key: &str, minor: Option<i64>) -> Reply {
    let amount = minor.map(|minor| json!({"minor": minor, "currency": "EUR"}));
    call(shop, what, json!({"method": "invoice", "id": id, "key": key, "amount": amount}))
}

fn void(shop: &Shop, id: &str, key: &str) -> Reply {
    call(shop, "void", json!({"method": "invoice", "id": id, "key": key}))
}

fn id(payment: &Json) -> String {
    payment["id"].as_str().expect("an id").to_owned()
}

/// State, authorized, captured, voided, refunded. Checks that the ledger adds up to them.
fn totals(shop: &Shop, id: &str) -> (String, i64, i64, i64, i64) {
    let which = json!({"method": "invoice", "id": id});
    let payment = call(shop, "get", which.clone()).ok();
    let ledger = call(shop, "ledger", which).ok();
    let sum = |kind: &str| -> i64 {
        let entries = ledger.as_array().expect("entries").iter();
        entries
            .filter(|e| e["kind"] == kind)
            .map(|e| e["amount"]["minor"].as_i64().expect("an amount"))
            .sum()
    };
    let total = |name: &str| payment[name]["minor"].as_i64().expect("an amount");
    let sums = [sum("authorize"), sum("capture"), sum("void"), sum("refund")];
    let [a, c, v, r] = ["authorized", "captured", "voided", "refunded"].map(total);
    assert_eq!(sums, [a, c, v, r], "{payment} {ledger}");
    assert!(c + v <= a && r <= c, "{payment}");
    (payment["state"].as_str().expect("a state").to_owned(), a, c, v, r)
}

fn case(problem: &Json) -> &str {
    problem["error"]["tag"].as_str().expect("a typed error")
}

#[test]
fn the_same_key_authorizes_once_and_another_request_with_it_is_a_conflict() {
    let (_host, shop) = start();
    let first = authorize(&shop, "invoice", "cart/1", 5_000).ok();
    assert_eq!((&first["state"], &first["capture"]), (&json!("authorized"), &json!("later")));
    assert_eq!(authorize(&shop, "invoice", "cart/1", 5_000).ok(), first);
    for (method, minor) in [("invoice", 5_001), ("cash", 5_000)] {
        assert_eq!(case(&authorize(&shop, method, "cart/1", minor).expect(409)), "conflict");
    }
    let other = authorize(&shop, "invoice", "cart/2", 5_000).ok();
    assert_ne!(other["id"], first["id"]);
    assert_eq!(totals(&shop, &id(&first)), ("authorized".into(), 5_000, 0, 0, 0));
}

#[test]
fn many_requests_with_one_key_at_once_make_one_payment() {
    let (_host, shop) = start();
    let ids: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..16).map(|_| scope.spawn(|| id(&authorize(&shop, "cash", "k", 100).ok()))).collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[test]
fn captures_and_refunds_in_parts_never_exceed_what_there_is() {
    let (_host, shop) = start();
    let id = id(&authorize(&shop, "invoice", "k", 1_000).ok());
    move_money(&shop, "capture", &id, "c1", Some(300)).ok();
    move_money(&shop, "capture", &id, "c2", Some(701)).expect(409);
    move_money(&shop, "refund", &id, "r1", Some(301)).expect(409);
    move_money(&shop, "refund", &id, "r2", Some(100)).ok();
    // It is captured when nothing is left to capture.
    assert_eq!(totals(&shop, &id), ("authorized".into(), 1_000, 300, 0, 100));
    move_money(&shop, "capture", &id, "c3", None).ok();
    assert_eq!(totals(&shop, &id), ("captured".into(), 1_000, 1_000, 0, 100));
    move_money(&shop, "capture", &id, "c4", None).expect(409);
    void(&shop, &id, "v").expect(409);
    move_money(&shop, "refund", &id, "r3", None).ok();
    assert_eq!(totals(&shop, &id), ("refunded".into(), 1_000, 1_000, 0, 1_000));
    move_money(&shop, "refund", &id, "r4", None).expect(409);
    assert_eq!(totals(&shop, &id), ("refunded".into(), 1_000, 1_000, 0, 1_000));
}

#[test]
fn a_movement_asked_for_again_with_its_key_happens_once() {
    let (_host, shop) = start();
    let id = id(&authorize(&shop, "invoice", "k", 1_000).ok());
    for _ in 0..3 {
        move_money(&shop, "capture", &id, "c", Some(600)).ok();
        move_money(&shop, "refund", &id, "r1", Some(50)).ok();
        move_money(&shop, "refund", &id, "r2", Some(50)).ok();
    }
    assert_eq!(totals(&shop, &id), ("authorized".into(), 1_000, 600, 0, 100));
    // The same key with another amount, or for another movement.
    move_money(&shop, "capture", &id, "c", Some(601)).expect(409);
    move_money(&shop, "capture", &id, "c", None).expect(409);
    move_money(&shop, "refund", &id, "c", Some(600)).expect(409);
    move_money(&shop, "capture", &id, "k", None).expect(409);
    for _ in 0..2 {
        void(&shop, &id, "v").ok();
    }
    assert_eq!(totals(&shop, &id), ("captured".into(), 1_000, 600, 400, 100));
}

#[test]
fn concurrent_captures_take_no_more_than_is_authorized() {
    let (_host, shop) = start();
    let id = id(&authorize(&shop, "invoice", "k", 1_000).ok());
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|i| {
                let (shop, id) = (&shop, &id);
                scope.spawn(move || {
                    let key = format!("c{i}");
                    usize::from(move_money(shop, "capture", id, &key, Some(300)).status < 300)
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).sum()
    });
    assert_eq!(taken, 3);
    assert_eq!(totals(&shop, &id), ("authorized".into(), 1_000, 900, 0, 0));
}

#[test]
fn a_voided_payment_stays_voided() {
    let (_host, shop) = start();
    let id = id(&authorize(&shop, "invoice", "k", 1_000).ok());
    assert_eq!(void(&shop, &id, "v").ok()["state"], "voided");
    assert_eq!(void(&shop, &id, "v").ok()["state"], "voided");
    void(&shop, &id, "v2").expect(409);
    move_money(&shop, "capture", &id, "c", None).expect(409);
    move_money(&shop, "refund", &id, "r", None).expect(409);
    assert_eq!(authorize(&shop, "invoice", "k", 1_000).ok()["state"], "voided");
    assert_eq!(totals(&shop, &id), ("voided".into(), 1_000, 0, 1_000, 0));
}

#[test]
fn a_free_payment_is_captured_or_voided_once() {
    let (_host, shop) = start();
    let captured = id(&authorize(&shop, "invoice", "a", 0).ok());
    assert_eq!(move_money(&shop, "capture", &captured, "c", None).ok()["state"], "captured");
    move_money(&shop, "capture", &captured, "c2", None).expect(409);
    move_money(&shop, "refund", &captured, "r", None).expect(409);
    let voided = id(&authorize(&shop, "invoice", "b", 0).ok());
    assert_eq!(void(&shop, &voided, "v").ok()["state"], "voided");
    move_money(&shop, "capture", &voided, "c", None).expect(409);
    assert_eq!(totals(&shop, &captured), ("captured".into(), 0, 0, 0, 0));
}

#[test]
fn a_payment_is_found_by_its_method_alone_and_says_what_it_is_for() {
    let (_host, shop) = start();
    let made = authorize(&shop, "invoice", "k", 700).ok();
    assert_eq!(get(&shop, &made), made);
    assert_eq!((&made["key"], &made["description"]), (&json!("k"), &json!("Your order")));
    assert_eq!(made["amount"], made["authorized"]);
    assert!(made["createdAt"].as_u64().expect("a time") > 1_600_000_000_000);
    call(&shop, "get", json!({"method": "cash", "id": made["id"]})).expect(404);
    call(&shop, "get", json!({"method": "invoice", "id": "pay_0"})).expect(404);
}

#[test]
fn what_cannot_be_an_amount_or_a_key_is_named() {
    let (_host, shop) = start();
    let request = json!({
        "key": "",
        "amount": {"minor": -1, "currency": "EUR"},
        "description": "é".repeat(301),
        "email": "nobody",
    });
    let problem =
        call(&shop, "authorize", json!({"method": "cash", "request": request})).expect(422);
    let fields: Vec<&str> = problem["error"]["val"]
        .as_array()
        .expect("faults")
        .iter()
        .map(|fault| fault["field"].as_str().expect("a field"))
        .collect();
    assert_eq!(
        fields,
        ["request/key", "request/amount/minor", "request/description", "request/email"]
    );
    let request = json!({
        "key": "k-1",
        "amount": {"minor": 1, "currency": "EUR"},
        "description": "é".repeat(300),
        "email": null,
    });
    call(&shop, "authorize", json!({"method": "cash", "request": request})).ok();
    let id = id(&authorize(&shop, "invoice", "k", 100).ok());
    let dollars = json!({"minor": 1, "currency": "USD"});
    let capture = json!({"method": "invoice", "id": id, "key": "c", "amount": dollars});
    call(&shop, "capture", capture).expect(422);
    move_money(&shop, "capture", &id, "c", Some(0)).expect(422);
    move_money(&shop, "capture", &id, "c", Some(-5)).expect(422);
    assert_eq!(totals(&shop, &id), ("authorized".into(), 100, 0, 0, 0));
}

#[test]
fn the_staff_sees_a_payment_and_its_ledger_and_strangers_do_not() {
    let (_host, shop) = start();
    let id = id(&authorize(&shop, "invoice", "k", 100).ok());
    move_money(&shop, "capture", &id, "c", Some(40)).ok();
    let path = format!("/admin/manual-payments/invoice/{id}");
    assert_eq!(shop.admin().get(&path).ok()["captured"]["minor"], 40);
    let ledger = shop.admin().get(&format!("{path}/ledger")).ok();
    let kinds: Vec<&str> =
        ledger.as_array().expect("entries").iter().filter_map(|e| e["kind"].as_str()).collect();
    assert_eq!(kinds, ["authorize", "capture"]);
    shop.get(&path).expect(401);
    shop.get(&format!("{path}/ledger")).expect(401);
}

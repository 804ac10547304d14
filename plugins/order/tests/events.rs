//! What is told of orders, and to whom.

use quoin_harness::{Host, Shop, json, until};

use super::{Json, call, create, create_of, draft, euros, field, record, start};

/// A shop in which somebody listens: the plugin that writes mails, which go nowhere here.
fn heard() -> (Host, Shop) {
    let host = Host::start_compiled();
    let shop = host.apply(
        r#"
        name = "test"
        [plugins.order]
        bundle = "order.wasm"
        grants = ["sql", "config", "clock", "random", "call", "log"]
        [plugins.notify]
        bundle = "notify.wasm"
        grants = ["sql", "log", "config", "clock", "random", "later", "http", "mail"]
        config = { name = "Tea", from = "shop@tea.example", retry = "3600" }
        "#,
    );
    (host, shop)
}

/// What is outstanding, without the mails themselves.
fn outstanding(host: &Host) -> Vec<Json> {
    let later = host.manage("GET", "/v1/tenants/test/later", Json::Null).ok();
    let calls = later["calls"].as_array().expect("calls");
    calls.iter().filter(|call| !call.to_string().contains("delivery")).cloned().collect()
}

/// What was heard, the oldest first.
fn kinds(host: &Host, shop: &Shop) -> Vec<String> {
    until("all was told", || outstanding(host).is_empty().then_some(()));
    let page = shop.admin().get("/admin/mails?limit=100").ok();
    let mails = page["items"].as_array().expect("items");
    mails.iter().rev().map(|mail| field(mail, "kind")).collect()
}

#[test]
fn each_change_is_told_once_and_what_changes_nothing_is_not() {
    let (host, shop) = heard();
    let told = |expected: &[&str]| assert_eq!(kinds(&host, &shop), expected);
    let id = field(&create(&shop, "a").ok(), "id");
    create(&shop, "a").ok();
    told(&["placed"]);
    for _ in 0..2 {
        record(&shop, &id, "paid", 2_350, 0).ok();
    }
    told(&["placed", "paid"]);
    call(&shop, "ship", json!({ "id": id, "lines": [{ "line": "l1", "quantity": 1 }] })).ok();
    told(&["placed", "paid", "shipped"]);
    call(&shop, "cancel", json!({ "id": id, "reason": "sold out" })).ok();
    told(&["placed", "paid", "shipped", "cancelled"]);
    for _ in 0..2 {
        record(&shop, &id, "partially-refunded", 2_350, 1_000).ok();
    }
    told(&["placed", "paid", "shipped", "cancelled", "refunded"]);
    // What is refused is not told.
    call(&shop, "cancel", json!({ "id": id, "reason": "" })).expect(422);
    record(&shop, &id, "paid", 1, 0).expect(409);
    told(&["placed", "paid", "shipped", "cancelled", "refunded"]);
}

#[test]
fn an_order_of_the_most_lines_with_the_longest_names_is_told() {
    let (host, shop) = heard();
    let mut large = draft("large");
    // 200 characters, each of which takes as many bytes as any does.
    let name = |n: usize| format!("{n:03}{}", "🫖".repeat(197));
    let line = large["lines"][2].clone();
    let lines = (0..200).map(|n| {
        let mut line = line.clone();
        line["id"] = name(n).into();
        line
    });
    large["lines"] = lines.collect();
    (large["subtotal"], large["grand"]) = (euros(200_000), euros(200_000));
    let id = field(&create_of(&shop, "large", large, "paid").ok(), "id");
    call(&shop, "ship", json!({ "id": id })).ok();
    assert_eq!(kinds(&host, &shop), ["placed", "shipped"]);
}

#[test]
fn where_nobody_listens_nothing_is_recorded() {
    let (host, shop) = start();
    let id = field(&create(&shop, "a").ok(), "id");
    record(&shop, &id, "paid", 2_350, 0).ok();
    call(&shop, "ship", json!({ "id": id })).ok();
    let later = host.manage("GET", "/v1/tenants/test/later", Json::Null).ok();
    assert_eq!((&later["calls"], &later["done"]), (&json!([]), &json!([])), "{later}");
}

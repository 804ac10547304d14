//! pricing against the real host: which price applies, why, and what is refused.

use std::collections::BTreeMap;

use quoin_harness::{Host, Reply, Shop, json};

#[path = "import.rs"]
mod import;
#[path = "lists.rs"]
mod lists;

type Json = quoin_harness::Value;

/// A shop whose pricing has this configuration.
fn shop(host: &Host, config: &str) -> Shop {
    host.apply(&format!(
        r#"
        name = "test"
        [plugins.catalog]
        bundle = "catalog.wasm"
        grants = ["sql", "log", "clock", "random", "call", "files", "later"]
        [plugins.pricing]
        bundle = "pricing.wasm"
        grants = ["sql", "log", "config", "clock", "random", "call", "files", "later"]
        config = {{ {config} }}
        "#,
    ))
}

/// A shop with the list `regular` in EUR and nothing in it.
fn start() -> (Host, Shop) {
    let host = Host::start_compiled();
    let shop = shop(&host, "");
    list(&shop, json!({"id": "regular", "title": "Everyday", "kind": "regular"}));
    (host, shop)
}

/// Makes a price list; EUR with tax unless told.
fn list(shop: &Shop, mut list: Json) {
    let given = list.as_object_mut().expect("an object");
    for (member, value) in [("currency", json!("EUR")), ("taxIncluded", json!(true))] {
        given.entry(member).or_insert(value);
    }
    shop.admin().put("/admin/price-lists", list).ok();
}

/// Makes a product (a draft) with one variant for each SKU.
fn make(shop: &Shop, skus: &[&str]) {
    let slug = |sku: &str| sku.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    let row = |sku: &&str| format!("{},{sku},,,{sku}\n", slug(sku));
    let rows: String = skus.iter().map(row).collect();
    let csv = format!("slug,title,description,category,sku\n{rows}");
    let report = shop.admin().post_text("/admin/products/import", "text/csv", csv).ok();
    assert_eq!(report["faultCount"], 0, "{report}");
}

/// The ids of the variants with these SKUs; what has none stands for itself.
fn ids(shop: &Shop, skus: &[&str]) -> BTreeMap<String, String> {
    let mut ids: BTreeMap<String, String> =
        skus.iter().map(|sku| ((*sku).to_owned(), (*sku).to_owned())).collect();
    for some in skus.chunks(1_000) {
        let found = shop.call("quoin:catalog/variants#by-sku", json!({"skus": some})).ok();
        for variant in found.as_array().expect("a list") {
            let text = |member: &str| variant[member].as_str().expect("a text").to_owned();
            ids.insert(text("sku"), text("id"));
        }
    }
    ids
}

fn id(shop: &Shop, sku: &str) -> String {
    ids(shop, &[sku]).remove(sku).expect("an id")
}

/// Sets prices of (list, SKU, from which quantity, amount).
fn set(shop: &Shop, prices: &[(&str, &str, u32, i64)]) -> Reply {
    let skus: Vec<&str> = prices.iter().map(|price| price.1).collect();
    let ids = ids(shop, &skus);
    let price = |(list, sku, from, minor): &(&str, &str, u32, i64)| json!({"priceList": list, "variant": ids[*sku], "minQuantity": from, "minor": minor});
    shop.admin().put("/admin/prices", prices.iter().map(price).collect())
}

fn quote(shop: &Shop, lines: &[(&str, u32)]) -> Reply {
    shop.post("/prices/quote", request(shop, lines, json!({"currency": "EUR"})))
}

fn request(shop: &Shop, lines: &[(&str, u32)], context: Json) -> Json {
    let skus: Vec<&str> = lines.iter().map(|line| line.0).collect();
    let ids = ids(shop, &skus);
    let line = |(sku, quantity): &(&str, u32)| json!({"variant": ids[*sku], "quantity": quantity});
    json!({"lines": lines.iter().map(line).collect::<Json>(), "context": context})
}

/// Unit price, regular price and reason of one line.
fn priced(shop: &Shop, sku: &str, quantity: u32) -> (i64, Option<i64>, String) {
    let quoted = quote(shop, &[(sku, quantity)]).ok();
    told(&quoted[0])
}

fn told(quoted: &Json) -> (i64, Option<i64>, String) {
    let reason = quoted["reason"].as_str().expect("a reason").to_owned();
    (
        quoted["unit"]["minor"].as_i64().expect("a unit price"),
        quoted["regular"]["minor"].as_i64(),
        reason,
    )
}

/// The fields that an `invalid` answer names.
fn fields(reply: Reply) -> Vec<String> {
    let problem = reply.expect(422);
    assert_eq!(problem["error"]["tag"], "invalid", "{problem}");
    let faults = problem["error"]["val"].as_array().expect("faults").iter();
    faults.map(|fault| fault["field"].as_str().expect("a field").to_owned()).collect()
}

#[test]
fn a_quote_tells_price_total_tax_and_reason_in_the_order_asked_for() {
    let (_host, shop) = start();
    make(&shop, &["b", "Ü-日本"]);
    set(&shop, &[("regular", "b", 1, 250), ("regular", "Ü-日本", 1, 1234)]).ok();
    let quoted = quote(&shop, &[("Ü-日本", 3), ("b", 1), ("Ü-日本", 3)]).ok();
    let expected = json!({
        "variant": id(&shop, "Ü-日本"),
        "quantity": 3,
        "unit": {"minor": 1234, "currency": "EUR"},
        "total": {"minor": 3702, "currency": "EUR"},
        "regular": null,
        "taxIncluded": true,
        "reason": "regular \"Everyday\"",
    });
    assert_eq!(quoted, json!([expected, quoted[1], expected]));
    assert_eq!(quoted[1]["variant"], id(&shop, "b"));
    assert_eq!(quote(&shop, &[]).ok(), json!([]));
}

#[test]
fn a_quantity_break_applies_from_its_quantity_on() {
    let (_host, shop) = start();
    make(&shop, &["a"]);
    set(&shop, &[("regular", "a", 1, 1000), ("regular", "a", 10, 900), ("regular", "a", 50, 800)])
        .ok();
    assert_eq!(priced(&shop, "a", 9), (1000, None, "regular \"Everyday\"".into()));
    let from_10 = "regular \"Everyday\" from 10 pieces";
    assert_eq!(priced(&shop, "a", 10), (900, Some(1000), from_10.into()));
    assert_eq!(priced(&shop, "a", 49), (900, Some(1000), from_10.into()));
    assert_eq!(priced(&shop, "a", u32::MAX).0, 800);
    // Two lines of one variant are two quantities.
    let quoted = quote(&shop, &[("a", 1), ("a", 50)]).ok();
    assert_eq!((told(&quoted[0]).0, told(&quoted[1]).0), (1000, 800));
}

#[test]
fn the_lowest_of_sale_and_regular_prices_applies_and_the_plain_regular_one_is_shown() {
    let (_host, shop) = start();
    make(&shop, &["a"]);
    list(&shop, json!({"id": "summer", "title": "summer", "kind": "sale"}));
    set(&shop, &[("regular", "a", 1, 1000), ("regular", "a", 10, 700)]).ok();
    set(&shop, &[("summer", "a", 1, 800), ("summer", "a", 20, 600)]).ok();
    assert_eq!(priced(&shop, "a", 1), (800, Some(1000), "sale \"summer\"".into()));
    let reason = "regular \"Everyday\" from 10 pieces";
    assert_eq!(priced(&shop, "a", 10), (700, Some(1000), reason.into()));
    let reason = "sale \"summer\" from 20 pieces";
    assert_eq!(priced(&shop, "a", 20), (600, Some(1000), reason.into()));
    // A sale that is dearer is none.
    set(&shop, &[("summer", "a", 1, 1100)]).ok();
    assert_eq!(priced(&shop, "a", 1), (1000, None, "regular \"Everyday\"".into()));
}

#[test]
fn an_override_wins_over_lower_prices() {
    let (_host, shop) = start();
    make(&shop, &["book"]);
    list(&shop, json!({"id": "summer", "title": "summer", "kind": "sale"}));
    list(&shop, json!({"id": "fixed", "title": "fixed by law", "kind": "override"}));
    set(&shop, &[("regular", "book", 1, 1000), ("summer", "book", 1, 500)]).ok();
    set(&shop, &[("fixed", "book", 1, 1200)]).ok();
    assert_eq!(priced(&shop, "book", 1), (1200, Some(1000), "override \"fixed by law\"".into()));
}

#[test]
fn equal_prices_are_told_as_regular_and_then_by_the_first_list() {
    let (_host, shop) = start();
    make(&shop, &["a", "b"]);
    for id in ["aa", "ab"] {
        list(&shop, json!({"id": id, "title": id, "kind": "sale"}));
    }
    set(&shop, &[("regular", "a", 1, 500), ("ab", "a", 1, 500), ("aa", "a", 1, 500)]).ok();
    set(&shop, &[("ab", "b", 1, 500), ("aa", "b", 1, 500)]).ok();
    assert_eq!(priced(&shop, "a", 1), (500, None, "regular \"Everyday\"".into()));
    assert_eq!(priced(&shop, "b", 1), (500, None, "sale \"aa\"".into()));
}

#[test]
fn a_list_applies_between_its_dates_in_its_currency_and_channel_only() {
    let (_host, shop) = start();
    make(&shop, &["a"]);
    let far = 4_102_444_800_000_u64;
    let sales = [
        json!({"id": "over", "endsAt": 1_000}),
        json!({"id": "not-yet", "startsAt": far}),
        json!({"id": "dollars", "currency": "USD"}),
        json!({"id": "market", "channel": "market"}),
        json!({"id": "now", "startsAt": 1_000, "endsAt": far}),
    ];
    for (mut sale, minor) in sales.into_iter().zip([100, 200, 300, 400, 500]) {
        sale["title"] = sale["id"].clone();
        sale["kind"] = json!("sale");
        let id = sale["id"].as_str().expect("an id").to_owned();
        list(&shop, sale);
        set(&shop, &[(&id, "a", 1, minor)]).ok();
    }
    assert_eq!(priced(&shop, "a", 1), (500, None, "sale \"now\"".into()));
    let context = json!({"currency": "EUR", "channel": "market"});
    let quoted = shop.post("/prices/quote", request(&shop, &[("a", 1)], context)).ok();
    assert_eq!(told(&quoted[0]).0, 400);
    let context = json!({"currency": "USD"});
    let quoted = shop.post("/prices/quote", request(&shop, &[("a", 1)], context)).ok();
    assert_eq!(quoted[0]["total"], json!({"minor": 300, "currency": "USD"}));
}

#[test]
fn prices_of_a_group_are_for_those_who_know_who_is_in_it() {
    let (_host, shop) = start();
    let trade = json!({"id": "trade", "title": "trade", "kind": "regular", "group": "trade", "taxIncluded": false});
    make(&shop, &["a"]);
    list(&shop, trade);
    set(&shop, &[("regular", "a", 1, 1000), ("trade", "a", 1, 600)]).ok();
    assert_eq!(priced(&shop, "a", 1).0, 1000);
    let of_group = request(&shop, &[("a", 1)], json!({"currency": "EUR", "group": "trade"}));
    assert_eq!(shop.post("/prices/quote", of_group.clone()).expect(403)["error"]["tag"], "denied");
    let quoted = shop.admin().post("/prices/quote", of_group).ok();
    assert_eq!((told(&quoted[0]).0, &quoted[0]["taxIncluded"]), (600, &json!(false)));
}

#[test]
fn every_line_that_cannot_be_priced_is_named() {
    let (_host, shop) = start();
    make(&shop, &["a", "gold", "pairs"]);
    set(&shop, &[("regular", "a", 1, 100), ("regular", "gold", 1, 1_000_000_000_000)]).ok();
    set(&shop, &[("regular", "pairs", 2, 100)]).ok();
    let lines = [("a", 1), ("none", 1), ("pairs", 1), ("", 2), ("gold", u32::MAX)];
    let expected = ["lines/1/variant", "lines/2/variant", "lines/3/variant", "lines/4/quantity"];
    assert_eq!(fields(quote(&shop, &lines)), expected);
    assert_eq!(fields(quote(&shop, &[("a", 1), ("a", 0)])), ["lines/1/quantity"]);
    let lowercase = request(&shop, &[("a", 1)], json!({"currency": "eur"}));
    assert_eq!(fields(shop.post("/prices/quote", lowercase)), ["context/currency"]);
}

#[test]
fn a_thousand_lines_are_priced_at_once_and_not_one_more() {
    let (_host, shop) = start();
    let skus: Vec<String> = (0..1_001).map(|i| format!("sku-{i}")).collect();
    make(&shop, &skus.iter().map(String::as_str).collect::<Vec<_>>());
    let prices: Vec<_> = skus.iter().map(|sku| ("regular", sku.as_str(), 1, 100)).collect();
    assert_eq!(set(&shop, &prices).ok(), json!(1_001));
    let lines: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 2)).collect();
    let quoted = quote(&shop, &lines[..1_000]).ok();
    assert_eq!(quoted.as_array().map(Vec::len), Some(1_000));
    assert_eq!(quoted[999]["total"]["minor"], 200);
    assert_eq!(fields(quote(&shop, &lines)), ["lines"]);
}

#[test]
fn a_price_stays_with_its_variant_when_the_sku_changes() {
    let (_host, shop) = start();
    make(&shop, &["old"]);
    set(&shop, &[("regular", "old", 1, 500)]).ok();
    let id = id(&shop, "old");
    let csv = format!("slug,title,description,category,sku,variant_id\n6f6c64,old,,,new,{id}\n");
    shop.admin().post_text("/admin/products/import", "text/csv", csv).ok();
    assert_eq!(priced(&shop, "new", 1).0, 500);
    assert_eq!(fields(quote(&shop, &[("old", 1)])), ["lines/0/variant"]);
}

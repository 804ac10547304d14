//! inventory against the real host: what it promises, what it refuses, and that nothing is sold twice.

use std::collections::BTreeSet;

use quoin_harness::{Host, Reply, Shop, json};

#[path = "allocations.rs"]
mod allocations;
#[path = "parts.rs"]
mod parts;
#[path = "races.rs"]
mod races;
#[path = "random.rs"]
mod random;
#[path = "staff.rs"]
mod staff;

type Json = quoin_harness::Value;

const ALLOCATIONS: &str = "quoin:inventory/allocations";
const ADMIN: &str = "quoin:inventory/stock-admin";

/// A shop that knows a variant for each of these SKUs. Tests speak of variants by their SKUs.
fn start<'a>(skus: impl IntoIterator<Item = &'a str>) -> (Host, Shop) {
    let host = Host::start_compiled();
    let shop = host.apply(
        r#"
        name = "test"
        [plugins.catalog]
        bundle = "catalog.wasm"
        grants = ["sql", "log", "clock", "random", "call", "files", "later"]
        [plugins.inventory]
        bundle = "inventory.wasm"
        grants = ["sql", "log", "clock", "random", "call", "files", "later"]
        "#,
    );
    let skus: BTreeSet<&str> = skus.into_iter().collect();
    let rows: String = skus.iter().map(|sku| format!("{sku},{sku},,Things,{sku}\n")).collect();
    let csv = format!("slug,title,description,category,sku\n{rows}");
    let report = shop.admin().post_text("/admin/products/import", "text/csv", csv).ok();
    assert_eq!(report["faultCount"], 0, "{report}");
    (host, shop)
}

/// A shop with what this file says is on hand.
fn stocked(csv: &str) -> (Host, Shop) {
    let rows = csv.lines().skip(1);
    let (host, shop) = start(rows.filter_map(|row| row.split(',').next()));
    let report = import(&shop, csv);
    assert_eq!(report["faultCount"], 0, "{report}");
    (host, shop)
}

/// A shop with 7 mugs in two places.
fn two_places() -> (Host, Shop) {
    let (host, shop) = start(["mug"]);
    shop.admin().put("/admin/locations/attic", json!({"title": "Attic"})).ok();
    import(&shop, "sku,on_hand,location\nmug,3,main\nmug,4,attic\n");
    (host, shop)
}

/// The id of the variant with this SKU; what is no SKU stands for itself.
fn variant(shop: &Shop, sku: &str) -> String {
    let found = shop.call("quoin:catalog/variants#by-sku", json!({"skus": [sku]})).ok();
    found[0]["id"].as_str().unwrap_or(sku).to_owned()
}

fn import(shop: &Shop, csv: &str) -> Json {
    shop.admin().post_text("/admin/stock/import", "text/csv", csv).ok()
}

fn call(shop: &Shop, function: &str, arguments: Json) -> Reply {
    shop.call(&format!("{ALLOCATIONS}#{function}"), arguments)
}

fn admin(shop: &Shop, function: &str, arguments: Json) -> Reply {
    shop.call(&format!("{ADMIN}#{function}"), arguments)
}

/// Allocates lines with the ids 1, 2, 3 …
fn allocate(shop: &Shop, owner: &str, wanted: &[(&str, u32)]) -> Reply {
    let line = |(i, (sku, quantity)): (usize, &(&str, u32))| {
        let id = (i + 1).to_string();
        json!({"id": id, "variant": variant(shop, sku), "quantity": quantity})
    };
    let lines: Json = wanted.iter().enumerate().map(line).collect();
    call(shop, "allocate", json!({"owner": owner, "lines": lines}))
}

/// Releases, ships or restocks all that is left.
fn all(shop: &Shop, step: &str, owner: &str) -> Json {
    call(shop, step, json!({"owner": owner})).ok()
}

/// Releases, ships or restocks pieces of a line, at a location or wherever they are.
fn some(shop: &Shop, step: &str, line: &str, location: Option<&str>, quantity: u32) -> Reply {
    let part = json!({"line": line, "location": location, "quantity": quantity});
    call(shop, step, json!({"owner": "ada", "lines": [part]}))
}

/// Location, quantity, shipped, released and restocked of what an owner has.
fn has(shop: &Shop, owner: &str) -> Vec<(String, [u64; 4])> {
    let found = call(shop, "get", json!({"owner": owner})).ok();
    let numbers = |one: &Json| {
        ["quantity", "shipped", "released", "restocked"].map(|f| one[f].as_u64().expect("a number"))
    };
    let location = |one: &Json| one["location"].as_str().expect("a location").to_owned();
    found.as_array().expect("a list").iter().map(|one| (location(one), numbers(one))).collect()
}

fn available(shop: &Shop, sku: &str) -> u64 {
    let reply = shop.get(&format!("/stock?variants={}", variant(shop, sku))).ok();
    reply[0]["available"].as_u64().expect("a number")
}

fn adjust(shop: &Shop, sku: &str, location: &str, delta: i64) -> Reply {
    let variant = variant(shop, sku);
    let change = json!({
        "variant": variant, "location": location, "delta": delta, "reason": "counted",
    });
    shop.admin().post("/admin/stock/adjust", json!({"changes": [change]}))
}

fn levels(shop: &Shop, sku: &str) -> Vec<Json> {
    let levels = admin(shop, "levels-of", json!({"variant": variant(shop, sku)})).ok();
    levels.as_array().expect("levels").clone()
}

/// On hand and allocated over all locations; checks what must hold for every level without backorder.
fn totals(shop: &Shop, sku: &str) -> (i64, i64) {
    let mut sums = (0, 0);
    for level in levels(shop, sku) {
        let number = |field: &str| level[field].as_i64().expect("a number");
        let (on_hand, allocated) = (number("onHand"), number("allocated"));
        assert!(allocated >= 0 && on_hand >= allocated, "{level}");
        sums = (sums.0 + on_hand, sums.1 + allocated);
    }
    sums
}

fn movements(shop: &Shop, sku: &str) -> Vec<Json> {
    let variant = variant(shop, sku);
    let mut all = Vec::new();
    let mut cursor = Json::Null;
    loop {
        let asked = json!({"variant": variant, "cursor": cursor, "limit": 100});
        let page = admin(shop, "list-movements", asked).ok();
        all.extend(page["items"].as_array().expect("items").iter().cloned());
        cursor = page["next"].clone();
        if cursor.is_null() {
            return all;
        }
    }
}

/// What all movements of a variant add up to.
fn moved(shop: &Shop, sku: &str) -> i64 {
    movements(shop, sku).iter().map(|m| m["delta"].as_i64().expect("a number")).sum()
}

/// Owners with goods that are still allocated, oldest first.
fn open(shop: &Shop) -> Vec<String> {
    let page = shop.admin().get("/admin/stock/allocations?limit=100").ok();
    let owner = |one: &Json| one["owner"].as_str().expect("an owner").to_owned();
    page["items"].as_array().expect("items").iter().map(owner).collect()
}

fn tag(problem: &Json) -> &str {
    problem["error"]["tag"].as_str().unwrap_or("none")
}

/// A refused request must name this field.
fn refused(reply: Reply, field: &str) {
    let problem = reply.expect(422);
    let faults = problem["error"]["val"].as_array().expect("faults").clone();
    assert!(faults.iter().any(|f| f["field"] == field), "{field} in {problem}");
}

#[test]
fn a_variant_that_was_never_stocked_has_none_available() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    let mug = variant(&shop, "mug");
    let reply = shop.get(&format!("/stock?variants=nothing&variants={mug}")).ok();
    let expected = json!([
        {"variant": "nothing", "available": 0, "backorder": false},
        {"variant": mug, "available": 3, "backorder": false},
    ]);
    assert_eq!(reply, expected);
}

#[test]
fn a_thousand_variants_are_asked_for_at_once_and_no_more() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    let mut asked: Vec<String> = (0..999).map(|i| format!("var_{i}")).collect();
    asked.push(variant(&shop, "mug"));
    let ask = |asked: &[String]| {
        shop.call("quoin:inventory/stock#get-availability", json!({"variants": asked}))
    };
    let found = ask(&asked).ok();
    assert_eq!((&found[0]["available"], &found[999]["available"]), (&json!(0), &json!(3)));
    asked.push("var_1000".into());
    refused(ask(&asked), "variants");
}

#[test]
fn only_availability_is_public() {
    let (_host, shop) = stocked("sku,on_hand\nmug,3\n");
    for path in [
        "/admin/locations",
        "/admin/stock/levels/mug",
        "/admin/stock/movements",
        "/admin/stock/allocations",
        "/admin/stock/allocations/somebody",
    ] {
        shop.get(path).expect(401);
    }
    shop.post("/admin/stock/adjust", json!({"changes": []})).expect(401);
    assert_eq!(available(&shop, "mug"), 3);
}

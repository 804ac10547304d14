//! Price lists and the prices in them.

use super::{fields, id, list, make, priced, set, start};
use quoin_harness::json;

#[test]
fn a_list_is_kept_as_it_was_given() {
    let (_host, shop) = start();
    let sale = json!({
        "id": "spring-24", "title": "Frühling", "kind": "sale", "currency": "CHF",
        "taxIncluded": false, "group": "club", "channel": "app",
        "startsAt": 1_000, "endsAt": 2_000,
    });
    assert_eq!(shop.admin().put("/admin/price-lists", sale.clone()).ok(), sale);
    let lists = shop.admin().get("/admin/price-lists").ok();
    assert_eq!((lists.as_array().map(Vec::len), &lists[1]), (Some(2), &sale));
}

#[test]
fn a_list_that_cannot_be_is_refused_with_every_fault() {
    let (_host, shop) = start();
    let bad = json!({
        "id": "Not a slug", "title": " ", "kind": "sale", "currency": "euro", "taxIncluded": true,
        "group": "", "channel": "a\nb", "startsAt": 2_000, "endsAt": 2_000,
    });
    assert_eq!(
        fields(shop.admin().put("/admin/price-lists", bad)),
        ["id", "title", "currency", "group", "channel", "endsAt"]
    );
    let late = json!({"id": "a", "title": "a", "kind": "sale", "currency": "EUR", "taxIncluded": true, "endsAt": u64::MAX});
    assert_eq!(fields(shop.admin().put("/admin/price-lists", late)), ["endsAt"]);
    assert_eq!(shop.admin().get("/admin/price-lists").ok().as_array().map(Vec::len), Some(1));
}

#[test]
fn a_list_with_prices_keeps_its_currency() {
    let (_host, shop) = start();
    make(&shop, &["a"]);
    let dollars = json!({"id": "regular", "title": "Everyday", "kind": "regular", "currency": "USD", "taxIncluded": true});
    shop.admin().put("/admin/price-lists", dollars.clone()).ok();
    list(&shop, json!({"id": "regular", "title": "Everyday", "kind": "regular"}));
    set(&shop, &[("regular", "a", 1, 100)]).ok();
    let problem = shop.admin().put("/admin/price-lists", dollars).expect(409);
    assert_eq!(problem["error"]["tag"], "conflict");
}

#[test]
fn prices_are_set_all_or_none() {
    let (_host, shop) = start();
    make(&shop, &["good", "a"]);
    let bad = [
        ("regular", "good", 1, 100),
        ("none", "a", 1, 100),
        ("regular", "none", 0, -1),
        ("regular", "good", 1, 200),
    ];
    let expected = [
        "prices/1/priceList",
        "prices/2/variant",
        "prices/2/minQuantity",
        "prices/2/minor",
        "prices/3/minQuantity",
    ];
    assert_eq!(fields(set(&shop, &bad)), expected);
    assert_eq!(shop.admin().get(&format!("/admin/prices/{}", id(&shop, "good"))).ok(), json!([]));
    assert_eq!(set(&shop, &bad[..1]).ok(), json!(1));
    assert_eq!(set(&shop, &[("regular", "good", 1, 300)]).ok(), json!(1));
    assert_eq!(priced(&shop, "good", 1).0, 300);
}

#[test]
fn prices_of_a_variant_can_be_seen_and_removed() {
    let (_host, shop) = start();
    make(&shop, &["a"]);
    set(&shop, &[("regular", "a", 10, 90), ("regular", "a", 1, 100)]).ok();
    let id = id(&shop, "a");
    let price = |from: u32, minor: i64| json!({"priceList": "regular", "variant": id, "minQuantity": from, "minor": minor});
    let path = format!("/admin/prices/{id}");
    assert_eq!(shop.admin().get(&path).ok(), json!([price(1, 100), price(10, 90)]));
    shop.admin().delete(&format!("{path}/regular/10")).ok();
    let problem = shop.admin().delete(&format!("{path}/regular/10")).expect(404);
    assert_eq!(problem["error"]["tag"], "not-found");
    assert_eq!(shop.admin().get(&path).ok(), json!([price(1, 100)]));
}

#[test]
fn a_variant_has_at_most_a_thousand_prices() {
    let (_host, shop) = start();
    make(&shop, &["a"]);
    let many: Vec<_> = (1..=1_001).map(|from| ("regular", "a", from, 100)).collect();
    set(&shop, &many[..1_000]).ok();
    assert_eq!(set(&shop, &many).expect(409)["error"]["tag"], "conflict");
    let prices = shop.admin().get(&format!("/admin/prices/{}", id(&shop, "a"))).ok();
    assert_eq!(prices.as_array().map(Vec::len), Some(1_000));
}

#[test]
fn staff_routes_want_the_shops_key() {
    let (_host, shop) = start();
    shop.get("/admin/price-lists").expect(401);
    shop.put("/admin/prices", json!([])).expect(401);
}

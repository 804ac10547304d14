//! Lines of one variant that differ in their fields.

use quoin_harness::{Reply, Shop, json};

use super::{Json, add, create, get, grand, id, mark, refused, start, variant};

fn engraved(shop: &Shop, cart: &str, fields: Json) -> Reply {
    let line = json!({"variant": variant(shop, "mug-blue"), "quantity": 1, "fields": fields});
    shop.post(&format!("/carts/{cart}/lines"), line)
}

fn field(name: &str, value: &str) -> Json {
    json!({"name": name, "value": value})
}

fn quantities(cart: &Json) -> Vec<u64> {
    let lines = cart["lines"].as_array().expect("lines").iter();
    lines.map(|line| line["quantity"].as_u64().expect("a number")).collect()
}

#[test]
fn the_same_variant_with_other_fields_is_another_line() {
    let (_host, shop) = start();
    let cart = create(&shop);
    add(&shop, id(&cart), "mug-blue", 1).ok();
    let (text, font) = (field("acme:engraving", "Für Ada\nmit Liebe"), field("acme:font", "serif"));
    engraved(&shop, id(&cart), json!([text, font])).ok();
    engraved(&shop, id(&cart), json!([text])).ok();
    engraved(&shop, id(&cart), json!([field("acme:engraving", "Bob"), font])).ok();
    let cart = add(&shop, id(&cart), "mug-blue", 1).ok();
    assert_eq!((quantities(&cart), grand(&cart)), (vec![2, 1, 1, 1], 5 * 1_250));
    // The order of fields makes no difference.
    let cart = engraved(&shop, id(&cart), json!([font, text])).ok();
    assert_eq!(quantities(&cart), [2, 2, 1, 1]);
    assert_eq!(cart["lines"][1]["fields"], json!([text, font]));
    assert_eq!(get(&shop, id(&cart)), cart);
    // Each can be changed and removed alone.
    let path = format!("/carts/{}/lines", id(&cart));
    let line = |i: usize| cart["lines"][i]["id"].as_str().expect("an id").to_owned();
    shop.patch(&format!("{path}/{}", line(1)), json!({"quantity": 5})).ok();
    let after = shop.delete(&format!("{path}/{}", line(2))).ok();
    assert_eq!(quantities(&after), [2, 5, 1]);
    assert_eq!(after["lines"][1]["fields"], json!([text, font]));
    assert_eq!(get(&shop, id(&after)), after);
    assert_eq!(mark(&shop, id(&after), "order_1").ok()["lines"], after["lines"]);
}

#[test]
fn fields_that_cannot_be_are_refused_and_change_nothing() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let too_many: Vec<Json> = (0..21).map(|i| field(&format!("acme:f{i}"), "x")).collect();
    for (fields, at) in [
        (json!([field("engraving", "x")]), "fields/0/name"),
        (json!([field("acme:Engraving", "x")]), "fields/0/name"),
        (json!([field("acme:a", "")]), "fields/0/value"),
        (json!([field("acme:a", "a\u{7}")]), "fields/0/value"),
        (json!([field("acme:a", &"é".repeat(1_001))]), "fields/0/value"),
        (json!([field("acme:a", "1"), field("acme:a", "2")]), "fields/1"),
        (json!(too_many), "fields"),
    ] {
        refused(engraved(&shop, id(&cart), fields), at);
    }
    assert_eq!(get(&shop, id(&cart)), cart);
}

#[test]
fn all_fields_of_a_cart_have_a_size_that_it_can_bear() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let long = |line: u32| -> Json {
        (0..20).map(|i| field(&format!("acme:f{i}-{line}"), &"日".repeat(1_000))).collect()
    };
    for line in 1..=4 {
        engraved(&shop, id(&cart), long(line)).ok();
    }
    refused(engraved(&shop, id(&cart), long(5)), "fields");
    let cart = add(&shop, id(&cart), "bowl", 1).ok();
    assert_eq!(quantities(&cart), [1, 1, 1, 1, 1]);
    assert_eq!(get(&shop, id(&cart)), cart);
}

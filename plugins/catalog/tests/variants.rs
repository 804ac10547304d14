//! SKUs, options and variants.

use quoin_harness::json;

use super::{Json, fields, find, product, publish, put, start, variant, with};

/// A product with the options size (S, M) and colour (red).
fn shirt(variants: Json) -> Json {
    let options = json!([
        {"name": "size", "values": ["S", "M"]},
        {"name": "colour", "values": ["red"]},
    ]);
    with(product("shirt"), json!({"options": options, "variants": variants}))
}

#[test]
fn each_variant_has_one_value_for_each_option() {
    let (_host, shop) = start();
    let good = [
        variant("1", &[("size", "S"), ("colour", "red")]),
        variant("2", &[("colour", "red"), ("size", "M")]),
    ];
    put(&shop, shirt(json!(good))).ok();
    let bad = json!([
        good[0],
        variant("2", &[("size", "M")]),
        variant("3", &[("size", "XL"), ("colour", "red")]),
        variant("4", &[("size", "M"), ("colour", "red"), ("cut", "slim")]),
        variant("5", &[("size", "M"), ("size", "S"), ("colour", "red")]),
        variant("6", &[("colour", "red"), ("size", "S")]),
    ]);
    let expected = [1, 2, 3, 4, 5].map(|i| format!("variants/{i}/options"));
    assert_eq!(fields(put(&shop, shirt(bad))), expected);
    let kept = find(&shop, "shirt").ok();
    assert_eq!(kept["variants"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_product_without_options_has_exactly_one_variant() {
    let (_host, shop) = start();
    assert_eq!(fields(put(&shop, with(product("a"), json!({"variants": []})))), ["variants"]);
    let two = json!([variant("1", &[]), variant("2", &[])]);
    assert_eq!(
        fields(put(&shop, with(product("a"), json!({"variants": two})))),
        ["variants/1/options"]
    );
}

#[test]
fn a_faulty_option_or_variant_is_named() {
    let (_host, shop) = start();
    let options = json!([
        {"name": "", "values": []},
        {"name": "size", "values": ["S", "S"]},
        {"name": "Size", "values": ["S"]},
    ]);
    let mut bad = variant(" sku", &[]);
    bad["gtin"] = json!("4006381333932");
    bad["title"] = json!("");
    let bad = with(product("a"), json!({"options": options, "variants": [bad]}));
    let expected = [
        "options/0/name",
        "options/0/values",
        "options/1/values/1",
        "options/2",
        "variants/0/sku",
        "variants/0/title",
        "variants/0/gtin",
        "variants/0/options",
    ];
    assert_eq!(fields(put(&shop, bad)), expected);
}

#[test]
fn a_sku_belongs_to_one_product_and_the_refusal_says_to_which() {
    let (_host, shop) = start();
    put(&shop, with(product("cup"), json!({"variants": [variant("X", &[])]}))).ok();
    let problem =
        put(&shop, with(product("mug"), json!({"variants": [variant("X", &[])]}))).expect(422);
    let fault = &problem["error"]["val"][0];
    assert_eq!(fault["field"], "variants/0/sku");
    assert!(fault["problem"].as_str().expect("a text").contains("belongs to the product cup"));
    find(&shop, "mug").expect(404);
    // Given up, it is free.
    put(&shop, product("cup")).ok();
    put(&shop, with(product("mug"), json!({"variants": [variant("X", &[])]}))).ok();
    let twice = json!([
        variant("Y", &[("size", "S"), ("colour", "red")]),
        variant("Y", &[("size", "M"), ("colour", "red")])
    ]);
    assert_eq!(fields(put(&shop, shirt(twice))), ["variants/1/sku"]);
}

#[test]
fn variants_are_told_in_the_order_asked_for_without_unknown_ones() {
    let (_host, shop) = start();
    for slug in ["a", "b"] {
        publish(&shop, product(slug));
    }
    put(&shop, product("draft")).ok();
    let slugs = |found: &Json| {
        let slug = |v: &Json| v["productSlug"].as_str().expect("a slug").to_owned();
        found.as_array().expect("a list").iter().map(slug).collect::<Vec<_>>()
    };
    let asked = json!({"skus": ["b-1", "none", "a-1", "draft-1", "b-1"]});
    let found = shop.call("quoin:catalog/products#variants-by-sku", asked).ok();
    assert_eq!(slugs(&found), ["b", "a", "b"]);
    assert_eq!(found[0]["variant"]["sku"], "b-1");
    assert_eq!(shop.get("/variants?skus=b-1&skus=none&skus=a-1&skus=b-1").ok(), found);
    let id = |slug: &str| find(&shop, slug).ok()["variants"][0]["id"].clone();
    let asked = json!({"ids": [id("b"), "none", id("a"), id("draft"), id("b")]});
    assert_eq!(shop.call("quoin:catalog/products#variants", asked).ok(), found);
    let many = json!({"skus": vec!["a-1"; 1_001]});
    assert_eq!(fields(shop.call("quoin:catalog/products#variants-by-sku", many)), ["skus"]);
    let most = json!({"skus": vec!["a-1"; 1_000]});
    let found = shop.call("quoin:catalog/products#variants-by-sku", most).ok();
    assert_eq!(found.as_array().map(Vec::len), Some(1_000));
}

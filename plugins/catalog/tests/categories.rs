//! Categories and what is in them.

use quoin_harness::{Reply, Shop, json};

use super::{each, fields, product, publish, put, start, with};

fn category(shop: &Shop, slug: &str, parent: Option<&str>) -> Reply {
    let body = json!({"title": slug.to_uppercase(), "parent": parent});
    shop.admin().put(&format!("/admin/categories/{slug}"), body)
}

#[test]
fn a_category_contains_what_is_below_it() {
    let (_host, shop) = start();
    category(&shop, "home", None).ok();
    category(&shop, "kitchen", Some("home")).ok();
    category(&shop, "cups", Some("kitchen")).ok();
    publish(&shop, with(product("cup"), json!({"categories": ["cups", "kitchen"]})));
    publish(&shop, with(product("sofa"), json!({"categories": ["home"]})));
    put(&shop, with(product("draft"), json!({"categories": ["cups"]}))).ok();
    let categories = shop.get("/categories").ok();
    let counts: Vec<_> = categories
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| (&c["slug"], &c["products"]))
        .collect();
    assert_eq!(json!(counts), json!([["cups", 1], ["home", 2], ["kitchen", 1]]));
    assert_eq!(categories[0]["parent"], "kitchen");
    let slugs =
        |category: &str| each(&shop.get(&format!("/products?category={category}")).ok(), "slug");
    assert_eq!(slugs("home"), ["cup", "sofa"]);
    assert_eq!(slugs("kitchen"), ["cup"]);
    assert_eq!(slugs("none"), Vec::<String>::new());
    // A form that was not filled in filters nothing.
    assert_eq!(slugs(""), ["cup", "sofa"]);
}

#[test]
fn a_category_can_be_renamed_and_moved() {
    let (_host, shop) = start();
    category(&shop, "a", None).ok();
    category(&shop, "b", Some("a")).ok();
    let moved = shop.admin().put("/admin/categories/b", json!({"title": "Neu"})).ok();
    assert_eq!(moved, json!({"slug": "b", "title": "Neu", "parent": null, "products": 0}));
}

#[test]
fn a_parent_must_exist_and_make_no_circle() {
    let (_host, shop) = start();
    assert_eq!(fields(category(&shop, "a", Some("none"))), ["parent"]);
    assert_eq!(fields(category(&shop, "a", Some("a"))), ["parent"]);
    category(&shop, "a", None).ok();
    category(&shop, "b", Some("a")).ok();
    category(&shop, "c", Some("b")).ok();
    assert_eq!(fields(category(&shop, "a", Some("c"))), ["parent"]);
    assert_eq!(fields(category(&shop, "a", Some("b"))), ["parent"]);
    assert_eq!(shop.get("/categories").ok()[0]["parent"], json!(null));
    category(&shop, "c", Some("a")).ok();
}

#[test]
fn a_faulty_category_is_refused() {
    let (_host, shop) = start();
    assert_eq!(
        fields(shop.admin().put("/admin/categories/Ä", json!({"title": ""}))),
        ["slug", "title"]
    );
    assert_eq!(shop.get("/categories").ok(), json!([]));
}

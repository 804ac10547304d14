//! Lists: order, pages and filters.

use quoin_harness::{Shop, json};

use super::{Json, each, fields, find, product, publish, put, start, with};

fn slugs(shop: &Shop, query: &str) -> Vec<String> {
    each(&shop.get(&format!("/products?{query}")).ok(), "slug")
}

/// Slugs of all pages of this size.
fn walk(shop: &Shop, path: &str, limit: u32) -> Vec<String> {
    let mut slugs = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = shop.admin().get(&format!("{path}limit={limit}{cursor}")).ok();
        slugs.extend(each(&page, "slug"));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return slugs,
        }
    }
}

#[test]
fn pages_follow_each_other_by_title_without_gap_or_repetition() {
    let (_host, shop) = start();
    // Equal titles, capitals, and letters beyond ASCII.
    let titles = ["b", "A", "a", "ü", "a", "B", "Z", "日本", "a"];
    for (i, title) in titles.iter().enumerate() {
        publish(&shop, with(product(&format!("p{i}")), json!({"title": title})));
    }
    put(&shop, with(product("draft"), json!({"title": "a"}))).ok();
    let whole = walk(&shop, "/products?", 100);
    let title =
        |slug: &String| titles[slug[1..].parse::<usize>().expect("a number")].to_lowercase();
    let in_order: Vec<String> = whole.iter().map(title).collect();
    assert_eq!(in_order, ["a", "a", "a", "a", "b", "b", "z", "ü", "日本"]);
    for limit in [1, 2, 3, 4, 9] {
        assert_eq!(walk(&shop, "/products?", limit), whole, "{limit} a page");
    }
    let page = shop.get("/products?limit=2").ok();
    assert_eq!((page["next"].is_string(), each(&page, "slug").len()), (true, 2));
    let last = shop.get("/products?limit=9").ok();
    assert_eq!(last["next"], json!(null));
    assert_eq!(walk(&shop, "/admin/products?", 3).len(), 10);
}

#[test]
fn a_page_goes_on_where_it_was_when_products_come_and_go() {
    let (_host, shop) = start();
    for slug in ["b", "d", "f"] {
        publish(&shop, product(slug));
    }
    let first = shop.get("/products?limit=2").ok();
    super::set_status(&shop, "d", "archived").ok();
    publish(&shop, product("a"));
    publish(&shop, product("e"));
    let next = first["next"].as_str().expect("a next page");
    assert_eq!(slugs(&shop, &format!("limit=5&cursor={next}")), ["e", "f"]);
}

#[test]
fn a_list_shows_picture_and_variants_of_each_product() {
    let (_host, shop) = start();
    let media = json!([{"url": "/a.jpg", "alt": "A"}, {"url": "/b.jpg", "alt": "B"}]);
    publish(&shop, with(product("a"), json!({"media": media})));
    publish(&shop, product("b"));
    let items = shop.get("/products").ok()["items"].clone();
    assert_eq!((&items[0]["image"], &items[1]["image"]), (&media[0], &json!(null)));
    for (item, slug) in [(&items[0], "a"), (&items[1], "b")] {
        let full = &find(&shop, slug).ok()["variants"][0];
        let name = json!({"id": full["id"], "sku": full["sku"], "title": full["title"]});
        assert_eq!(item["variants"], json!([name]));
    }
}

#[test]
fn filters_find_by_words_attribute_and_channel() {
    let (_host, shop) = start();
    let attribute = |name: &str, value: &str| json!([{"name": name, "value": value}]);
    let red = json!({"title": "Rote Tasse", "description": "Für ÖKO-Tee 100%", "attributes": attribute("Maker", "Äcme: GmbH")});
    publish(&shop, with(product("red"), red));
    let blue = json!({"title": "Blaue Tasse", "channels": ["app"], "attributes": attribute("Maker", "Other")});
    publish(&shop, with(product("blue"), blue));
    let translated =
        json!({"translations": [{"locale": "fr", "title": "Théière", "description": ""}]});
    publish(&shop, with(product("pot"), translated));
    for (query, found) in [
        ("text=tasse", vec!["blue", "red"]),
        ("text=TASSE%20%C3%B6ko", vec!["red"]),
        ("text=100%25", vec!["red"]),
        ("text=1_0", vec![]),
        ("text=%5C", vec![]),
        ("text=pot-1", vec!["pot"]),
        ("text=th%C3%A9i", vec!["pot"]),
        ("text=%C3%A4cme", vec!["red"]),
        ("text=%20", vec!["blue", "pot", "red"]),
        ("attribute=maker:%C3%84CME:%20gmbh", vec!["red"]),
        ("attribute=Maker:Ot", vec![]),
        ("channel=web", vec!["pot", "red"]),
        ("channel=app", vec!["blue", "pot", "red"]),
        ("channel=app&text=tasse&attribute=maker:other", vec!["blue"]),
    ] {
        assert_eq!(slugs(&shop, query), found, "{query}");
    }
    assert_eq!(walk(&shop, "/products?text=tasse&", 1), ["blue", "red"]);
}

#[test]
fn staff_find_products_of_any_status() {
    let (_host, shop) = start();
    publish(&shop, product("a"));
    put(&shop, product("b")).ok();
    let found =
        |query: &str| each(&shop.admin().get(&format!("/admin/products{query}")).ok(), "slug");
    assert_eq!(found(""), ["a", "b"]);
    assert_eq!(found("?status=draft"), ["b"]);
    assert_eq!(found("?text=A-1"), ["a"]);
    shop.admin().get("/admin/products?status=lost").expect(400);
}

#[test]
fn filters_that_cannot_be_are_refused() {
    let (_host, shop) = start();
    let faulty = |query: &str| fields(shop.get(&format!("/products?{query}")));
    assert_eq!(faulty("cursor=abc"), ["cursor"]);
    assert_eq!(faulty("cursor=%E6%97%A5"), ["cursor"]);
    assert_eq!(faulty("attribute=maker"), ["attribute"]);
    assert_eq!(faulty(&format!("text={}", "a".repeat(201))), ["text"]);
    assert_eq!(faulty(&format!("text={}", "a%20".repeat(11))), ["text"]);
    assert_eq!(faulty(&format!("channel={}", "a".repeat(301))), ["channel"]);
}

#[test]
fn a_limit_is_kept_between_one_and_a_hundred() {
    let (_host, shop) = start();
    let mut csv = String::from("slug,title,description,category,status,sku\n");
    for i in 0..150 {
        csv.push_str(&format!("p{i},p{i},,,published,s{i}\n"));
    }
    shop.admin().post_text("/admin/products/import", "text/csv", csv).ok();
    let length = |query: &str| slugs(&shop, query).len();
    let lengths: Json =
        ["", "limit=0", "limit=100", "limit=1000"].map(length).into_iter().collect();
    assert_eq!(lengths, json!([20, 1, 100, 100]));
}

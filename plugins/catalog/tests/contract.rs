//! catalog against the real host: what is kept, what is shown, and what is refused.

use quoin_harness::{Host, Reply, Shop, json};

#[path = "categories.rs"]
mod categories;
#[path = "identity.rs"]
mod identity;
#[path = "import.rs"]
mod import;
#[path = "pages.rs"]
mod pages;
#[path = "variants.rs"]
mod variants;

type Json = quoin_harness::Value;

fn start() -> (Host, Shop) {
    let host = Host::start_compiled();
    let shop = host.apply(
        r#"
        name = "test"
        [plugins.catalog]
        bundle = "catalog.wasm"
        grants = ["sql", "log", "clock", "random", "call", "files", "later"]
        "#,
    );
    (host, shop)
}

/// A product with one variant whose SKU is the slug with `-1`.
fn product(slug: &str) -> Json {
    json!({
        "slug": slug,
        "title": slug,
        "description": "",
        "options": [],
        "variants": [variant(&format!("{slug}-1"), &[])],
        "categories": [],
        "attributes": [],
        "media": [],
        "translations": [],
        "channels": [],
    })
}

fn variant(sku: &str, options: &[(&str, &str)]) -> Json {
    let option = |(name, value): &(&str, &str)| json!({"name": name, "value": value});
    json!({"sku": sku, "title": sku, "options": options.iter().map(option).collect::<Json>()})
}

/// A product with some members changed.
fn with(mut product: Json, changes: Json) -> Json {
    for (member, value) in changes.as_object().expect("an object") {
        product[member] = value.clone();
    }
    product
}

fn put(shop: &Shop, product: Json) -> Reply {
    shop.admin().put("/admin/products", product)
}

/// The product with this slug, as staff see it.
fn find(shop: &Shop, slug: &str) -> Reply {
    shop.admin().get(&format!("/admin/products/by-slug/{slug}"))
}

fn set_status(shop: &Shop, slug: &str, status: &str) -> Reply {
    let product = find(shop, slug).ok();
    let id = product["id"].as_str().expect("an id");
    shop.admin().post(&format!("/admin/products/{id}/status"), json!({"status": status}))
}

/// A product without what the shop gave its variants.
fn without_ids(mut product: Json) -> Json {
    for variant in product["variants"].as_array_mut().expect("variants") {
        variant.as_object_mut().expect("a variant").remove("id").expect("an id");
    }
    product
}

fn publish(shop: &Shop, product: Json) {
    let slug = product["slug"].as_str().expect("a slug").to_owned();
    put(shop, product).ok();
    set_status(shop, &slug, "published").ok();
}

/// The members of a page's items.
fn each(page: &Json, member: &str) -> Vec<String> {
    let items = page["items"].as_array().expect("items").iter();
    items.map(|item| item[member].as_str().expect("a text").to_owned()).collect()
}

/// The fields that an `invalid` answer names.
fn fields(reply: Reply) -> Vec<String> {
    let problem = reply.expect(422);
    assert_eq!(problem["error"]["tag"], "invalid", "{problem}");
    let faults = problem["error"]["val"].as_array().expect("faults").iter();
    faults.map(|fault| fault["field"].as_str().expect("a field").to_owned()).collect()
}

#[test]
fn a_product_is_kept_as_it_was_given_in_any_script() {
    let (_host, shop) = start();
    shop.admin().put("/admin/categories/cups", json!({"title": "Tassen ☕"})).ok();
    let given = json!({
        "slug": "cup",
        "title": "Tasse „Übermut“ 日本",
        "description": "Erste Zeile\nzweite \u{1f375}",
        "options": [{"name": "Größe", "values": ["groß", "klein"]}],
        "variants": [
            {"sku": "CUP-L", "title": "groß", "options": [{"name": "Größe", "value": "groß"}],
             "gtin": "4006381333931", "weightGrams": 350, "requiresShipping": true},
            {"sku": "CUP/ß s", "title": "klein", "options": [{"name": "Größe", "value": "klein"}],
             "gtin": null, "weightGrams": null, "requiresShipping": false},
        ],
        "categories": ["cups"],
        "attributes": [{"name": "Glasur", "value": "blau: matt"}],
        "media": [{"url": "https://img.example/cup.jpg", "alt": "Eine Tasse"}],
        "translations": [{"locale": "en", "title": "Cup", "description": "A cup"}],
        "channels": ["web"],
    });
    let made = put(&shop, given.clone()).ok();
    for (member, value) in given.as_object().expect("an object") {
        assert_eq!(&without_ids(made.clone())[member], value, "{member}");
    }
    assert_eq!((&made["status"], &made["revision"]), (&json!("draft"), &json!(1)));
    assert_eq!(find(&shop, "cup").ok(), made);
    let id = made["id"].as_str().expect("an id");
    assert_eq!(shop.admin().get(&format!("/admin/products/{id}")).ok(), made);
}

#[test]
fn only_what_is_published_is_shown() {
    let (_host, shop) = start();
    put(&shop, product("cup")).ok();
    let found = || {
        let variants =
            shop.call("quoin:catalog/products#variants-by-sku", json!({"skus": ["cup-1"]})).ok();
        let listed = each(&shop.get("/products").ok(), "slug").len();
        (shop.get("/products/cup").status, listed, variants.as_array().map(Vec::len))
    };
    assert_eq!(found(), (404, 0, Some(0)));
    let published = set_status(&shop, "cup", "published").ok();
    assert_eq!((&published["status"], &published["revision"]), (&json!("published"), &json!(2)));
    assert_eq!(found(), (200, 1, Some(1)));
    set_status(&shop, "cup", "archived").ok();
    assert_eq!(found(), (404, 0, Some(0)));
    let status = json!({"status": "published"});
    shop.admin().post("/admin/products/prod_0/status", status).expect(404);
    shop.admin().get("/admin/products/cup").expect(404);
    find(&shop, "none").expect(404);
    set_status(&shop, "cup", "gone").expect(400);
}

#[test]
fn a_product_speaks_the_language_asked_for_where_it_can() {
    let (_host, shop) = start();
    let translations = json!([
        {"locale": "de", "title": "Tasse", "description": "Eine Tasse"},
        {"locale": "pt-BR", "title": "Xícara", "description": ""},
    ]);
    publish(&shop, with(product("cup"), json!({"translations": translations})));
    for (locale, title) in [
        ("de", "Tasse"),
        ("de-AT", "Tasse"),
        ("DE", "Tasse"),
        ("pt-br", "Xícara"),
        ("pt", "cup"),
        ("", "cup"),
    ] {
        let shown = shop.get(&format!("/products/cup?locale={locale}")).ok();
        assert_eq!(shown["title"], title, "{locale}");
    }
    assert_eq!(shop.get("/products/cup").ok()["title"], "cup");
}

#[test]
fn a_change_raises_the_revision_and_no_change_does_not() {
    let (_host, shop) = start();
    let first = put(&shop, product("cup")).ok();
    assert_eq!(put(&shop, product("cup")).ok(), first);
    let changed = put(&shop, with(product("cup"), json!({"title": "Cup"}))).ok();
    assert_eq!((&changed["revision"], &changed["id"]), (&json!(2), &first["id"]));
    assert_eq!(set_status(&shop, "cup", "draft").ok()["revision"], 2);
}

#[test]
fn a_change_on_an_old_revision_is_a_conflict_and_changes_nothing() {
    let (_host, shop) = start();
    let made = put(&shop, product("cup")).ok();
    let newer = with(product("cup"), json!({"title": "newer"}));
    shop.admin().put("/admin/products?revision=1", newer.clone()).ok();
    let older = with(product("cup"), json!({"title": "older"}));
    let problem = shop.admin().put("/admin/products?revision=1", older).expect(409);
    assert_eq!(problem["error"]["tag"], "conflict");
    let status = json!({"status": "published", "revision": 1});
    let id = made["id"].as_str().expect("an id");
    shop.admin().post(&format!("/admin/products/{id}/status"), status).expect(409);
    let kept = find(&shop, "cup").ok();
    assert_eq!((&kept["title"], &kept["status"]), (&json!("newer"), &json!("draft")));
    shop.admin().put("/admin/products?revision=1", product("other")).expect(409);
}

#[test]
fn every_faulty_field_is_named_at_once() {
    let (_host, shop) = start();
    let faulty = json!({
        "slug": "Kein Slug",
        "title": " x",
        "description": "bell \u{7}",
        "categories": ["none", "none"],
        "attributes": [{"name": "a:b", "value": ""}, {"name": "Hue", "value": "Red"},
            {"name": "hue", "value": "red"}],
        "media": [{"url": "javascript:alert(1)", "alt": ""}],
        "translations": [{"locale": "d", "title": "", "description": ""}],
        "channels": ["web", "web", "W"],
    });
    let mut fields = fields(put(&shop, with(product("cup"), faulty)));
    fields.sort();
    let expected = [
        "attributes/0/name",
        "attributes/0/value",
        "attributes/2",
        "categories/0",
        "categories/1",
        "categories/1",
        "channels/1",
        "channels/2",
        "description",
        "media/0/url",
        "slug",
        "title",
        "translations/0/locale",
        "translations/0/title",
    ];
    assert_eq!(fields, expected);
    assert_eq!(shop.admin().get("/admin/products").ok()["items"], json!([]));
}

#[test]
fn lists_and_texts_have_limits() {
    let (_host, shop) = start();
    let channels: Vec<String> = (0..51).map(|i| format!("c{i}")).collect();
    assert_eq!(fields(put(&shop, with(product("a"), json!({"channels": channels})))), ["channels"]);
    let long = with(product("a"), json!({"description": "ä".repeat(20_001)}));
    assert_eq!(fields(put(&shop, long)), ["description"]);
    let translation = |i: usize| {
        let locale = format!("x{i}");
        json!({"locale": locale, "title": "t", "description": "d".repeat(19_000)})
    };
    let translations: Json = (0..8).map(translation).collect();
    assert_eq!(
        fields(put(&shop, with(product("a"), json!({"translations": translations})))),
        ["slug"]
    );
}

#[test]
fn staff_routes_want_the_shops_key() {
    let (_host, shop) = start();
    shop.get("/admin/products").expect(401);
    shop.put("/admin/products", product("cup")).expect(401);
    shop.post_text("/admin/products/import", "text/csv", "slug").expect(401);
}

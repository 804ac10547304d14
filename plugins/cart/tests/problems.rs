//! What a cart says about lines that cannot be ordered as they are.

use quoin_harness::json;

use super::{
    Json, add, create, get, grand, id, import, recalculate, refused, set_status, start, variant,
};

#[test]
fn what_is_not_sold_cannot_be_added() {
    let (_host, shop) = start();
    let cart = create(&shop);
    refused(add(&shop, id(&cart), "nothing", 1), "variant");
    refused(add(&shop, id(&cart), "plan", 1), "variant");
    assert_eq!(get(&shop, id(&cart)), cart);
}

#[test]
fn a_line_without_a_price_says_so_and_counts_as_nothing() {
    let (_host, shop) = start();
    let cart = create(&shop);
    add(&shop, id(&cart), "box", 2).ok();
    let cart = add(&shop, id(&cart), "bowl", 1).ok();
    assert_eq!(cart["lines"][0]["problem"], "has no price in EUR");
    assert_eq!(cart["lines"][0]["title"], "Box");
    assert_eq!((&cart["lines"][1]["problem"], grand(&cart)), (&Json::Null, 700));
    import(&shop, "prices", "sku,price\nbox,3.00\n");
    let cart = recalculate(&shop, id(&cart));
    assert_eq!((&cart["lines"][0]["problem"], grand(&cart)), (&Json::Null, 1_300));
}

#[test]
fn a_line_that_there_is_not_enough_for_says_how_many_there_are() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let cart = add(&shop, id(&cart), "mug-red", 3).ok();
    assert_eq!((&cart["lines"][0]["problem"], grand(&cart)), (&json!("only 2 left"), 3_750));
    import(&shop, "stock", "sku,on_hand\nmug-red,0\n");
    let cart = recalculate(&shop, id(&cart));
    assert_eq!(cart["lines"][0]["problem"], "is out of stock");
    let path = format!("/admin/stock/backorder/{}", variant(&shop, "mug-red"));
    shop.admin().put(&path, json!({"backorder": true})).ok();
    assert_eq!(recalculate(&shop, id(&cart))["lines"][0]["problem"], Json::Null);
}

#[test]
fn lines_of_one_variant_share_what_there_is() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let path = format!("/carts/{}/lines", id(&cart));
    let red = variant(&shop, "mug-red");
    let engraved = |text: &str, quantity: u32| {
        let fields = json!([{"name": "acme:engraving", "value": text}]);
        let line = json!({"variant": red, "quantity": quantity, "fields": fields});
        shop.post(&path, line).ok()
    };
    engraved("Ada", 1);
    engraved("Bob", 2);
    let cart = engraved("Eve", 1);
    let problems: Vec<&Json> =
        cart["lines"].as_array().expect("lines").iter().map(|line| &line["problem"]).collect();
    assert_eq!(problems, [&Json::Null, &json!("only 1 left"), &Json::Null]);
    let cart = engraved("Dan", 1);
    assert_eq!(cart["lines"][3]["problem"], "is out of stock");
}

#[test]
fn a_product_that_is_gone_stays_in_the_cart_with_its_name_and_counts_as_nothing() {
    let (_host, shop) = start();
    let cart = create(&shop);
    add(&shop, id(&cart), "mug-blue", 2).ok();
    add(&shop, id(&cart), "bowl", 1).ok();
    set_status(&shop, "mug", "archived");
    let cart = recalculate(&shop, id(&cart));
    assert_eq!(cart["lines"][0]["problem"], "is not sold any more");
    assert_eq!((&cart["lines"][0]["title"], grand(&cart)), (&json!("Mug – Blue"), 700));
    // Nor can there be more of it.
    refused(add(&shop, id(&cart), "mug-blue", 1), "variant");
    assert_eq!(get(&shop, id(&cart)), cart);
    set_status(&shop, "mug", "published");
    assert_eq!(recalculate(&shop, id(&cart))["lines"][0]["problem"], Json::Null);
    let path = format!("/carts/{}/lines/1", id(&cart));
    assert_eq!(grand(&shop.delete(&path).ok()), 700);
}

#[test]
fn a_line_follows_its_variant_when_sku_and_title_change() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let cart = add(&shop, id(&cart), "bowl", 2).ok();
    let product = shop.admin().get("/admin/products/by-slug/bowl").ok();
    let renamed = json!({
        "slug": "dish", "title": "Dish", "description": "", "options": [], "categories": [],
        "attributes": [], "media": [], "translations": [], "channels": [],
        "variants": [{
            "id": variant(&shop, "bowl"), "sku": "DISH-1", "title": "Dish", "options": [],
            "requiresShipping": false,
        }],
    });
    let path = format!("/admin/products/{}", product["id"].as_str().expect("an id"));
    shop.admin().put(&path, renamed).ok();
    let renamed = recalculate(&shop, id(&cart));
    let line = &renamed["lines"][0];
    assert_eq!((&line["sku"], &line["title"]), (&json!("DISH-1"), &json!("Dish")));
    assert_eq!((&line["id"], &line["requiresShipping"]), (&cart["lines"][0]["id"], &json!(false)));
    assert_eq!((&line["problem"], grand(&renamed)), (&Json::Null, 1_400));
}

#[test]
fn the_longest_titles_fit_and_are_cut_between_characters() {
    let (_host, shop) = start();
    let (product, variant) = ("é".repeat(200), "日".repeat(200));
    let header = "slug,title,description,category,sku,status,variant_title";
    import(
        &shop,
        "products",
        &format!("{header}\nlong,{product},,Things,long,published,{variant}\n"),
    );
    let cart = create(&shop);
    let cart = add(&shop, id(&cart), "long", 1).ok();
    let title = cart["lines"][0]["title"].as_str().expect("a title");
    assert_eq!((title.chars().count(), title.starts_with(&product)), (300, true), "{title}");
}

#[test]
fn net_prices_are_never_added_to_gross_ones() {
    let (_host, shop) = start();
    let net = json!({
        "priceList": {"id": "net", "title": "Net", "kind": "override", "currency": "EUR",
            "taxIncluded": false},
    });
    let reply = shop.call("quoin:pricing/price-admin#upsert-price-list", net);
    reply.ok();
    let prices = shop.admin().post_text(
        "/admin/prices/import?priceList=net",
        "text/csv",
        "sku,price\nbowl,5.00\n",
    );
    assert_eq!(prices.ok()["faultCount"], 0);
    let cart = create(&shop);
    add(&shop, id(&cart), "mug-blue", 1).ok();
    let cart = add(&shop, id(&cart), "bowl", 2).ok();
    let sums = |cart: &Json| {
        (cart["taxIncluded"].clone(), cart["totals"]["grand"]["minor"].as_i64().expect("an amount"))
    };
    assert_eq!(sums(&cart), (json!(true), 1_250));
    let bowl = &cart["lines"][1];
    assert_eq!(bowl["problem"], "has a net price, others have gross prices");
    assert_eq!((&bowl["taxIncluded"], &bowl["total"]["minor"]), (&json!(false), &json!(1_000)));
    assert_eq!(get(&shop, id(&cart)), cart);
    // Without the mug all prices are net.
    let cart = shop.delete(&format!("/carts/{}/lines/1", id(&cart))).ok();
    assert_eq!((sums(&cart), &cart["lines"][0]["problem"]), ((json!(false), 1_000), &Json::Null));
    assert_eq!(get(&shop, id(&cart)), cart);
    let cart = add(&shop, id(&cart), "mug-blue", 1).ok();
    assert_eq!(sums(&cart), (json!(false), 1_000));
    assert_eq!(cart["lines"][1]["problem"], "has a gross price, others have net prices");
}

#[test]
fn asking_again_changes_the_revision_only_when_something_else_came_back() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let cart = add(&shop, id(&cart), "bowl", 1).ok();
    assert_eq!(recalculate(&shop, id(&cart)), cart);
    import(&shop, "prices", "sku,price\nbowl,7.50\n");
    // Reading shows what was agreed on last.
    assert_eq!(get(&shop, id(&cart)), cart);
    let dearer = recalculate(&shop, id(&cart));
    assert_eq!(grand(&dearer), 750);
    assert!(dearer["revision"].as_u64() > cart["revision"].as_u64());
}

#[test]
fn what_is_allocated_to_somebody_is_out_of_stock_for_others() {
    let (_host, shop) = start();
    let cart = create(&shop);
    add(&shop, id(&cart), "mug-red", 2).ok();
    let line = json!({"id": "1", "variant": variant(&shop, "mug-red"), "quantity": 2});
    let other = json!({"owner": "somebody", "lines": [line]});
    shop.call("quoin:inventory/allocations#allocate", other).ok();
    assert_eq!(recalculate(&shop, id(&cart))["lines"][0]["problem"], "is out of stock");
}

#[test]
fn a_currency_without_prices_leaves_a_usable_cart() {
    let (_host, shop) = start();
    let cart = shop.post("/carts", json!({"currency": "JPY"})).ok();
    let cart = add(&shop, id(&cart), "bowl", 1).ok();
    assert_eq!(cart["lines"][0]["problem"], "has no price in JPY");
    assert_eq!(cart["lines"][0]["unit"], json!({"minor": 0, "currency": "JPY"}));
}

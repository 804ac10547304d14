//! What a cart may contain to become an order.

use quoin_harness::{Shop, json};

use super::{
    Config, Json, assert_nothing_happened, cart, case, import, lines, place, placed, set_status,
    start, stock, text, variant,
};

fn faulty_fields(problem: &Json) -> Vec<&str> {
    assert_eq!(case(problem), "invalid");
    let faults = problem["error"]["val"].as_array().expect("faults");
    faults.iter().filter_map(|fault| fault["field"].as_str()).collect()
}

/// Sets who orders, and nowhere to send it.
fn set_email(shop: &Shop, cart: &Json) -> Json {
    let contact = json!({"email": "ada@example.org"});
    shop.put(&format!("/carts/{}/contact", text(cart, "id")), contact).ok()
}

#[test]
fn a_cart_that_is_not_ready_is_refused_with_what_it_lacks() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let empty = lines(&shop, &[]);
    let problem = place(&shop, &empty).expect(422);
    assert_eq!(faulty_fields(&problem), ["cart/lines", "cart/email"]);
    let without_contact = lines(&shop, &[("mug", 1)]);
    let problem = place(&shop, &without_contact).expect(422);
    assert_eq!(faulty_fields(&problem), ["cart/email", "cart/address"]);
    // More than there are: the cart says so itself.
    let too_many = cart(&shop, &[("bowl", 1), ("mug", 11)]);
    assert_eq!(faulty_fields(&place(&shop, &too_many).expect(422)), ["cart/lines/1"]);
    assert_nothing_happened(&shop, &without_contact);
    let unknown = json!({"cartId": "cart_0", "revision": 1, "paymentMethod": "invoice"});
    assert_eq!(case(&shop.post("/checkout", unknown).expect(404)), "not-found");
}

#[test]
fn goods_that_are_shipped_need_an_address_and_vouchers_do_not() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let mixed = set_email(&shop, &lines(&shop, &[("voucher", 1), ("mug", 1)]));
    assert_eq!(faulty_fields(&place(&shop, &mixed).expect(422)), ["cart/address"]);
    assert_nothing_happened(&shop, &mixed);
    let vouchers = set_email(&shop, &lines(&shop, &[("voucher", 2)]));
    let order = placed(&shop, &vouchers);
    assert_eq!(order["snapshot"]["address"], Json::Null);
    assert_eq!(order["snapshot"]["grand"]["minor"], 4_000);
}

#[test]
fn what_is_not_sold_any_more_is_not_ordered_from_an_old_cart() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("bowl", 1), ("mug", 1)]);
    set_status(&shop, "mug", "archived");
    assert_eq!(faulty_fields(&place(&shop, &cart).expect(422)), ["cart/lines/1"]);
    set_status(&shop, "mug", "draft");
    assert_eq!(faulty_fields(&place(&shop, &cart).expect(422)), ["cart/lines/1"]);
    set_status(&shop, "mug", "published");
    assert_nothing_happened(&shop, &cart);
    placed(&shop, &cart);
}

#[test]
fn a_sku_that_went_to_another_variant_is_a_conflict_until_the_buyer_has_seen_it() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let (mug, bowl) = (variant(&shop, "mug"), variant(&shop, "bowl"));
    let rename = |slug: &str, id: &str, sku: &str| {
        let input = json!({
            "slug": slug, "title": slug, "description": "", "options": [], "categories": [],
            "attributes": [], "media": [], "translations": [], "channels": [],
            "variants": [{ "id": id, "sku": sku, "title": slug, "options": [] }],
        });
        let product = shop.admin().get(&format!("/admin/products/by-slug/{slug}")).ok();
        shop.admin().put(&format!("/admin/products/{}", text(&product, "id")), input).ok();
    };
    for (slug, id, sku) in [("mug", &mug, "spare"), ("bowl", &bowl, "mug"), ("mug", &mug, "bowl")] {
        rename(slug, id, sku);
    }
    assert_eq!((variant(&shop, "bowl"), variant(&shop, "mug")), (mug.clone(), bowl));
    assert_eq!(case(&place(&shop, &cart).expect(409)), "conflict");
    assert_eq!((stock(&shop, "bowl"), stock(&shop, "mug")), ((10, 0), (10, 0)));
    // The goods are the same as before; only what they are called is not.
    let path = format!("/carts/{}/recalculate", text(&cart, "id"));
    let order = placed(&shop, &shop.post(&path, json!({})).ok());
    let line = &order["snapshot"]["lines"][0];
    assert_eq!((&line["variant"], &line["sku"]), (&json!(mug), &json!("bowl")));
    assert_eq!(line["total"]["minor"], 900);
    assert_eq!((stock(&shop, "bowl"), stock(&shop, "mug")), ((10, 2), (10, 0)));
}

#[test]
fn net_and_gross_prices_do_not_make_one_order() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let before = cart(&shop, &[("mug", 1), ("bowl", 1)]);
    let net = json!({
        "id": "net", "title": "Net", "kind": "override", "currency": "EUR", "taxIncluded": false,
    });
    shop.admin().put("/admin/price-lists", net).ok();
    let path = "/admin/prices/import?priceList=net";
    shop.admin().post_text(path, "text/csv", "sku,price\nbowl,10.00\n").ok();
    // The same amount, but it means something else.
    assert_eq!(case(&place(&shop, &before).expect(409)), "conflict");
    let mixed = cart(&shop, &[("mug", 1), ("bowl", 1)]);
    assert_eq!(faulty_fields(&place(&shop, &mixed).expect(422)), ["cart/lines/1"]);
    assert_nothing_happened(&shop, &mixed);
    let order = placed(&shop, &cart(&shop, &[("bowl", 1)]));
    assert_eq!(order["snapshot"]["taxIncluded"], false);
}

#[test]
fn the_longest_titles_that_the_catalogue_takes_can_be_ordered() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (title, variant_title) = ("é".repeat(200), "日".repeat(200));
    let csv = format!(
        "slug,title,description,category,sku,status,variant_title\n\
         long,{title},,,long,published,{variant_title}\n"
    );
    import(&shop, "products", &csv);
    import(&shop, "prices", "sku,price\nlong,1.00\n");
    import(&shop, "stock", "sku,on_hand\nlong,1\n");
    let cart = cart(&shop, &[("long", 1)]);
    let ordered = text(&placed(&shop, &cart)["snapshot"]["lines"][0], "title");
    assert_eq!(ordered, text(&cart["lines"][0], "title"));
    // As many as a line's title can have: far more than 300 bytes.
    assert_eq!(ordered.chars().count(), 300);
}

#[test]
fn one_variant_with_different_engravings_is_two_lines_that_cost_and_take_stock_together() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let made = cart(&shop, &[("mug", 2)]);
    let engraved = json!({
        "variant": variant(&shop, "mug"), "quantity": 1,
        "fields": [{"name": "acme:engraving", "value": "Ada"}],
    });
    let path = format!("/carts/{}/lines", text(&made, "id"));
    let cart = shop.post(&path, engraved.clone()).ok();
    let order = placed(&shop, &cart);
    let lines = order["snapshot"]["lines"].as_array().expect("lines");
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["fields"], &lines[1]["fields"]), (&json!([]), &engraved["fields"]));
    assert_eq!(stock(&shop, "mug"), (10, 3));
}

#[test]
fn an_order_keeps_what_was_bought_when_sku_slug_and_title_change() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 1)]);
    let order = placed(&shop, &cart);
    let product = shop.admin().get("/admin/products/by-slug/mug").ok();
    let input = json!({
        "slug": "cup", "title": "Cup", "description": "A cup", "options": [], "categories": [],
        "attributes": [], "media": [], "translations": [], "channels": [],
        "variants": [{
            "id": variant(&shop, "mug"), "sku": "cup", "title": "Cup", "options": [],
        }],
    });
    shop.admin().put(&format!("/admin/products/{}", text(&product, "id")), input).ok();
    let order_now = shop.get(&format!("/orders/{}", text(&order, "id"))).ok();
    assert_eq!(order_now, order);
    assert_eq!(order_now["snapshot"]["lines"][0]["variant"], variant(&shop, "cup"));
    assert_eq!(stock(&shop, "cup"), (10, 1));
    let shipped = super::act(&shop, &order, "ship", json!({})).ok();
    assert_eq!(shipped["fulfilment"], "fulfilled");
    assert_eq!(stock(&shop, "cup"), (9, 0));
}

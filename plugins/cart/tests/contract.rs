//! cart against the real host, with the real catalogue, prices and stock behind it.

use quoin_harness::{Host, Reply, Shop, json};

#[path = "changes.rs"]
mod changes;
#[path = "fields.rs"]
mod fields;
#[path = "ordered.rs"]
mod ordered;
#[path = "problems.rs"]
mod problems;
#[path = "strange.rs"]
mod strange;

type Json = quoin_harness::Value;

const SHOP: &str = r#"
name = "test"

[plugins.catalog]
bundle = "catalog.wasm"
grants = ["sql", "log", "clock", "random", "call", "files", "later"]

[plugins.pricing]
bundle = "pricing.wasm"
grants = ["sql", "log", "config", "clock", "random", "call", "files", "later"]

[plugins.inventory]
bundle = "inventory.wasm"
grants = ["sql", "log", "clock", "random", "call", "files", "later"]

[plugins.cart]
bundle = "cart.wasm"
grants = ["sql", "log", "config", "clock", "random"]
"#;

const PRODUCTS: &str = "slug,title,description,category,sku,status,variant_title,option:Colour
mug,Mug,For tea.,Things,mug-blue,published,Blue,blue
mug,Mug,For tea.,Things,mug-red,published,Red,red
bowl,Bowl,For soup.,Things,bowl,published,Bowl,
box,Box,For all.,Things,box,published,Box,
plan,Plan,For later.,Things,plan,draft,Plan,
";

/// A shop with mugs (12.50, from 10 pieces 10.00), a bowl (7.00) and a box without a price.
fn start() -> (Host, Shop) {
    let host = Host::start_compiled();
    let shop = host.apply(SHOP);
    let prices = "sku,price,min_quantity\nmug-blue,12.50,1\nmug-blue,10.00,10\nmug-red,12.50,1\nbowl,7.00,1\nplan,1.00,1\n";
    let stock = "sku,on_hand\nmug-blue,20\nmug-red,2\nbowl,500\nbox,5\n";
    for (what, csv) in [("products", PRODUCTS), ("prices", prices), ("stock", stock)] {
        import(&shop, what, csv);
    }
    (host, shop)
}

fn import(shop: &Shop, what: &str, csv: &str) {
    let path = format!("/admin/{what}/import");
    let report = shop.admin().post_text(&path, "text/csv", csv).ok();
    assert_eq!(report["faultCount"], 0, "{report}");
}

fn create(shop: &Shop) -> Json {
    let reply = shop.post("/carts", json!({}));
    assert_eq!(reply.status, 201);
    reply.ok()
}

fn id(cart: &Json) -> &str {
    cart["id"].as_str().expect("an id")
}

/// The id of the variant with this SKU; what is no SKU stands for itself.
fn variant(shop: &Shop, sku: &str) -> String {
    let found = shop.call("quoin:catalog/variants#by-sku", json!({"skus": [sku]})).ok();
    found[0]["id"].as_str().unwrap_or(sku).to_owned()
}

fn add(shop: &Shop, cart: &str, sku: &str, quantity: u32) -> Reply {
    let line = json!({"variant": variant(shop, sku), "quantity": quantity});
    shop.post(&format!("/carts/{cart}/lines"), line)
}

fn mark(shop: &Shop, cart: &str, order: &str) -> Reply {
    shop.call("quoin:cart/cart-steps#mark-ordered", json!({"id": cart, "orderId": order}))
}

/// Publishes a product, takes it back to draft or archives it.
fn set_status(shop: &Shop, slug: &str, status: &str) {
    let product = shop.admin().get(&format!("/admin/products/by-slug/{slug}")).ok();
    let path = format!("/admin/products/{}/status", product["id"].as_str().expect("an id"));
    shop.admin().post(&path, json!({"status": status})).ok();
}

fn get(shop: &Shop, cart: &str) -> Json {
    shop.get(&format!("/carts/{cart}")).ok()
}

fn recalculate(shop: &Shop, cart: &str) -> Json {
    shop.post(&format!("/carts/{cart}/recalculate"), json!({})).ok()
}

fn grand(cart: &Json) -> i64 {
    let lines = cart["lines"].as_array().expect("lines");
    let minor = |money: &Json| money["minor"].as_i64().expect("an amount");
    let sum: i64 = lines.iter().map(|line| minor(&line["total"])).sum();
    assert_eq!(minor(&cart["totals"]["subtotal"]), sum, "{cart}");
    assert_eq!(minor(&cart["totals"]["grand"]), sum, "{cart}");
    sum
}

/// Faults of a refused request must name this field.
fn refused(reply: Reply, field: &str) {
    let problem = reply.expect(422);
    let faults = problem["error"]["val"].as_array().expect("faults").clone();
    assert!(faults.iter().any(|fault| fault["field"] == field), "{field} in {problem}");
}

#[test]
fn a_new_cart_is_empty_and_in_the_shops_currency() {
    let (_host, shop) = start();
    let cart = create(&shop);
    assert_eq!(cart["currency"], "EUR");
    assert_eq!((&cart["lines"], &cart["status"]), (&json!([]), &json!("open")));
    assert_eq!(grand(&cart), 0);
    assert_eq!(get(&shop, id(&cart)), cart);
    assert!(id(&cart).len() >= 32 && id(&cart) != id(&create(&shop)));

    let dollars = shop.post("/carts", json!({"currency": "USD"})).ok();
    assert_eq!(dollars["totals"]["grand"], json!({"minor": 0, "currency": "USD"}));
    refused(shop.post("/carts", json!({"currency": "euro"})), "currency");
}

#[test]
fn a_line_shows_what_it_is_and_costs_and_why() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let cart = add(&shop, id(&cart), "mug-blue", 3).ok();
    let line = &cart["lines"][0];
    assert_eq!((&line["title"], &line["quantity"]), (&json!("Mug – Blue"), &json!(3)));
    assert_eq!(
        (&line["sku"], &line["variant"]),
        (&json!("mug-blue"), &json!(variant(&shop, "mug-blue")))
    );
    assert_eq!((&line["fields"], &line["requiresShipping"]), (&json!([]), &json!(true)));
    assert_eq!(line["unit"], json!({"minor": 1_250, "currency": "EUR"}));
    assert_eq!(line["total"], json!({"minor": 3_750, "currency": "EUR"}));
    assert_eq!((&line["taxIncluded"], &line["problem"]), (&json!(true), &Json::Null));
    assert!(line["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    let cart = add(&shop, id(&cart), "bowl", 2).ok();
    assert_eq!((grand(&cart), &cart["lines"][1]["title"]), (5_150, &json!("Bowl")));
    assert_eq!(get(&shop, id(&cart)), cart);
}

#[test]
fn adding_what_is_there_adds_up_and_the_quantity_decides_the_price() {
    let (_host, shop) = start();
    let cart = create(&shop);
    add(&shop, id(&cart), "mug-blue", 4).ok();
    let cart = add(&shop, id(&cart), "mug-blue", 6).ok();
    assert_eq!(cart["lines"].as_array().map(Vec::len), Some(1));
    assert_eq!((&cart["lines"][0]["quantity"], grand(&cart)), (&json!(10), 10_000));
}

#[test]
fn a_cart_that_is_not_there_is_not_found_by_any_route() {
    let (_host, shop) = start();
    let line = json!({"variant": variant(&shop, "bowl"), "quantity": 1});
    shop.get("/carts/cart_0").expect(404);
    shop.post("/carts/cart_0/lines", line).expect(404);
    shop.patch("/carts/cart_0/lines/1", json!({"quantity": 1})).expect(404);
    shop.delete("/carts/cart_0/lines/1").expect(404);
    shop.put("/carts/cart_0/contact", json!({"email": "ada@example.com"})).expect(404);
    shop.post("/carts/cart_0/recalculate", json!({})).expect(404);
    mark(&shop, "cart_0", "order_1").expect(404);
}

#[test]
fn a_configuration_that_makes_no_sense_is_told_and_makes_no_cart() {
    let host = Host::start_compiled();
    for (key, value) in [
        ("currency", "euro"),
        ("expire-days", "0"),
        ("expire-days", "366"),
        ("expire-days", "soon"),
    ] {
        let shop = host.apply(&format!("{SHOP}config = {{ {key} = \"{value}\" }}\n"));
        let problem = shop.post("/carts", json!({})).expect(502);
        assert_eq!(problem["error"]["tag"], "unavailable", "{problem}");
    }
}

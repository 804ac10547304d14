//! A shop sells: every capability a plugin, wired at run time.

mod examples;
mod killed;
mod pricing;
mod race;
mod walk;

use quoin_harness::sale::SHOP;
use quoin_harness::{Host, Shop, Value, json};

/// A shop with mugs and bowls.
fn start(mugs: u32) -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(SHOP);
    let products = "slug,title,description,category,sku,status\n\
        mug,Mug,A mug,Tableware,mug,published\nbowl,Bowl,A bowl,Tableware,bowl,published\n";
    import(&shop, "products", products);
    import(&shop, "prices", "sku,price,min_quantity\nmug,4.50,1\nmug,4.00,10\nbowl,10.00,1\n");
    import(&shop, "stock", &format!("sku,on_hand\nmug,{mugs}\nbowl,5\n"));
    (host, shop)
}

fn import(shop: &Shop, what: &str, csv: &str) {
    let path = format!("/admin/{what}/import");
    let report = shop.admin().post_text(&path, "text/csv", csv).ok();
    assert_eq!(report["faultCount"], 0, "{report}");
}

/// The id of the variant with this SKU.
fn variant(shop: &Shop, sku: &str) -> String {
    let known = shop.call("quoin:catalog/variants#by-sku", json!({ "skus": [sku] })).ok();
    known[0]["id"].as_str().unwrap_or_else(|| panic!("no {sku}: {known}")).to_owned()
}

/// A new cart with this variant in it, ready to be ordered.
fn cart(shop: &Shop, variant: &str, quantity: u32) -> Value {
    let cart = shop.post("/carts", json!({})).ok();
    let path = format!("/carts/{}", cart["id"].as_str().expect("an id"));
    let line = json!({ "variant": variant, "quantity": quantity });
    shop.post(&format!("{path}/lines"), line).ok();
    let address = json!({
        "name": "Ada", "lines": ["Lane 1"], "postalCode": "12345", "city": "Berlin", "country": "DE",
    });
    shop.put(&format!("{path}/contact"), json!({ "email": "ada@example.org", "address": address }))
        .ok()
}

/// What orders this cart.
fn order(cart: &Value) -> Value {
    json!({ "cartId": cart["id"], "revision": cart["revision"], "paymentMethod": "invoice" })
}

/// Orders this cart; the order.
#[track_caller]
fn placed(shop: &Shop, cart: &Value) -> Value {
    let mut placement = shop.post("/checkout", order(cart)).expect(200);
    assert_eq!(placement["outcome"], "placed", "{placement}");
    placement["order"].take()
}

/// On hand and allocated, over all locations.
fn stock(shop: &Shop, variant: &str) -> (i64, i64) {
    let levels = shop.admin().get(&format!("/admin/stock/levels/{variant}")).ok();
    let levels = levels.as_array().expect("levels");
    let sum = |name: &str| levels.iter().map(|l| l[name].as_i64().expect("a number")).sum();
    (sum("onHand"), sum("allocated"))
}

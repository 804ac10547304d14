//! checkout with its six neighbours on the real host: one order or none, and nothing left over.

use quoin_harness::{Host, Reply, Shop, json};

#[path = "failures.rs"]
mod failures;
#[path = "killed.rs"]
mod killed;
#[path = "lines.rs"]
mod lines;
#[path = "payments.rs"]
mod payments;
#[path = "races.rs"]
mod races;
#[path = "repeated.rs"]
mod repeated;
#[path = "rest.rs"]
mod rest;
#[path = "staff.rs"]
mod staff;

type Json = serde_json::Value;

/// What the plugins of a shop are configured with; nothing unless told.
#[derive(Clone, Copy, Default)]
struct Config<'a> {
    cart: &'a str,
    payment: &'a str,
    order: &'a str,
    /// Limits of the plugin of strange payments.
    limits: &'a str,
    /// A method that no plugin is bound to.
    unbound: &'a str,
}

/// Methods whose names tell the plugin of strange payments what becomes of them.
const STRANGE: [&str; 31] = [
    "asks-then-asks",
    "asks-then-authorized",
    "asks-then-captured",
    "asks-then-declined",
    "asks-then-voided",
    "asks-due-then-authorized",
    "asks-less-then-authorized",
    "asks-unvoidable",
    "authorized-bounces",
    "authorized-due-in-parts",
    "authorized-due-uncapturable",
    "authorized-due-unsure-then-captured",
    "authorized-half-then-authorized",
    "authorized-less",
    "authorized-unsure",
    "authorized-unsure-then-authorized",
    "authorized-unsure-then-captured",
    "authorized-unsure-then-voided",
    "authorized-unvoidable",
    "authorized-vague-then-captured",
    "busy",
    "captured",
    "captured-less",
    "declined",
    "dies",
    "endless",
    "trap",
    "unknown-due-bounces-then-authorized",
    "unknown-then-authorized",
    "unknown-then-unknown",
    "voided",
];

/// Makes the shop what this configuration says, and leaves its data alone.
fn configure(host: &Host, config: Config) -> Shop {
    let Config { cart, payment, order, limits, unbound } = config;
    let manual = ["invoice", "cash", "transfer", "lost"].map(|name| (name, "payment-manual"));
    let bound = manual.into_iter().chain(STRANGE.map(|name| (name, "strange-payments")));
    let bound = bound.filter(|(name, _)| *name != unbound);
    let bound: Vec<String> = bound.map(|(name, plugin)| format!("{name} = \"{plugin}\"")).collect();
    let bind = format!("bind = {{ \"quoin:payment/provider\" = {{ {} }} }}", bound.join(", "));
    let limits = format!("limits = {{ {limits} }}");
    let plugins = [
        ("catalog", "", ""),
        ("pricing", "", ""),
        ("inventory", "", ""),
        ("cart", cart, ""),
        ("payment-manual", payment, ""),
        ("strange-payments", "", limits.as_str()),
        ("order", order, ""),
        ("checkout", "", bind.as_str()),
    ];
    let mut toml = "name = \"test\"\n".to_owned();
    for (name, config, bind) in plugins {
        let grants = r#"["sql", "log", "config", "clock", "random", "call", "files", "later"]"#;
        toml += &format!(
            "[plugins.{name}]\nbundle = \"{name}.wasm\"\ngrants = {grants}\nconfig = {{ {config} }}\n{bind}\n"
        );
    }
    host.apply(&toml)
}

/// A shop with mugs at 4.50, bowls at 10.00 and vouchers at 20.00, as many as told, and 10 vouchers.
fn start(config: Config, mugs: u32, bowls: u32) -> (Host, Shop) {
    let host = Host::start_compiled();
    let shop = configure(&host, config);
    import(
        &shop,
        "products",
        "slug,title,description,category,sku,status,requires_shipping\n\
         mug,Mug,A mug,tableware,mug,published,true\n\
         bowl,Bowl,A bowl,tableware,bowl,published,true\n\
         voucher,Voucher,A voucher,vouchers,voucher,published,false\n",
    );
    import(&shop, "prices", "sku,price\nmug,4.50\nbowl,10.00\nvoucher,20.00\n");
    let stock = format!("sku,on_hand\nmug,{mugs}\nbowl,{bowls}\nvoucher,10\n");
    import(&shop, "stock", &stock);
    (host, shop)
}

/// The id of the variant with this SKU.
fn variant(shop: &Shop, sku: &str) -> String {
    let known = shop.call("quoin:catalog/variants#by-sku", json!({ "skus": [sku] })).ok();
    text(&known[0], "id")
}

fn import(shop: &Shop, what: &str, csv: &str) {
    let report = shop.admin().post_text(&format!("/admin/{what}/import"), "text/csv", csv).ok();
    assert_eq!(report["faultCount"], 0, "{report}");
}

/// A cart with these lines, and nobody who orders it.
fn lines(shop: &Shop, lines: &[(&str, u32)]) -> Json {
    let mut cart = shop.post("/carts", json!({})).ok();
    for (sku, quantity) in lines {
        cart = add(shop, &text(&cart, "id"), sku, *quantity);
    }
    cart
}

/// A cart with these lines that can be ordered.
fn cart(shop: &Shop, lines: &[(&str, u32)]) -> Json {
    let id = text(&self::lines(shop, lines), "id");
    let address = json!({
        "name": "Ada", "lines": ["Lane 1"], "postalCode": "12345", "city": "Berlin",
        "region": null, "country": "DE",
    });
    let contact = json!({"email": "ada@example.org", "address": address});
    shop.put(&format!("/carts/{id}/contact"), contact).ok()
}

fn add(shop: &Shop, cart: &str, sku: &str, quantity: u32) -> Json {
    let line = json!({"variant": variant(shop, sku), "quantity": quantity});
    shop.post(&format!("/carts/{cart}/lines"), line).ok()
}

fn place_by(shop: &Shop, cart: &Json, method: &str) -> Reply {
    let body = json!({
        "cartId": cart["id"], "revision": cart["revision"], "paymentMethod": method,
    });
    shop.post("/checkout", body)
}

fn place(shop: &Shop, cart: &Json) -> Reply {
    place_by(shop, cart, "invoice")
}

/// Places a cart that can be ordered, and returns its order.
fn placed(shop: &Shop, cart: &Json) -> Json {
    let mut placement = place(shop, cart).expect(200);
    assert_eq!(placement["outcome"], "placed", "{placement}");
    placement["order"].take()
}

/// Asks for the payment of an order again.
fn confirm(shop: &Shop, order: &Json) -> Json {
    shop.post(&format!("/orders/{}/confirm", text(order, "id")), json!({})).expect(200)
}

/// Does something with an order as the staff.
fn act(shop: &Shop, order: &Json, what: &str, body: Json) -> Reply {
    shop.admin().post(&format!("/admin/orders/{}/{what}", text(order, "id")), body)
}

fn text(value: &Json, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

fn case(problem: &Json) -> &str {
    problem["error"]["tag"].as_str().unwrap_or_else(|| panic!("no typed error: {problem}"))
}

/// What is missing of what a refused request wants.
fn missing(problem: &Json) -> Json {
    assert_eq!((case(problem), &problem["code"]), ("refused", &json!("insufficient-stock")));
    let data = text(&problem["error"]["val"], "data");
    serde_json::from_str(&data).expect("JSON")
}

/// Publishes a product, takes it back to draft or archives it.
fn set_status(shop: &Shop, slug: &str, status: &str) {
    let product = shop.admin().get(&format!("/admin/products/by-slug/{slug}")).ok();
    let path = format!("/admin/products/{}/status", text(&product, "id"));
    shop.admin().post(&path, json!({ "status": status })).ok();
}

/// The payment of an order, as its provider knows it.
fn payment(shop: &Shop, order: &Json) -> Json {
    let which = json!({"method": order["paymentMethod"], "id": order["paymentId"]});
    let method = text(order, "paymentMethod");
    let plugin =
        if STRANGE.contains(&method.as_str()) { "strange-payments" } else { "payment-manual" };
    shop.call_at(plugin, "quoin:payment/provider#get", which).ok()
}

/// How many payments of a method are open: of the strange ones, all that were ever kept.
fn open_payments(shop: &Shop, method: &str) -> usize {
    let plugin = if STRANGE.contains(&method) { "strange-payments" } else { "payment-manual" };
    let which = json!({"method": method, "limit": 100});
    let page = shop.call_at(plugin, "quoin:payment/provider#list-open", which).ok();
    page["items"].as_array().expect("items").len()
}

fn orders(shop: &Shop) -> Vec<Json> {
    let page = shop.admin().get("/admin/orders?limit=100").ok();
    page["items"].as_array().expect("items").clone()
}

/// On hand and allocated.
fn stock(shop: &Shop, sku: &str) -> (i64, i64) {
    let levels = shop.admin().get(&format!("/admin/stock/levels/{}", variant(shop, sku))).ok();
    let sum = |name: &str| {
        let levels = levels.as_array().expect("levels").iter();
        levels.map(|level| level[name].as_i64().expect("a number")).sum()
    };
    (sum("onHand"), sum("allocated"))
}

/// How many owners have goods that were not shipped yet.
fn open_allocations(shop: &Shop) -> usize {
    let page = shop.admin().get("/admin/stock/allocations?limit=100").ok();
    page["items"].as_array().expect("items").len()
}

/// Ten mugs on hand, none of them anybody's, no order, no payment, and the cart open.
fn assert_nothing_happened(shop: &Shop, cart: &Json) {
    assert_eq!(stock(shop, "mug"), (10, 0));
    assert_eq!(open_allocations(shop), 0);
    assert_eq!(orders(shop), Vec::<Json>::new());
    for method in ["invoice", "cash", "transfer"] {
        assert_eq!(open_payments(shop, method), 0, "{method}");
    }
    let now = shop.get(&format!("/carts/{}", text(cart, "id"))).ok();
    assert_eq!((&now["status"], &now["orderId"]), (&json!("open"), &Json::Null));
}

#[test]
fn a_cart_becomes_an_order_with_its_goods_allocated_and_its_payment_authorized() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2), ("bowl", 1)]);
    let placement = place(&shop, &cart).expect(200);
    assert_eq!(placement["outcome"], "placed");
    assert_eq!((&placement["message"], &placement["nextUrl"]), (&Json::Null, &Json::Null));
    let order = &placement["order"];
    assert_eq!(order["number"], "1");
    assert_eq!((&order["state"], &order["payment"]), (&json!("open"), &json!("authorized")));
    let snapshot = &order["snapshot"];
    assert_eq!(snapshot["grand"], json!({"minor": 1_900, "currency": "EUR"}));
    assert_eq!(snapshot["address"], cart["address"]);
    assert_eq!(snapshot["taxIncluded"], cart["taxIncluded"]);
    let ids = |lines: &Json| -> Vec<String> {
        lines.as_array().expect("lines").iter().map(|line| text(line, "id")).collect()
    };
    assert_eq!(ids(&snapshot["lines"]), ids(&cart["lines"]));
    // Goods leave when they are shipped.
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((10, 2), (10, 1)));
    let payment = payment(&shop, order);
    assert_eq!(
        (&payment["state"], &payment["authorized"]),
        (&json!("authorized"), &snapshot["grand"])
    );
    assert_eq!(payment["description"], "Your order of 3 pieces");
    let id = text(order, "id");
    assert_eq!(shop.get(&format!("/orders/{id}")).ok()["number"], "1");
    let after = shop.get(&format!("/carts/{}", text(&cart, "id"))).ok();
    assert_eq!((&after["status"], &after["orderId"]), (&json!("ordered"), &order["id"]));
}

#[test]
fn money_that_is_due_with_the_order_is_captured_with_it() {
    let config = Config { payment: r#"capture-at-order = "cash""#, ..Config::default() };
    let (_host, shop) = start(config, 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let placement = place_by(&shop, &cart, "cash").expect(200);
    assert_eq!(placement["outcome"], "placed");
    let order = &placement["order"];
    assert_eq!((&order["payment"], &order["captured"]["minor"]), (&json!("paid"), &json!(900)));
    assert_eq!(payment(&shop, order)["captured"]["minor"], 900);
}

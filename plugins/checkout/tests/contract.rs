//! checkout with its six neighbours on the real host: one order or none, and nothing left over.

use quoin_harness::{Host, Reply, Shop, json};

#[path = "failures.rs"]
mod failures;
#[path = "interrupted.rs"]
mod interrupted;
#[path = "killed.rs"]
mod killed;
#[path = "races.rs"]
mod races;
#[path = "staff.rs"]
mod staff;

type Json = serde_json::Value;

/// What the plugins of a shop are configured with; nothing unless told.
#[derive(Clone, Copy, Default)]
struct Config<'a> {
    cart: &'a str,
    payment: &'a str,
    order: &'a str,
}

/// Makes the shop what this configuration says, and leaves its data alone.
fn configure(host: &Host, config: Config) -> Shop {
    let Config { cart, payment, order } = config;
    let plugins = [
        ("catalog", "", ""),
        ("pricing", "", ""),
        ("inventory", "", ""),
        ("cart", cart, ""),
        ("payment-manual", payment, ""),
        ("order", order, ""),
        (
            "checkout",
            "",
            r#"bind = { "quoin:payment/provider" = { invoice = "payment-manual", cash = "payment-manual", lost = "payment-manual" } }"#,
        ),
    ];
    let mut toml = "name = \"test\"\n".to_owned();
    for (name, config, bind) in plugins {
        let grants = r#"["sql", "log", "config", "clock", "random", "call"]"#;
        toml += &format!(
            "[plugins.{name}]\nbundle = \"{name}.wasm\"\ngrants = {grants}\nconfig = {{ {config} }}\n{bind}\n"
        );
    }
    host.apply(&toml)
}

/// A shop with mugs at 4.50 and bowls at 10.00, as many as told.
fn start(config: Config, mugs: u32, bowls: u32) -> (Host, Shop) {
    let host = Host::start();
    let shop = configure(&host, config);
    import(
        &shop,
        "products",
        "slug,title,description,category,sku,status\n\
         mug,Mug,A mug,tableware,mug,published\n\
         bowl,Bowl,A bowl,tableware,bowl,published\n",
    );
    import(&shop, "prices", "sku,price\nmug,4.50\nbowl,10.00\n");
    import(&shop, "stock", &format!("sku,on_hand\nmug,{mugs}\nbowl,{bowls}\n"));
    (host, shop)
}

fn import(shop: &Shop, what: &str, csv: &str) {
    let report = shop.admin().post_text(&format!("/admin/{what}/import"), "text/csv", csv).ok();
    assert_eq!(report["faultCount"], 0, "{report}");
}

/// A cart with these lines that can be ordered.
fn cart(shop: &Shop, lines: &[(&str, u32)]) -> Json {
    let cart = shop.post("/carts", json!({})).ok();
    let id = text(&cart, "id");
    for (sku, quantity) in lines {
        add(shop, &id, sku, *quantity);
    }
    let address = json!({
        "name": "Ada", "lines": ["Lane 1"], "postalCode": "12345", "city": "Berlin",
        "region": null, "country": "DE",
    });
    let contact = json!({"email": "ada@example.org", "address": address});
    shop.put(&format!("/carts/{id}/contact"), contact).ok()
}

fn add(shop: &Shop, cart: &str, sku: &str, quantity: u32) -> Json {
    let line = json!({"sku": sku, "quantity": quantity});
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

fn text(value: &Json, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

fn case(problem: &Json) -> &str {
    problem["error"]["tag"].as_str().unwrap_or_else(|| panic!("no typed error: {problem}"))
}

/// The payment of a cart's attempt, if there was one.
fn payment(shop: &Shop, cart: &Json, attempt: u32) -> Option<Json> {
    let key = format!("{}/{attempt}", text(cart, "id"));
    let which = json!({"method": "invoice", "key": key});
    let reply = shop.call("quoin:payment/provider#get-by-key", which);
    if reply.status == 404 { None } else { Some(reply.ok()) }
}

/// The states of all payments of a cart, in the order of its attempts.
fn payments(shop: &Shop, cart: &Json) -> Vec<String> {
    (1..).map_while(|n| payment(shop, cart, n)).map(|p| text(&p, "state")).collect()
}

fn orders(shop: &Shop) -> Vec<Json> {
    let page = shop.admin().get("/admin/orders?limit=100").ok();
    page["items"].as_array().expect("items").clone()
}

/// On hand and reserved.
fn stock(shop: &Shop, sku: &str) -> (i64, i64) {
    let levels = shop.admin().get(&format!("/admin/stock/levels/{sku}")).ok();
    let sum = |name: &str| {
        let levels = levels.as_array().expect("levels").iter();
        levels.map(|level| level[name].as_i64().expect("a number")).sum()
    };
    (sum("onHand"), sum("reserved"))
}

#[test]
fn a_cart_becomes_an_order_with_its_stock_taken_and_its_payment_authorized() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2), ("bowl", 1)]);
    let order = place(&shop, &cart).expect(201);
    assert_eq!(order["number"], "1");
    assert_eq!((&order["state"], &order["payment"]), (&json!("open"), &json!("authorized")));
    let snapshot = &order["snapshot"];
    assert_eq!(snapshot["grand"], json!({"minor": 1_900, "currency": "EUR"}));
    assert_eq!(snapshot["address"], cart["address"]);
    assert_eq!(snapshot["lines"].as_array().expect("lines").len(), 2);
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((8, 0), (9, 0)));
    let payment = payment(&shop, &cart, 1).expect("a payment");
    assert_eq!(payment["id"], snapshot["paymentId"]);
    assert_eq!(
        (&payment["state"], &payment["authorized"]),
        (&json!("authorized"), &snapshot["grand"])
    );
    let id = text(&order, "id");
    assert_eq!(shop.get(&format!("/orders/{id}")).ok()["number"], "1");
    let after = shop.get(&format!("/carts/{}", text(&cart, "id"))).ok();
    assert_eq!(after["status"], "ordered");
}

#[test]
fn money_that_is_due_with_the_order_is_captured_with_it() {
    let config = Config { payment: r#"capture-at-order = "cash""#, ..Config::default() };
    let (_host, shop) = start(config, 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let order = place_by(&shop, &cart, "cash").expect(201);
    assert_eq!(order["payment"], "paid");
    assert_eq!(payment(&shop, &cart, 1).expect("a payment")["captured"]["minor"], 900);
}

#[test]
fn the_same_cart_asked_for_again_is_answered_with_the_same_order() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let order = place(&shop, &cart).expect(201);
    assert_eq!(place(&shop, &cart).expect(201), order);
    // With another method and an old revision: it is ordered, and that is the answer.
    assert_eq!(place_by(&shop, &cart, "cash").expect(201), order);
    let old = json!({"cartId": cart["id"], "revision": 1, "paymentMethod": "invoice"});
    assert_eq!(shop.post("/checkout", old).expect(201), order);
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (1, (8, 0)));
    assert_eq!(payments(&shop, &cart), ["authorized"]);
}

#[test]
fn the_same_key_gives_the_same_order_and_no_order_of_another_cart() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (first, second) = (cart(&shop, &[("mug", 1)]), cart(&shop, &[("mug", 1)]));
    let with_key = |cart: &Json| {
        let body = json!({
            "cartId": cart["id"], "revision": cart["revision"], "paymentMethod": "invoice",
        });
        shop.request("POST", "/checkout").header("idempotency-key", "k-1").json(&body).send()
    };
    let order = with_key(&first).expect(201);
    assert_eq!(with_key(&first).expect(201), order);
    assert_eq!(case(&with_key(&second).expect(409)), "conflict");
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (1, (9, 0)));
    assert_eq!(payments(&shop, &second), ["voided"]);
    // Under a key of its own it can be ordered.
    place(&shop, &second).expect(201);
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (2, (8, 0)));
}

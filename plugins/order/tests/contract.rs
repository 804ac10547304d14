//! order against the real host: snapshots that stay, numbers without gaps, states that move by rules.

use quoin_harness::{Host, Reply, Shop, json};

#[path = "events.rs"]
mod events;
#[path = "goods.rs"]
mod goods;
#[path = "states.rs"]
mod states;

type Json = serde_json::Value;

fn start() -> (Host, Shop) {
    let host = Host::start_compiled();
    let shop = apply(&host, "");
    (host, shop)
}

fn apply(host: &Host, config: &str) -> Shop {
    host.apply(&format!(
        r#"
        name = "test"
        [plugins.order]
        bundle = "order.wasm"
        grants = ["sql", "config", "clock", "random", "call", "log"]
        config = {{ {config} }}
        "#
    ))
}

/// Calls a function of whichever of the plugin's interfaces has it.
fn call(shop: &Shop, function: &str, arguments: Json) -> Reply {
    let interface = match function {
        "get" => "orders",
        "find" | "list-orders" => "order-admin",
        _ => "order-steps",
    };
    shop.call(&format!("quoin:order/{interface}#{function}"), arguments)
}

fn euros(minor: i64) -> Json {
    json!({"minor": minor, "currency": "EUR"})
}

/// Two mugs, one more with an engraving, and a bowl.
fn draft(cart: &str) -> Json {
    let line = |id: &str, sku: &str, quantity: i64, unit: i64, fields: Json| {
        json!({
            "id": id, "variant": format!("variant_{sku}"), "sku": sku, "title": format!("A {sku}"),
            "quantity": quantity, "unit": euros(unit), "total": euros(quantity * unit),
            "reason": "regular", "fields": fields, "requiresShipping": true,
        })
    };
    json!({
        "cartId": cart,
        "email": "ada@example.org",
        "address": {
            "name": "Ada", "company": "Engines", "lines": ["Lane 1", "2nd floor"],
            "postalCode": "12345", "city": "Berlin", "region": null, "country": "DE",
            "phone": "+49 30 123456",
        },
        "lines": [
            line("l1", "mug", 2, 450, json!([])),
            line("l2", "mug", 1, 450, json!([
                {"name": "acme:engraving", "value": "Für Ada"},
                {"name": "acme:font", "value": "serif"},
            ])),
            line("l3", "bowl", 1, 1_000, json!([])),
        ],
        "taxIncluded": true,
        "subtotal": euros(2_350),
        "grand": euros(2_350),
    })
}

fn create(shop: &Shop, key: &str) -> Reply {
    create_of(shop, key, draft(key), "authorized")
}

fn create_of(shop: &Shop, key: &str, draft: Json, payment: &str) -> Reply {
    let order = json!({
        "key": key, "draft": draft, "paymentMethod": "invoice", "paymentId": "pay_1",
        "payment": payment,
    });
    call(shop, "create", order)
}

/// Tells the order what is captured and given back in all.
fn record(shop: &Shop, id: &str, payment: &str, captured: i64, refunded: i64) -> Reply {
    let sums = json!({
        "id": id, "payment": payment, "captured": euros(captured), "refunded": euros(refunded),
    });
    call(shop, "record-payment", sums)
}

fn field(order: &Json, name: &str) -> String {
    order[name].as_str().expect("a string").to_owned()
}

fn numbers(shop: &Shop) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut path = "/admin/orders?limit=7".to_owned();
    loop {
        let page = shop.admin().get(&path).ok();
        numbers.extend(page["items"].as_array().expect("items").iter().map(|o| field(o, "number")));
        match page["next"].as_str() {
            Some(next) => path = format!("/admin/orders?limit=7&cursor={next}"),
            None => return numbers,
        }
    }
}

#[test]
fn an_order_is_the_draft_it_was_made_of() {
    let (_host, shop) = start();
    let order = create(&shop, "cart-1").ok();
    assert_eq!(order["snapshot"], draft("cart-1"));
    let paid_by = (&order["paymentMethod"], &order["paymentId"]);
    assert_eq!(paid_by, (&json!("invoice"), &json!("pay_1")));
    assert_eq!((&order["number"], &order["revision"]), (&json!("1"), &json!(1)));
    assert_eq!(order["state"], "open");
    assert_eq!(order["payment"], "authorized");
    assert_eq!(order["fulfilment"], "unfulfilled");
    assert_eq!((&order["captured"], &order["refunded"]), (&euros(0), &euros(0)));
    for (function, argument) in [("get", "id"), ("find", "number")] {
        assert_eq!(call(&shop, function, json!({argument: order[argument]})).ok(), order);
    }
    assert_eq!(call(&shop, "get-by-key", json!({"key": "cart-1"})).ok(), order);
    assert_eq!(shop.admin().get("/admin/orders/1").ok(), order);
}

#[test]
fn the_same_key_gives_the_same_order_and_another_draft_with_it_is_a_conflict() {
    let (_host, shop) = start();
    let order = create(&shop, "cart-1").ok();
    assert_eq!(create(&shop, "cart-1").ok(), order);
    let other = create_of(&shop, "cart-1", draft("cart-2"), "authorized");
    assert_eq!(other.expect(409)["error"]["tag"], "conflict");
    let paid_otherwise = json!({
        "key": "cart-1", "draft": draft("cart-1"), "paymentMethod": "invoice", "paymentId": "pay_2",
        "payment": "authorized",
    });
    assert_eq!(call(&shop, "create", paid_otherwise).expect(409)["error"]["tag"], "conflict");
    assert_eq!(numbers(&shop), ["1"]);
}

#[test]
fn numbers_have_no_gaps_however_many_are_made_at_once_and_whatever_fails() {
    let (_host, shop) = start();
    std::thread::scope(|scope| {
        for i in 0..48 {
            let shop = &shop;
            scope.spawn(move || match i % 4 {
                // Twice with one key, and once with what cannot be an order.
                0 => drop(create(shop, "twice").ok()),
                1 => {
                    let mut bad = draft("bad");
                    bad["subtotal"]["minor"] = json!(1);
                    create_of(shop, &format!("bad-{i}"), bad, "paid").expect(422);
                }
                _ => drop(create(shop, &format!("cart-{i}")).ok()),
            });
        }
    });
    let newest_first: Vec<String> = (1..=25).rev().map(|n| n.to_string()).collect();
    assert_eq!(numbers(&shop), newest_first);
}

#[test]
fn a_prefix_is_for_the_orders_that_follow_and_a_bad_one_makes_none() {
    let (host, shop) = start();
    create(&shop, "a").ok();
    let shop = apply(&host, r#"prefix = "W-""#);
    create(&shop, "b").ok();
    let shop = apply(&host, r#"prefix = "W-1""#);
    create(&shop, "c").expect(502);
    let shop = apply(&host, r#"prefix = "X_""#);
    create(&shop, "c").ok();
    assert_eq!(numbers(&shop), ["X_3", "W-2", "1"]);
}

#[test]
fn lists_are_filtered_by_state_and_paged_to_the_end() {
    let (_host, shop) = start();
    let ids: Vec<String> =
        (0..5).map(|i| field(&create(&shop, &format!("cart-{i}")).ok(), "id")).collect();
    for id in &ids[..2] {
        call(&shop, "cancel", json!({"id": id, "reason": "changed my mind"})).ok();
    }
    let count = |query: &str| {
        let page = shop.admin().get(&format!("/admin/orders{query}")).ok();
        (page["items"].as_array().expect("items").len(), page["next"].is_string())
    };
    assert_eq!(count(""), (5, false));
    assert_eq!(count("?state=cancelled"), (2, false));
    assert_eq!(count("?state=open&limit=1"), (1, true));
    assert_eq!(count("?state=completed"), (0, false));
    record(&shop, &ids[4], "paid", 2_350, 0).ok();
    assert_eq!(count("?payment=paid"), (1, false));
    assert_eq!(count("?payment=authorized&state=cancelled"), (2, false));
    assert_eq!(count("?payment=paid&state=cancelled"), (0, false));
    shop.admin().get("/admin/orders?cursor=nonsense").expect(422);
    shop.get("/admin/orders").expect(401);
    shop.get("/admin/orders/1").expect(401);
}

#[test]
fn the_buyer_sees_the_order_by_its_id_without_the_ids_of_the_staff() {
    let (_host, shop) = start();
    let order = create(&shop, "cart-1").ok();
    let path = format!("/orders/{}", field(&order, "id"));
    let seen = shop.get(&path).ok();
    assert_eq!(seen["snapshot"], order["snapshot"]);
    assert_eq!(seen["history"][0]["who"], "admin");
    let by_staff = shop.admin().get(&path).ok();
    assert!(field(&by_staff["history"][0], "who").starts_with("admin "), "{by_staff}");
    shop.get("/orders/order_00000000000000000000000000000000").expect(404);
    shop.get("/orders/1").expect(404);
}

#[test]
fn a_draft_that_cannot_be_an_order_is_refused_with_every_fault() {
    let (_host, shop) = start();
    let mut bad = draft("cart-1");
    bad["email"] = json!("nobody");
    bad["address"]["country"] = json!("Germany");
    bad["lines"][0]["quantity"] = json!(0);
    bad["lines"][1]["unit"]["currency"] = json!("USD");
    bad["lines"][2]["id"] = json!("l1");
    bad["subtotal"]["minor"] = json!(-1);
    let problem = create_of(&shop, "", bad, "refunded").expect(422);
    let faults = problem["error"]["val"].to_string();
    for field in [
        "\"key\"",
        "\"payment\"",
        "draft/email",
        "draft/address/country",
        "draft/lines/0/quantity",
        "draft/lines/1/unit/currency",
        "draft/lines/2\"",
        "draft/subtotal/minor",
    ] {
        assert!(faults.contains(field), "{field} is not in {faults}");
    }
    let mut empty = draft("cart-1");
    empty["lines"] = json!([]);
    create_of(&shop, "k", empty, "paid").expect(422);
    assert!(numbers(&shop).is_empty());
}

#[test]
fn goods_that_are_shipped_need_an_address_and_others_do_not() {
    let (_host, shop) = start();
    let mut nowhere = draft("cart-1");
    nowhere["address"] = Json::Null;
    let create = |draft: &Json| create_of(&shop, "k", draft.clone(), "authorized");
    let problem = create(&nowhere).expect(422);
    assert_eq!(problem["error"]["val"][0]["field"], "draft/address");
    for line in nowhere["lines"].as_array_mut().expect("lines") {
        line["requiresShipping"] = json!(false);
    }
    assert_eq!(create(&nowhere).ok()["snapshot"], nowhere);
}

#[test]
fn titles_reasons_and_fields_of_the_greatest_length_are_kept_in_any_script() {
    let (_host, shop) = start();
    let mut long = draft("cart-1");
    long["lines"][0]["title"] = json!("日".repeat(300));
    long["lines"][0]["reason"] = json!("é".repeat(300));
    long["lines"][1]["reason"] = json!("");
    long["lines"][1]["fields"][0]["value"] = json!("ü".repeat(1_000));
    let made = create_of(&shop, "k", long.clone(), "authorized").ok();
    assert_eq!(made["snapshot"], long);
    assert_eq!(call(&shop, "get", json!({"id": made["id"]})).ok(), made);
    long["lines"][0]["title"] = json!("日".repeat(301));
    let problem = create_of(&shop, "other", long, "authorized").expect(422);
    assert_eq!(problem["error"]["val"][0]["field"], "draft/lines/0/title");
}

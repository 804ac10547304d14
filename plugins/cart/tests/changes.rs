//! Changing a cart, one after another and many at once.

use quoin_harness::json;

use super::{Json, add, create, get, grand, id, import, refused, start, variant};
use quoin_harness::Host;

#[test]
fn a_quantity_can_be_set_and_none_removes_the_line() {
    let (_host, shop) = start();
    let cart = create(&shop);
    add(&shop, id(&cart), "mug-blue", 1).ok();
    add(&shop, id(&cart), "bowl", 1).ok();
    let path = format!("/carts/{}/lines", id(&cart));
    let changed = shop.patch(&format!("{path}/1"), json!({"quantity": 12})).ok();
    assert_eq!(grand(&changed), 12_700);
    let changed = shop.patch(&format!("{path}/1"), json!({"quantity": 0})).ok();
    assert_eq!((changed["lines"].as_array().map(Vec::len), grand(&changed)), (Some(1), 700));
    shop.patch(&format!("{path}/1"), json!({"quantity": 1})).expect(404);
    let empty = shop.delete(&format!("{path}/2")).ok();
    assert_eq!((&empty["lines"], grand(&empty)), (&json!([]), 0));
    shop.delete(&format!("{path}/2")).expect(404);
    // A removed line's id never means another line.
    let line = &add(&shop, id(&cart), "bowl", 1).ok()["lines"][0];
    assert!(line["id"] != "1" && line["id"] != "2", "{line}");
}

#[test]
fn quantities_and_lines_have_bounds_and_what_is_beyond_changes_nothing() {
    let (_host, shop) = start();
    let before = create(&shop);
    let path = format!("/carts/{}/lines", id(&before));
    refused(add(&shop, id(&before), "bowl", 0), "quantity");
    refused(add(&shop, id(&before), "bowl", 10_000), "quantity");
    refused(add(&shop, id(&before), "", 1), "variant");
    refused(add(&shop, id(&before), &"x".repeat(201), 1), "variant");
    let full = add(&shop, id(&before), "bowl", 9_999).ok();
    refused(add(&shop, id(&before), "bowl", 1), "quantity");
    refused(shop.patch(&format!("{path}/1"), json!({"quantity": 10_000})), "quantity");
    for bad in [json!({"variant": "bowl"}), json!({"variant": "bowl", "quantity": -1}), json!([])] {
        let status = shop.post(&path, bad).status;
        assert!((400..500).contains(&status), "{status}");
    }
    assert_eq!(get(&shop, id(&before)), full);
}

#[test]
fn a_cart_has_at_most_two_hundred_lines() {
    let host = Host::start_compiled();
    let shop = host.apply(super::SHOP);
    let rows: String =
        (0..201).map(|i| format!("p-{i},P {i},,Things,sku-{i},published,P {i}\n")).collect();
    let header = "slug,title,description,category,sku,status,variant_title";
    import(&shop, "products", &format!("{header}\n{rows}"));
    let cart = create(&shop);
    for i in 0..200 {
        add(&shop, id(&cart), &format!("sku-{i}"), 1).ok();
    }
    refused(add(&shop, id(&cart), "sku-200", 1), "variant");
    // None of them has a price, and the cart can still be used.
    let cart = add(&shop, id(&cart), "sku-7", 2).ok();
    assert_eq!((&cart["lines"][7]["quantity"], grand(&cart)), (&json!(3), 0));
    let lines = cart["lines"].as_array().expect("lines");
    assert!(lines.iter().all(|line| line["problem"] == "has no price in EUR"));
}

#[test]
fn a_change_made_for_an_older_revision_is_refused() {
    let (_host, shop) = start();
    let first = create(&shop);
    let second = add(&shop, id(&first), "bowl", 1).ok();
    assert!(second["revision"].as_u64() > first["revision"].as_u64());
    let path = format!("/carts/{}", id(&first));
    let (old, new) = (&first["revision"], &second["revision"]);
    let contact = |revision: &Json| json!({"email": "ada@example.com", "revision": revision});
    let line = json!({"variant": variant(&shop, "bowl"), "quantity": 1, "revision": old});
    shop.post(&format!("{path}/lines"), line).expect(409);
    shop.patch(&format!("{path}/lines/1"), json!({"quantity": 2, "revision": old})).expect(409);
    shop.delete(&format!("{path}/lines/1?revision={old}")).expect(409);
    shop.put(&format!("{path}/contact"), contact(old)).expect(409);
    assert_eq!(get(&shop, id(&first)), second);
    let third = shop.put(&format!("{path}/contact"), contact(new)).ok();
    let newest = &third["revision"];
    let fourth = shop.delete(&format!("{path}/lines/1?revision={newest}")).ok();
    assert_eq!(fourth["lines"], json!([]));
}

#[test]
fn of_many_changes_made_for_one_revision_one_succeeds() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let path = format!("/carts/{}/lines", id(&cart));
    let bowl = variant(&shop, "bowl");
    let change = json!({"variant": bowl, "quantity": 1, "revision": cart["revision"]});
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..12).map(|_| scope.spawn(|| shop.post(&path, change.clone()).status)).collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).collect()
    });
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|s| **s == 409).count(), 11, "{statuses:?}");
    assert_eq!(get(&shop, id(&cart))["lines"][0]["quantity"], 1);
}

#[test]
fn no_change_is_lost_when_many_come_at_once() {
    let (_host, shop) = start();
    let cart = create(&shop);
    std::thread::scope(|scope| {
        for i in 0..16 {
            let sku = if i % 2 == 0 { "bowl" } else { "mug-blue" };
            let (shop, cart) = (&shop, &cart);
            scope.spawn(move || add(shop, id(cart), sku, 1).ok());
        }
    });
    let cart = get(&shop, id(&cart));
    let quantities: Vec<&Json> =
        cart["lines"].as_array().unwrap().iter().map(|line| &line["quantity"]).collect();
    assert_eq!((quantities, grand(&cart)), (vec![&json!(8), &json!(8)], 8 * 700 + 8 * 1_250));
}

#[test]
fn a_contact_is_kept_and_replaced_as_a_whole() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let path = format!("/carts/{}/contact", id(&cart));
    let address = json!({
        "name": "Ada L.", "lines": ["Main Street 1", "Second floor"], "postalCode": "10115",
        "city": "Berlin", "region": null, "country": "DE", "company": "Engines", "phone": "+49 30 1234",
    });
    let sent = json!({"email": "ada@example.com", "address": address});
    let known = shop.put(&path, sent.clone()).ok();
    assert_eq!((&known["email"], &known["address"]), (&json!("ada@example.com"), &address));
    assert_eq!(get(&shop, id(&cart)), known);
    assert_eq!(shop.put(&path, sent).ok()["revision"], known["revision"]);
    let known = shop.put(&path, json!({"email": "ada.l+shop@mail.example.org"})).ok();
    assert_eq!(known["address"], Json::Null);
}

#[test]
fn a_contact_that_nothing_could_be_sent_to_is_refused_by_field() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let path = format!("/carts/{}/contact", id(&cart));
    for email in [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@localhost",
        "a b@example.com",
        "a@b..c",
        "a@-b.com",
        "a@b.com\n",
        "ada@@example.com",
        ".ada@example.com",
    ] {
        refused(shop.put(&path, json!({"email": email})), "email");
    }
    let good = json!({
        "name": "Ada", "lines": ["Main Street 1"], "postalCode": "", "city": "Galway", "country": "IE",
    });
    let with = |field: &str, value: Json| {
        let mut address = good.clone();
        address[field] = value;
        shop.put(&path, json!({"email": "ada@example.com", "address": address}))
    };
    refused(with("name", json!("")), "address/name");
    refused(with("city", json!("a\u{7}")), "address/city");
    refused(with("lines", json!([])), "address/lines");
    refused(with("lines", json!(["1", "2", "3", "4", "5", "6"])), "address/lines");
    refused(with("lines", json!(["a\nb"])), "address/lines/0");
    refused(with("postalCode", json!("x".repeat(21))), "address/postalCode");
    refused(with("region", json!("")), "address/region");
    refused(with("company", json!("x".repeat(201))), "address/company");
    refused(with("phone", json!("by pigeon")), "address/phone");
    refused(with("country", json!("ie")), "address/country");
    refused(with("country", json!("Ireland")), "address/country");
    assert_eq!(get(&shop, id(&cart)), cart);
    with("region", json!("Connacht")).ok();
}

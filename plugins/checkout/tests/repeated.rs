//! The same cart or the same key, however often.

use quoin_harness::{Reply, Shop, json, until};

use super::{
    Config, Json, act, cart, case, confirm, open_payments, orders, place, placed, start, stock,
    text,
};

fn place_with(shop: &Shop, cart: &Json, method: &str, key: &str) -> Reply {
    place_seen(shop, cart, cart["revision"].as_u64().expect("a revision"), method, key)
}

fn place_seen(shop: &Shop, cart: &Json, revision: u64, method: &str, key: &str) -> Reply {
    let body = json!({"cartId": cart["id"], "revision": revision, "paymentMethod": method});
    shop.request("POST", "/checkout").header("idempotency-key", key).json(&body).send()
}

#[test]
fn the_same_cart_asked_for_again_is_answered_with_the_same_order() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let placement = place(&shop, &cart).expect(200);
    assert_eq!(place(&shop, &cart).expect(200), placement);
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (1, (10, 2)));
    assert_eq!((open_payments(&shop, "invoice"), open_payments(&shop, "cash")), (1, 0));
}

#[test]
fn something_else_is_never_answered_with_the_order_that_there_is() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let seen = cart["revision"].as_u64().expect("a revision");
    let placement = place_with(&shop, &cart, "invoice", "k").expect(200);
    let order = text(&placement["order"], "id");
    // Its buyer never had the answer, changes the cart as he saw it, and orders again: with the same key or
    // another one, in the same way or another one.
    let line = format!("/carts/{}/lines/{}", text(&cart, "id"), text(&cart["lines"][0], "id"));
    shop.patch(&line, json!({"quantity": 3})).refused(409, "conflict");
    for (revision, method) in [(seen + 1, "invoice"), (seen - 1, "invoice"), (seen, "cash")] {
        for key in ["k", "other"] {
            let problem = place_seen(&shop, &cart, revision, method, key).refused(409, "conflict");
            let told = text(&problem["error"], "val");
            assert!(key == "k" || told.contains(&order), "{told}");
        }
        let body = json!({"cartId": cart["id"], "revision": revision, "paymentMethod": method});
        shop.post("/checkout", body).refused(409, "conflict");
    }
    // What he asked for then has the answer that it had, and a key of a conflict is free.
    assert_eq!(place_with(&shop, &cart, "invoice", "k").expect(200), placement);
    assert_eq!(place_with(&shop, &cart, "invoice", "other").expect(200), placement);
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (1, (10, 2)));
    assert_eq!((open_payments(&shop, "invoice"), open_payments(&shop, "cash")), (1, 0));
}

#[test]
fn a_declined_key_is_no_answer_for_a_cart_that_changed() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let before = cart(&shop, &[("mug", 2)]);
    let declined = place_with(&shop, &before, "declined", "k").expect(200);
    assert_eq!((&declined["outcome"], &declined["order"]), (&json!("declined"), &Json::Null));
    assert_eq!(place_with(&shop, &before, "declined", "k").expect(200), declined);
    let line = format!("/carts/{}/lines/{}", text(&before, "id"), text(&before["lines"][0], "id"));
    let after = shop.patch(&line, json!({"quantity": 3})).ok();
    place_with(&shop, &after, "declined", "k").refused(409, "conflict");
    let placed = place_with(&shop, &after, "invoice", "k-2").expect(200);
    assert_eq!(placed["order"]["snapshot"]["lines"][0]["quantity"], 3);
}

#[test]
fn the_answer_tells_how_the_order_is_now() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let order = placed(&shop, &cart);
    let paid = act(&shop, &order, "capture", json!({})).ok();
    assert_eq!(placed(&shop, &cart), shop.get(&format!("/orders/{}", text(&paid, "id"))).ok());
}

#[test]
fn the_same_key_gives_the_same_order_and_nothing_else() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (first, second) = (cart(&shop, &[("mug", 1)]), cart(&shop, &[("mug", 1)]));
    let placement = place_with(&shop, &first, "invoice", "k-1").expect(200);
    assert_eq!(place_with(&shop, &first, "invoice", "k-1").expect(200), placement);
    assert_eq!(case(&place_with(&shop, &second, "invoice", "k-1").expect(409)), "conflict");
    assert_eq!(case(&place_with(&shop, &first, "cash", "k-1").expect(409)), "conflict");
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (1, (10, 1)));
    assert_eq!(open_payments(&shop, "invoice"), 1);
    // Under a key of its own it can be ordered.
    place_with(&shop, &second, "invoice", "k-2").expect(200);
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (2, (10, 2)));
}

#[test]
fn a_key_that_found_an_order_is_used_as_well() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (first, second) = (cart(&shop, &[("mug", 1)]), cart(&shop, &[("mug", 1)]));
    let placement = place(&shop, &first).expect(200);
    assert_eq!(place_with(&shop, &first, "invoice", "late").expect(200), placement);
    assert_eq!(case(&place_with(&shop, &second, "invoice", "late").expect(409)), "conflict");
    assert_eq!(orders(&shop).len(), 1);
}

#[test]
fn of_one_cart_no_more_than_a_hundred_keys_are_kept() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (first, second) = (cart(&shop, &[("mug", 1)]), cart(&shop, &[("mug", 1)]));
    for number in 0..=100 {
        place_with(&shop, &first, "invoice", &format!("k-{number}")).expect(200);
    }
    assert_eq!(case(&place_with(&shop, &second, "invoice", "k-99").expect(409)), "conflict");
    place_with(&shop, &second, "invoice", "k-100").expect(200);
    assert_eq!(orders(&shop).len(), 2);
}

#[test]
fn a_key_of_an_attempt_that_failed_is_free() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let (large, small) = (cart(&shop, &[("mug", 8)]), cart(&shop, &[("mug", 3)]));
    let taken = cart(&shop, &[("mug", 3)]);
    placed(&shop, &taken);
    place_with(&shop, &large, "invoice", "k").refused(409, "insufficient-stock");
    place_with(&shop, &small, "cash", "k").expect(200);
    assert_eq!((orders(&shop).len(), stock(&shop, "mug")), (2, (10, 6)));
}

#[test]
fn a_key_or_method_that_cannot_be_one_is_named() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 1)]);
    let problem = place_with(&shop, &cart, &"m".repeat(201), &"k".repeat(201)).expect(422);
    let faults = problem["error"]["val"].as_array().expect("faults");
    let fields: Vec<&str> = faults.iter().filter_map(|fault| fault["field"].as_str()).collect();
    assert_eq!(fields, ["paymentMethod", "key"]);
    let key = "k".repeat(200);
    place_with(&shop, &cart, "invoice", &key).expect(200);
}

#[test]
fn an_expired_cart_still_leads_to_its_order() {
    // 1.7 seconds after its last change.
    let soon = Config { cart: r#"expire-days = "0.00002""#, ..Config::default() };
    let (_host, shop) = start(soon, 10, 10);
    let ordered = cart(&shop, &[("mug", 1)]);
    let placement = place(&shop, &ordered).expect(200);
    let open = cart(&shop, &[("mug", 1)]);
    let path = format!("/carts/{}", text(&open, "id"));
    until("the open cart expires", || (shop.get(&path).status == 404).then_some(()));
    assert_eq!(case(&place(&shop, &open).expect(404)), "not-found");
    // A new cart clears expired ones away: by now the older one would be gone as well.
    shop.post("/carts", json!({})).ok();
    let mark = json!({"id": open["id"], "orderId": "order_1"});
    shop.call("quoin:cart/cart-steps#mark-ordered", mark).expect(404);
    assert_eq!(place(&shop, &ordered).expect(200), placement);
    assert_eq!(confirm(&shop, &placement["order"])["order"], placement["order"]);
    assert_eq!(shop.get(&format!("/carts/{}", text(&ordered, "id"))).ok()["status"], "ordered");
}

//! A checkout that ended between two steps, however: its steps are made by hand up to there, and then
//! the cart is placed again.

use quoin_harness::{Shop, json};

use super::{
    Config, Json, add, cart, case, orders, payment, payments, place, place_by, start, stock, text,
};

/// What checkout does first: the goods are held for the cart.
fn reserve(shop: &Shop, cart: &Json) {
    let line = |line: &Json| json!({"sku": line["sku"], "quantity": line["quantity"]});
    let lines: Json = cart["lines"].as_array().expect("lines").iter().map(line).collect();
    let hold = json!({"owner": cart["id"], "lines": lines, "seconds": 600});
    shop.call("quoin:inventory/stock#reserve", hold).ok();
}

/// What it does second.
fn authorize(shop: &Shop, cart: &Json) -> Json {
    let lines = cart["lines"].as_array().expect("lines").iter();
    let pieces: u64 = lines.map(|line| line["quantity"].as_u64().expect("a number")).sum();
    let request = json!({
        "key": format!("{}/1", text(cart, "id")),
        "amount": cart["totals"]["grand"],
        "description": format!("Your order of {pieces} pieces"),
        "email": cart["email"],
    });
    let arguments = json!({"method": "invoice", "request": request});
    shop.call("quoin:payment/provider#authorize", arguments).ok()
}

/// What it does third, and cannot be undone.
fn create(shop: &Shop, cart: &Json, payment: &Json) -> Json {
    let mut lines = cart["lines"].clone();
    for line in lines.as_array_mut().expect("lines") {
        let line = line.as_object_mut().expect("a line");
        line.remove("id");
        line.remove("problem");
    }
    let draft = json!({
        "cartId": cart["id"], "email": cart["email"], "address": cart["address"], "lines": lines,
        "subtotal": cart["totals"]["subtotal"], "grand": cart["totals"]["grand"],
        "paymentMethod": "invoice", "paymentId": payment["id"],
    });
    let key = format!("checkout/{}", text(cart, "id"));
    let order = json!({"key": key, "draft": draft, "payment": "authorized"});
    shop.call("quoin:order/orders#create", order).ok()
}

fn all_three(shop: &Shop, cart: &Json) -> Json {
    reserve(shop, cart);
    let payment = authorize(shop, cart);
    create(shop, cart, &payment)
}

/// One order of two mugs out of ten, with one payment.
fn assert_ordered_once(shop: &Shop, cart: &Json, order: &Json) {
    assert_eq!(place(shop, cart).expect(201), *order);
    assert_eq!((orders(shop).len(), stock(shop, "mug")), (1, (8, 0)));
    let authorized = payments(shop, cart).iter().filter(|s| *s == "authorized").count();
    assert_eq!(authorized, 1);
    let cart = shop.get(&format!("/carts/{}", text(cart, "id"))).ok();
    assert_eq!(cart["status"], "ordered");
}

#[test]
fn after_any_number_of_its_steps_it_goes_on_to_one_order() {
    for steps in 0..=5 {
        let (_host, shop) = start(Config::default(), 10, 10);
        let cart = cart(&shop, &[("mug", 2)]);
        if steps > 0 {
            reserve(&shop, &cart);
        }
        let begun = (steps > 1).then(|| authorize(&shop, &cart));
        let made = begun.as_ref().filter(|_| steps > 2).map(|p| create(&shop, &cart, p));
        if steps > 3 {
            shop.call("quoin:inventory/stock#commit", json!({"owner": cart["id"]})).ok();
        }
        if let Some(order) = made.as_ref().filter(|_| steps > 4) {
            let mark = json!({"id": cart["id"], "orderId": order["id"]});
            shop.call("quoin:cart/carts#mark-ordered", mark).ok();
        }
        let order = place(&shop, &cart).expect(201);
        assert_eq!(order["number"], "1");
        if let Some(begun) = begun {
            assert_eq!(order["snapshot"]["paymentId"], begun["id"], "after {steps} steps");
        }
        if let Some(made) = made {
            assert_eq!(order["id"], made["id"], "after {steps} steps");
        }
        assert_ordered_once(&shop, &cart, &order);
    }
}

#[test]
fn with_the_last_goods_its_own_hold_is_not_in_its_way() {
    let (_host, shop) = start(Config::default(), 3, 10);
    let before = cart(&shop, &[("mug", 3)]);
    reserve(&shop, &before);
    authorize(&shop, &before);
    // The buyer takes one less and one thing more.
    let id = text(&before, "id");
    let line = text(&before["lines"][0], "id");
    shop.patch(&format!("/carts/{id}/lines/{line}"), json!({"quantity": 2})).ok();
    let after = add(&shop, &id, "bowl", 1);
    let order = place(&shop, &after).expect(201);
    assert_eq!(order["snapshot"]["grand"]["minor"], 1_900);
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((1, 0), (9, 0)));
    assert_eq!(payments(&shop, &after), ["voided", "authorized"]);
}

#[test]
fn with_another_method_of_the_same_plugin_the_first_payment_is_voided() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    reserve(&shop, &cart);
    authorize(&shop, &cart);
    let order = place_by(&shop, &cart, "cash").expect(201);
    assert_eq!(order["snapshot"]["paymentMethod"], "cash");
    assert_eq!(payments(&shop, &cart), ["voided", "authorized"]);
    assert_ordered_once(&shop, &cart, &order);
}

#[test]
fn with_an_order_made_it_is_that_order_however_the_cart_has_changed_since() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let before = cart(&shop, &[("mug", 2)]);
    let made = all_three(&shop, &before);
    let after = add(&shop, &text(&before, "id"), "bowl", 4);
    let order = place(&shop, &after).expect(201);
    assert_eq!(order["id"], made["id"]);
    assert_eq!((stock(&shop, "mug"), stock(&shop, "bowl")), ((8, 0), (10, 0)));
}

#[test]
fn with_an_order_made_and_its_goods_sold_meanwhile_it_is_cancelled_and_voided() {
    let (_host, shop) = start(Config::default(), 2, 10);
    let late = cart(&shop, &[("mug", 2)]);
    let made = all_three(&shop, &late);
    shop.call("quoin:inventory/stock#release", json!({"owner": late["id"]})).ok();
    place(&shop, &cart(&shop, &[("mug", 1)])).expect(201);

    assert_eq!(case(&place(&shop, &late).expect(409)), "insufficient-stock");
    let order = shop.get(&format!("/orders/{}", text(&made, "id"))).ok();
    assert_eq!((&order["state"], &order["payment"]), (&json!("cancelled"), &json!("voided")));
    assert_eq!((stock(&shop, "mug"), payments(&shop, &late)), ((1, 0), vec!["voided".into()]));
    // It stays cancelled.
    assert_eq!(case(&place(&shop, &late).expect(409)), "conflict");
    assert_eq!(orders(&shop).len(), 2);
}

#[test]
fn with_an_order_made_the_staff_can_complete_it_by_capturing() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let made = all_three(&shop, &cart);
    let path = format!("/admin/orders/{}/capture", text(&made, "id"));
    assert_eq!(shop.admin().post(&path, json!({})).ok()["payment"], "paid");
    assert_eq!(stock(&shop, "mug"), (8, 0));
    assert_eq!(place(&shop, &cart).expect(201)["id"], made["id"]);
    assert_eq!(payment(&shop, &cart, 1).expect("a payment")["captured"]["minor"], 900);
}

#[test]
fn with_an_order_made_the_staff_can_cancel_it_and_its_goods_were_never_taken() {
    let (_host, shop) = start(Config::default(), 10, 10);
    let cart = cart(&shop, &[("mug", 2)]);
    let made = all_three(&shop, &cart);
    let path = format!("/admin/orders/{}/cancel", text(&made, "id"));
    let order = shop.admin().post(&path, json!({"reason": "half done"})).ok();
    assert_eq!((&order["state"], &order["payment"]), (&json!("cancelled"), &json!("voided")));
    assert_eq!(stock(&shop, "mug"), (10, 0));
    assert_eq!(case(&place(&shop, &cart).expect(409)), "conflict");
    assert_eq!(stock(&shop, "mug"), (10, 0));
}

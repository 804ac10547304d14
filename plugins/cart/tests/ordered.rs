//! Carts that were ordered, and carts that have expired.

use quoin_harness::{Host, json, until};

use super::{
    Json, SHOP, add, create, get, id, import, mark, recalculate, refused, set_status, start,
};

#[test]
fn an_ordered_cart_names_its_order_and_does_not_change() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let cart = add(&shop, id(&cart), "bowl", 1).ok();
    assert_eq!(cart["orderId"], Json::Null);
    refused(mark(&shop, id(&cart), ""), "orderId");
    let ordered = mark(&shop, id(&cart), "order_1").ok();
    assert_eq!((&ordered["status"], &ordered["orderId"]), (&json!("ordered"), &json!("order_1")));
    assert_eq!(mark(&shop, id(&cart), "order_1").ok(), ordered);
    mark(&shop, id(&cart), "order_2").expect(409);
    add(&shop, id(&cart), "bowl", 1).expect(409);
    let path = format!("/carts/{}", id(&cart));
    shop.patch(&format!("{path}/lines/1"), json!({"quantity": 2})).expect(409);
    shop.delete(&format!("{path}/lines/1")).expect(409);
    shop.put(&format!("{path}/contact"), json!({"email": "ada@example.com"})).expect(409);
    shop.post(&format!("{path}/recalculate"), json!({})).expect(409);
    assert_eq!(get(&shop, id(&cart)), ordered);
    // No stranger can mark a cart.
    shop.post(&format!("{path}/ordered"), json!({"orderId": "order_3"})).expect(404);
}

#[test]
fn a_cart_hands_out_what_an_order_is_made_of_as_the_buyer_saw_it() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let ready = |cart: &Json| {
        let seen = json!({"id": cart["id"], "revision": cart["revision"]});
        shop.call("quoin:cart/cart-steps#ready", seen)
    };
    refused(ready(&cart), "cart/lines");
    let cart = add(&shop, id(&cart), "bowl", 2).ok();
    refused(ready(&cart), "cart/email");
    refused(ready(&cart), "cart/address");
    let address = json!({
        "name": "Ada", "lines": ["Lane 1"], "postalCode": "", "city": "Berlin", "country": "DE",
    });
    let contact = json!({"email": "ada@example.com", "address": address});
    let seen = shop.put(&format!("/carts/{}/contact", id(&cart)), contact).ok();
    ready(&cart).expect(409);
    let snapshot = ready(&seen).ok();
    assert_eq!((&snapshot["cartId"], &snapshot["email"]), (&seen["id"], &seen["email"]));
    assert_eq!((&snapshot["address"], &snapshot["taxIncluded"]), (&seen["address"], &json!(true)));
    assert_eq!(snapshot["grand"], seen["totals"]["grand"]);
    for (name, value) in snapshot["lines"][0].as_object().expect("a line") {
        assert_eq!(*value, seen["lines"][0][name], "{name}");
    }
    // It changes nothing, and others may have taken the goods: allocating tells.
    import(&shop, "stock", "sku,on_hand\nbowl,1\n");
    assert_eq!(ready(&seen).ok(), snapshot);
    assert_eq!(get(&shop, id(&seen)), seen);
    import(&shop, "prices", "sku,price\nbowl,8.00\n");
    ready(&seen).expect(409);
    let scarce = recalculate(&shop, id(&seen));
    refused(ready(&scarce), "cart/lines/0");
    import(&shop, "stock", "sku,on_hand\nbowl,2\n");
    let seen = recalculate(&shop, id(&seen));
    assert_eq!(ready(&seen).ok()["grand"]["minor"], 1_600);
    set_status(&shop, "bowl", "archived");
    refused(ready(&seen), "cart/lines/0");
    let marked = mark(&shop, id(&seen), "order_1").ok();
    ready(&marked).expect(409);
}

#[test]
fn an_expired_cart_is_gone_unless_it_was_ordered() {
    let host = Host::start_compiled();
    // 0.2 seconds. Whatever is made clears away what has expired, so each is made in its turn.
    let shop = host.apply(&format!("{SHOP}config = {{ expire-days = \"0.0000024\" }}\n"));
    let expired = || {
        let cart = create(&shop);
        until("the cart expires", || {
            let reply = shop.get(&format!("/carts/{}", id(&cart)));
            (reply.status != 200).then(|| reply.expect(404))
        });
        cart
    };
    let ordered = create(&shop);
    let ordered = mark(&shop, id(&ordered), "order_1").ok();
    // An order may have begun before the cart expired.
    let late = mark(&shop, id(&expired()), "order_2").ok();
    let open = expired();
    let contact = format!("/carts/{}/contact", id(&open));
    shop.put(&contact, json!({"email": "ada@example.com"})).expect(404);
    create(&shop);
    mark(&shop, id(&open), "order_3").expect(404);
    for (cart, order) in [(&ordered, "order_1"), (&late, "order_2")] {
        assert_eq!(get(&shop, id(cart))["orderId"], order);
    }
}

//! The demo shop, whose running pricing is swapped while people buy.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use quoin_harness::{Host, Shop, json, repository, until};

use super::{Json, back, built, swap};

/// A field notebook: 12.90, and 10.50 from ten pieces on.
const NOTEBOOK: &str = "FNB-A5-D";
const LEAD: (u32, i64) = (10, 1_050);
const LESS: i64 = 945;

/// The demo shop with its goods, as its README sets it up.
fn demo() -> (Host, Shop) {
    let folder = repository().join("examples/demo-shop");
    let text = |file: &str| std::fs::read_to_string(folder.join(file)).expect("a file of the demo");
    let host = Host::start_compiled();
    let shop = host.apply(&text("shop.toml"));
    for what in ["products", "prices", "stock"] {
        let csv = text(&format!("{what}.csv"));
        let report = shop.admin().post_text(&format!("/admin/{what}/import"), "text/csv", csv).ok();
        assert_eq!(report["faultCount"], 0, "{report}");
    }
    (host, shop)
}

/// A new cart with ten notebooks in it.
fn cart(shop: &Shop) -> Json {
    let cart = shop.post("/carts", json!({})).ok();
    let line = json!({"variant": notebook(shop), "quantity": LEAD.0});
    shop.post(&format!("{}/lines", path(&cart)), line).ok()
}

/// The id of its variant.
fn notebook(shop: &Shop) -> Json {
    shop.get(&format!("/variants?skus={NOTEBOOK}")).ok()[0]["variant"]["id"].clone()
}

fn path(cart: &Json) -> String {
    format!("/carts/{}", cart["id"].as_str().expect("an id"))
}

fn unit(cart: &Json) -> i64 {
    let unit = cart["lines"][0]["unit"]["minor"].as_i64().expect("a unit price");
    assert_eq!(cart["totals"]["grand"]["minor"], unit * i64::from(LEAD.0), "{cart}");
    unit
}

/// Orders a cart and returns what the order costs.
fn order(shop: &Shop, cart: &Json) -> i64 {
    let address = json!({"name": "Ada", "lines": ["1 Main St"], "postalCode": "12345",
        "city": "Springfield", "country": "US"});
    let contact = json!({"email": "ada@example.org", "address": address});
    let cart = shop.put(&format!("{}/contact", path(cart)), contact).ok();
    let order =
        json!({"cartId": cart["id"], "revision": cart["revision"], "paymentMethod": "invoice"});
    let key = cart["id"].as_str().expect("an id");
    let request = shop.request("POST", "/checkout").header("idempotency-key", key).json(&order);
    let placed = request.send().ok();
    assert_eq!(placed["outcome"], "placed", "{placed}");
    let id = placed["order"]["id"].as_str().expect("an id");
    let order = shop.get(&format!("/orders/{id}")).ok();
    order["snapshot"]["grand"]["minor"].as_i64().expect("a total")
}

#[test]
fn pricing_is_swapped_for_it_and_back_and_open_carts_are_ordered_at_the_new_prices() {
    if !built() {
        return;
    }
    let (host, shop) = demo();
    let [early, late] = [cart(&shop), cart(&shop)];
    assert_eq!(unit(&early), LEAD.1);
    swap(&host, &shop, "volume-pricing");
    let early = shop.post(&format!("{}/recalculate", path(&early)), json!({})).ok();
    assert_eq!(unit(&early), LESS);
    let reason = early["lines"][0]["reason"].as_str().expect("a reason");
    assert!(reason.ends_with("from 10 pieces, 10 % off from 10 pieces in all"), "{reason}");
    assert_eq!(order(&shop, &early), LESS * i64::from(LEAD.0));
    // Its routes for the staff are the other plugin's.
    let prices = format!("/admin/prices/{}", notebook(&shop).as_str().expect("an id"));
    shop.admin().get(&prices).expect(404);

    let swapped = cart(&shop);
    back(&host, &shop);
    shop.admin().get(&prices).ok();
    let swapped = shop.post(&format!("{}/recalculate", path(&swapped)), json!({})).ok();
    assert_eq!(unit(&swapped), LEAD.1);
    assert_eq!(order(&shop, &late), LEAD.1 * i64::from(LEAD.0));
}

#[test]
fn it_comes_and_goes_while_carts_are_filled_and_none_fails_or_mixes_prices() {
    if !built() {
        return;
    }
    let (host, shop) = demo();
    let (stop, filled) = (AtomicBool::new(false), AtomicU64::new(0));
    let more = |than: u64| {
        until("carts are filled", || (filled.load(Ordering::Relaxed) > than).then_some(()));
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let unit = unit(&cart(&shop));
                    assert!(unit == LEAD.1 || unit == LESS, "{unit}");
                    filled.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Whatever happens in here, the buyers must be stopped.
        let swaps = scope.spawn(|| {
            for round in 0..10 {
                match round % 2 {
                    0 => swap(&host, &shop, "volume-pricing"),
                    _ => back(&host, &shop),
                }
                let expected = if round % 2 == 0 { LESS } else { LEAD.1 };
                assert_eq!(unit(&cart(&shop)), expected);
                more(filled.load(Ordering::Relaxed));
            }
        });
        let ended = swaps.join();
        stop.store(true, Ordering::Relaxed);
        ended.expect("every swap succeeds");
    });
    for name in ["pricing", "cart"] {
        assert_eq!(shop.plugin(name)["stats"]["failures"], 0, "{name}");
    }
}

//! The provider's ledger held against the shop's orders, payments and goods, as their clients see them.

use std::collections::BTreeMap;

use quoin_harness::{Psp, Reply, Shop, Value};

/// What the provider's ledger says of a payment, minor units.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Money {
    authorized: i64,
    captured: i64,
    cancelled: i64,
    refunded: i64,
}

/// Sees that paid is captured, and both are exactly one order; that nothing is authorized that nobody will
/// capture; and that goods are kept for orders alone.
#[track_caller]
pub fn agree(shop: &Shop, psp: &Psp) {
    let admin = shop.admin();
    let mut ledger: BTreeMap<String, Money> = BTreeMap::new();
    for entry in psp.ledger() {
        let money = ledger.entry(text(&entry["payment"])).or_default();
        let amount = entry["amount"].as_i64().expect("an amount");
        match entry["kind"].as_str() {
            Some("authorize") => money.authorized += amount,
            Some("capture") => money.captured += amount,
            Some("cancel") => money.cancelled += amount,
            Some("refund") => money.refunded += amount,
            other => panic!("{other:?} is in the ledger"),
        }
    }
    let listed = pages(|cursor| admin.get(&format!("/admin/orders?limit=100{cursor}")));
    let (mut goods, mut of_payment) = (BTreeMap::new(), BTreeMap::new());
    for summary in &listed {
        let order = shop.get(&format!("/orders/{}", text(&summary["id"]))).ok();
        let id = text(&order["paymentId"]);
        let other = of_payment.insert(id.clone(), text(&order["id"]));
        assert!(other.is_none(), "{id} paid two orders");
        let money = ledger.get(&id).cloned().unwrap_or_default();
        let path = format!("/admin/card-payments/card/{id}");
        one(&order, &admin.get(&path).ok(), &money);
        if order["state"] == "open" {
            goods.insert(text(&order["snapshot"]["cartId"]), pieces(&order));
        }
    }
    for (payment, money) in &ledger {
        assert!(of_payment.contains_key(payment), "{money:?} of {payment}, which is no order's");
    }
    for intent in psp.intents() {
        let payment = text(&intent["metadata"]["payment"]);
        assert!(of_payment.contains_key(&payment), "an intent of {payment}, which is no order's");
        assert!(psp.intent(&payment).is_some());
    }
    let open = pages(|cursor| admin.get(&format!("/admin/stock/allocations?limit=100{cursor}")));
    let kept = open.iter().map(|owner| {
        let lines = owner["lines"].as_array().expect("lines").iter();
        let number = |line: &Value, name: &str| line[name].as_i64().expect("a number");
        let pieces = lines.map(|line| {
            number(line, "quantity") - number(line, "shipped") - number(line, "released")
        });
        (text(&owner["owner"]), pieces.sum::<i64>())
    });
    let kept: BTreeMap<_, _> = kept.filter(|(_, pieces)| *pieces > 0).collect();
    assert_eq!(kept, goods, "goods that are kept, and goods of open orders");
}

/// An order, its payment, and the provider's money.
#[track_caller]
fn one(order: &Value, payment: &Value, money: &Money) {
    let told = || format!("{order}\n{payment}\n{money:?}");
    let minor = |value: &Value| value["minor"].as_i64().expect("an amount");
    let of = |name: &str| minor(&payment[name]);
    let plugins = Money {
        authorized: of("authorized"),
        captured: of("captured"),
        cancelled: of("voided"),
        refunded: of("refunded"),
    };
    assert_eq!(plugins, *money, "{}", told());
    let orders = (minor(&order["captured"]), minor(&order["refunded"]));
    assert_eq!(orders, (money.captured, money.refunded), "{}", told());
    let is_paid =
        matches!(order["payment"].as_str(), Some("paid" | "partially-refunded" | "refunded"));
    assert_eq!(is_paid, money.captured > 0, "{}", told());
    assert_ne!(order["payment"], "pending", "{}", told());
    let held = money.authorized - money.captured - money.cancelled;
    let waits = order["payment"] == "authorized" && order["state"] != "cancelled";
    let expected = if waits { minor(&order["snapshot"]["grand"]) } else { 0 };
    assert_eq!(held, expected, "{}", told());
    if order["state"] == "cancelled" {
        assert_eq!(money.captured, money.refunded, "{}", told());
    } else {
        assert!(money.captured <= minor(&order["snapshot"]["grand"]), "{}", told());
    }
}

fn pieces(order: &Value) -> i64 {
    let lines = order["snapshot"]["lines"].as_array().expect("lines");
    let ordered: i64 = lines.iter().map(|l| l["quantity"].as_i64().expect("a number")).sum();
    let shipped = order["shipped"].as_array().expect("lines");
    ordered - shipped.iter().map(|l| l["quantity"].as_i64().expect("a number")).sum::<i64>()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// All items of a list that comes in pages; `ask` gets what to add to the path.
fn pages(ask: impl Fn(&str) -> Reply) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ask(&cursor).ok();
        items.extend(page["items"].as_array().expect("items").iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

//! The host knows no word of the trade.

use quoin_harness::repository;

use super::sources::{files, read};

/// Words of the trade. What a shop can do comes from its plugins, so none of them is in `host/`.
const TRADE: &[&str] = &[
    "cart",
    "carts",
    "product",
    "products",
    "price",
    "prices",
    "pricing",
    "checkout",
    "checkouts",
    "inventory",
    "inventories",
    "sku",
    "skus",
    "payment",
    "payments",
    "customer",
    "customers",
    "catalog",
    "catalogs",
    "catalogue",
    "catalogues",
    "shipping",
    "shipment",
    "shipments",
    "basket",
    "baskets",
    "invoice",
    "invoices",
    "refund",
    "refunds",
    "discount",
    "discounts",
    "coupon",
    "coupons",
    "merchant",
    "merchants",
    "buyer",
    "buyers",
    "currency",
    "currencies",
];

/// What stands before `order` where it is the thing that is bought. In English it is many other
/// things too: the order of a list, in order to, to order by.
const BEFORE_ORDER: &[&str] = &["an", "orders", "paid", "placed", "open", "new", "customer's"];

/// The words of a line: `lowerCamel`, `snake_case` and `kebab-case` taken apart, in lower case.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last = ' ';
    for c in line.chars() {
        let begins = !c.is_alphabetic() && c != '\'' || c.is_uppercase() && last.is_lowercase();
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphabetic() || c == '\'') {
            word.extend(c.to_lowercase());
        }
        last = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn the_host_knows_no_word_of_the_trade() {
    let mut faults = Vec::new();
    for path in files(&repository().join("host"), &["rs", "toml", "sql", "html", "css", "js", "md"])
    {
        for (number, line) in read(&path).lines().enumerate() {
            // Words of SQL are the language's.
            let words = words(&line.replace("CURRENT_CATALOG", ""));
            let order = |pair: &[String]| {
                pair[1] == "order" && BEFORE_ORDER.contains(&pair[0].as_str())
                    || pair[1] == "orders"
            };
            let known = words.iter().any(|word| TRADE.contains(&word.as_str()));
            if known || words.windows(2).any(order) {
                faults.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "words of the trade in host/:\n{}", faults.join("\n"));
}

#[test]
fn words_are_found_however_they_are_written() {
    let found = words("let unitPrice = place_order(\"add-line\"); // an Order");
    let expected = ["let", "unit", "price", "place", "order", "add", "line", "an", "order"];
    assert_eq!(found, expected);
}

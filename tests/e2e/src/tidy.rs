//! What must be true of the sources themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use quoin_harness::repository;

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

/// Files of this kind in a folder.
fn files(folder: &Path, kinds: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, kinds));
        } else if kinds.iter().any(|kind| path.extension().is_some_and(|e| e == *kind)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

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
            let words = words(line);
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

/// A library, and the one room of the host that may name it.
const DOORS: &[(&str, &str)] = &[
    ("wasmtime", "quoin-runtime"),
    ("wasmtime-wasi", "quoin-runtime"),
    ("hyper", "quoin-gateway"),
    ("hyper-util", "quoin-gateway"),
    ("rusqlite", "quoin-storage"),
];

/// The dependencies of each room, tests' own left out.
fn rooms() -> BTreeMap<String, BTreeSet<String>> {
    let mut rooms = BTreeMap::new();
    for folder in repository().join("host").read_dir().expect("host").flatten() {
        let manifest = folder.path().join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let (mut depends, mut section) = (BTreeSet::new(), String::new());
        for line in read(&manifest).lines() {
            let line = line.trim();
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']').into();
            } else if section == "dependencies"
                && let Some((name, _)) = line.split_once(['=', '.'])
                && !line.starts_with('#')
            {
                depends.insert(name.trim().to_owned());
            }
        }
        rooms.insert(folder.file_name().to_string_lossy().into_owned(), depends);
    }
    rooms
}

#[test]
fn each_world_has_one_door() {
    let rooms = rooms();
    for (library, door) in DOORS {
        let named: Vec<_> = rooms
            .iter()
            .filter(|(_, depends)| depends.contains(*library))
            .map(|(r, _)| r)
            .collect();
        assert_eq!(named, [door], "{library}");
        let word = format!("{}::", library.replace('-', "_"));
        for path in files(&repository().join("host"), &["rs"]) {
            let inside = path.components().any(|c| c.as_os_str() == *door);
            let code = read(&path);
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let names = |line: &str| {
                line.match_indices(&word)
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
            };
            assert!(inside || !code.into_iter().any(names), "{} names {library}", path.display());
        }
    }
}

#[test]
fn rooms_depend_on_rooms_below_them() {
    const FLOORS: &[&[&str]] = &[
        &["quoin-core"],
        &["quoin-storage", "quoin-registry"],
        &["quoin-runtime"],
        &["quoin-supervisor"],
        &["quoin-gateway", "quoin-console"],
        &["quoin"],
    ];
    let floor = |room: &str| FLOORS.iter().position(|rooms| rooms.contains(&room));
    for (room, depends) in rooms() {
        let own = floor(&room).unwrap_or_else(|| panic!("{room} has no floor"));
        for other in depends {
            if let Some(other_floor) = floor(&other) {
                assert!(other_floor < own, "{room} depends on {other}, which is not below it");
            }
        }
    }
}

#[test]
fn every_limit_states_its_reason() {
    let path = repository().join("host/quoin-core/src/limits.rs");
    let text = read(&path);
    let lines: Vec<_> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        if line.trim_start().starts_with("pub const ") {
            let above = number.checked_sub(1).and_then(|n| lines.get(n)).map(|l| l.trim_start());
            let told = above.is_some_and(|l| l.starts_with("///"));
            assert!(told, "{}:{}: {line} has no reason", path.display(), number + 1);
        }
    }
}

#[test]
fn no_file_of_the_host_is_too_long() {
    for path in files(&repository().join("host"), &["rs"]) {
        let lines = read(&path).lines().count();
        assert!(lines <= 1_000, "{} has {lines} lines: divide it", path.display());
    }
}

#[test]
fn unsafe_code_is_in_the_runtime_alone_and_says_why() {
    for path in files(&repository().join("host"), &["rs"]) {
        let text = read(&path);
        let lines: Vec<_> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if !code.contains("unsafe {") && !code.contains("unsafe fn") {
                continue;
            }
            let at = format!("{}:{}", path.display(), number + 1);
            assert!(path.components().any(|c| c.as_os_str() == "quoin-runtime"), "{at}");
            let above = &lines[number.saturating_sub(8)..number];
            let told = ["SAFETY", "reason = "].iter().any(|w| above.iter().any(|l| l.contains(w)));
            assert!(told, "{at} gives no reason");
        }
    }
}

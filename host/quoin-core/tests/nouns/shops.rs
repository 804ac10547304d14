//! Shop files.

use quoin_core::Name;
use quoin_core::shop::{Shop, StoredShop};
use serde_json::json;

fn shop(domains: usize, plugins: usize) -> String {
    let domains: Vec<_> = (0..domains).map(|i| format!("\"d{i}.test\"")).collect();
    let plugins: String =
        (0..plugins).map(|i| format!("[plugins.p{i}]\nbundle = \"p{i}.wasm\"\n")).collect();
    format!("name = \"demo\"\ndomains = [{}]\n{plugins}", domains.join(", "))
}

#[test]
fn a_shop_has_at_most_fifty_domains_and_two_hundred_plugins() {
    let parsed = Shop::parse("shop.toml", &shop(50, 200)).unwrap();
    assert_eq!((parsed.domains.len(), parsed.plugins.len(), parsed.fault()), (50, 200, None));
    let told = Shop::parse("shop.toml", &shop(51, 1)).unwrap_err().to_string();
    assert_eq!(told, "shop.toml: a shop has at most 50 domains");
    let told = Shop::parse("shop.toml", &shop(1, 201)).unwrap_err().to_string();
    assert_eq!(told, "shop.toml: a shop has at most 200 plugins");
}

#[test]
fn bundles_are_replaced_and_all_else_stays() {
    let text = "name = \"demo\"\ndomains = [\"demo.test\"]\n[plugins.desk]\nbundle = \"desk.wasm\"\n\
                grants = [\"sql\"]\nconfig = { colour = \"red\" }\nbind = { \"a:b/c\" = \"other\" }\n\
                limits = { queue = 7 }\n";
    let before = Shop::parse("shop.toml", text).unwrap();
    let named = |name: &Name, file: String| Ok::<_, ()>(format!("{name} is {file}"));
    let after = before.clone().try_map(named).unwrap();
    let mut expected = serde_json::to_value(&before).unwrap();
    expected["plugins"]["desk"]["bundle"] = json!("desk is desk.wasm");
    assert_eq!(serde_json::to_value(&after).unwrap(), expected);
}

#[test]
fn a_bundle_that_cannot_be_had_is_the_shops_failure() {
    let before = Shop::parse("shop.toml", &shop(0, 2)).unwrap();
    let outcome: Result<StoredShop, String> = before.try_map(|name, _| Err(format!("no {name}")));
    assert_eq!(outcome.unwrap_err(), "no p0");
}

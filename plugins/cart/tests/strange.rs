//! Prices from a plugin that fails or answers what cannot be.

use quoin_harness::{Host, Shop, json};

use super::{Json, add, create, get, grand, id, import};

const ASKED: [&str; 8] =
    ["trap", "busy", "elsewhere", "fewer", "mixed", "foreign", "negative", "sum"];

/// The same shop with other prices.
fn start() -> (Host, Shop) {
    let host = Host::start_compiled();
    let pricing = "bundle = \"pricing.wasm\"\ngrants = [\"sql\", \"log\", \"config\", \"clock\", \"random\", \"call\", \"files\", \"later\"]";
    assert!(super::SHOP.contains(pricing));
    let shop = host.apply(&super::SHOP.replace(pricing, "bundle = \"strange-prices.wasm\""));
    let rows: String = ASKED
        .iter()
        .chain(&["plain"])
        .map(|sku| format!("{sku},{sku},,Things,{sku},published,{sku}\n"))
        .collect();
    let products = format!("slug,title,description,category,sku,status,variant_title\n{rows}");
    import(&shop, "products", &products);
    (host, shop)
}

#[test]
fn without_a_usable_price_for_all_lines_nothing_changes_and_the_cart_can_still_be_read() {
    let (_host, shop) = start();
    let cart = create(&shop);
    let before = add(&shop, id(&cart), "plain", 2).ok();
    assert_eq!(grand(&before), 200);
    for sku in ASKED {
        let reply = add(&shop, id(&cart), sku, 1);
        let (status, tag) = if sku == "busy" { (503, "retryable") } else { (502, "unavailable") };
        let problem = reply.expect(status);
        assert_eq!(problem["error"]["tag"], tag, "{sku}: {problem}");
        assert_eq!(get(&shop, id(&cart)), before, "{sku}");
    }
    let after = add(&shop, id(&cart), "plain", 1).ok();
    assert_eq!((grand(&after), &after["lines"][0]["problem"]), (300, &json!("is out of stock")));
    let expected: u64 = before["revision"].as_u64().expect("a revision") + 1;
    assert_eq!(after["revision"], Json::from(expected));
}

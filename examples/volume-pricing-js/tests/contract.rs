//! volume-pricing against the real host, and against the plugin that it stands in for.

use quoin_harness::{Host, Reply, Shop, bundles, json, repository, skipped};

#[path = "amounts.rs"]
mod amounts;
#[path = "swap.rs"]
mod swap;

type Json = quoin_harness::Value;

const SHOP: &str = r#"
name = "test"
[plugins.catalog]
bundle = "catalog.wasm"
grants = ["sql", "log", "clock", "random", "call", "files", "later"]
[plugins.pricing]
bundle = "pricing.wasm"
grants = ["sql", "log", "config", "clock", "random", "call", "files", "later"]
config = { currency = "EUR", tax-included = "false" }
"#;

/// Whether the plugin was built.
fn built() -> bool {
    let component = repository().join("examples/volume-pricing-js/dist/component.wasm");
    let built = bundles().join("volume-pricing.wasm").is_file() && component.is_file();
    if !built {
        skipped("volume-pricing is not built: `cargo xtask plugins` needs Node.js 20 or newer");
    }
    built
}

/// A shop with price lists, priced by the plugin in Rust.
fn start() -> (Host, Shop) {
    let host = Host::start_compiled();
    let shop = host.apply(SHOP);
    let far = 4_102_444_800_000_u64;
    for list in [
        json!({"id": "regular", "title": "Everyday", "kind": "regular"}),
        json!({"id": "summer", "title": "summer", "kind": "sale"}),
        json!({"id": "fixed", "title": "by law", "kind": "override"}),
        json!({"id": "later", "title": "later", "kind": "sale", "startsAt": far}),
        json!({"id": "over", "title": "over", "kind": "sale", "endsAt": 1_000}),
        json!({"id": "app", "title": "app", "kind": "sale", "channel": "app"}),
        json!({"id": "trade", "title": "trade", "kind": "sale", "group": "trade"}),
        json!({"id": "dollars", "title": "US", "kind": "regular", "currency": "USD"}),
    ] {
        let mut all = json!({"currency": "EUR", "taxIncluded": list["id"] != "trade"});
        all.as_object_mut().expect("an object").extend(list.as_object().cloned().expect("one too"));
        shop.admin().put("/admin/price-lists", all).ok();
    }
    let skus = ["mug", "bowl", "book", "only on sale", "pairs", "Ü-日本 'x'", "free", "as dear"];
    make(&shop, skus.iter().copied());
    let prices = [
        ("regular", "mug", 1, 1_999),
        ("regular", "mug", 3, 1_899),
        ("regular", "mug", 10, 1_500),
        ("summer", "bowl", 1, 800),
        ("summer", "bowl", 5, 700),
        ("regular", "bowl", 1, 1_000),
        ("regular", "book", 1, 1_000),
        ("summer", "book", 1, 500),
        ("fixed", "book", 1, 1_200),
        ("summer", "only on sale", 1, 5),
        ("later", "mug", 1, 1),
        ("over", "mug", 1, 1),
        ("app", "mug", 1, 900),
        ("trade", "mug", 1, 800),
        ("dollars", "mug", 1, 2_100),
        ("regular", "pairs", 2, 300),
        ("regular", "Ü-日本 'x'", 1, 15),
        ("regular", "free", 1, 0),
        ("summer", "as dear", 1, 100),
        ("regular", "as dear", 1, 100),
    ];
    set(&shop, &prices);
    (host, shop)
}

/// Makes a product (a draft) with one variant for each SKU.
fn make<'a>(shop: &Shop, skus: impl Iterator<Item = &'a str>) {
    let slug = |sku: &str| sku.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    let rows: String = skus.map(|sku| format!("{},{sku},,,{sku}\n", slug(sku))).collect();
    let csv = format!("slug,title,description,category,sku\n{rows}");
    let report = shop.admin().post_text("/admin/products/import", "text/csv", csv).ok();
    assert_eq!(report["faultCount"], 0, "{report}");
}

/// The id of the variant with this SKU; what has none stands for itself.
fn id(shop: &Shop, sku: &str) -> Json {
    let found = shop.call("quoin:catalog/variants#by-sku", json!({"skus": [sku]})).ok();
    found.get(0).map_or(sku.into(), |variant| variant["id"].clone())
}

/// Sets prices of (list, SKU, from which quantity, amount).
fn set(shop: &Shop, prices: &[(&str, &str, u32, i64)]) {
    let price = |(list, sku, from, minor): &(&str, &str, u32, i64)| json!({"priceList": list, "variant": id(shop, sku), "minQuantity": from, "minor": minor});
    shop.admin().put("/admin/prices", prices.iter().map(price).collect()).ok();
}

/// Puts the bundle of this name behind the installation `pricing`.
fn swap(host: &Host, shop: &Shop, bundle: &str) {
    let output = host.cli(&["plugin", "swap", &shop.name, "pricing", &Shop::bundle_path(bundle)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn back(host: &Host, shop: &Shop) {
    let output = host.cli(&["plugin", "back", &shop.name, "pricing"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn quote(shop: &Shop, lines: &[(&str, u32)]) -> Reply {
    quote_for(shop, lines, json!({"currency": "EUR"}))
}

fn quote_for(shop: &Shop, lines: &[(&str, u32)], context: Json) -> Reply {
    let line =
        |(sku, quantity): &(&str, u32)| json!({"variant": id(shop, sku), "quantity": quantity});
    let lines: Vec<Json> = lines.iter().map(line).collect();
    shop.post("/prices/quote", json!({"lines": lines, "context": context}))
}

/// Unit price, regular price and reason of each line.
fn told(quoted: &Json) -> Vec<(i64, Option<i64>, &str)> {
    let lines = quoted.as_array().expect("lines").iter();
    lines
        .map(|line| {
            let unit = line["unit"]["minor"].as_i64().expect("a unit price");
            let total = unit * line["quantity"].as_i64().expect("a quantity");
            assert_eq!(
                line["total"],
                json!({"minor": total, "currency": line["unit"]["currency"]})
            );
            (unit, line["regular"]["minor"].as_i64(), line["reason"].as_str().expect("a reason"))
        })
        .collect()
}

/// Field and problem of each fault.
fn faults(reply: Reply) -> Vec<(String, String)> {
    let problem = reply.expect(422);
    assert_eq!(problem["error"]["tag"], "invalid", "{problem}");
    let text = |text: &Json| text.as_str().expect("a text").to_owned();
    let faults = problem["error"]["val"].as_array().expect("faults").iter();
    faults.map(|fault| (text(&fault["field"]), text(&fault["problem"]))).collect()
}

#[test]
fn a_small_cart_is_quoted_as_the_rust_plugin_quotes_it() {
    if !built() {
        return;
    }
    let (host, shop) = start();
    let eur = json!({"currency": "EUR"});
    let group = json!({"currency": "EUR", "group": "trade"});
    let channel = json!({"currency": "EUR", "channel": "app"});
    let questions: [(&[(&str, u32)], &Json); 14] = [
        (&[], &eur),
        (&[("mug", 1), ("mug", 3), ("mug", 1), ("bowl", 4)], &eur),
        (&[("bowl", 5), ("book", 2), ("only on sale", 1), ("as dear", 1)], &eur),
        (&[("Ü-日本 'x'", 9)], &eur),
        (&[("free", 2), ("pairs", 2)], &eur),
        (&[("mug", 2)], &channel),
        (&[("mug", 2)], &json!({"currency": "USD", "group": null})),
        (&[("mug", 1), ("none", 1), ("", 1), ("pairs", 1)], &eur),
        (&[("bowl", 1)], &json!({"currency": "USD"})),
        (&[("mug", 0), ("none", 1), ("mug", 0)], &eur),
        (&[("mug", 1)], &json!({"currency": "eur"})),
        (&[("mug", 0)], &json!({"currency": "EUR\n"})),
        (&[("mug", 1)], &group),
        (&[("mug", 0)], &group),
    ];
    // Also with the shop's key, for the prices of a group.
    let answers = || {
        let clients = [&shop, &shop.admin()];
        let asked = clients.into_iter().flat_map(|client| questions.map(|q| (client, q)));
        asked
            .map(|(client, (lines, context))| quote_for(client, lines, context.clone()))
            // A problem also has the id of its request, which differs.
            .map(|r| (r.status, if r.status < 300 { r.body } else { r.body["error"].clone() }))
            .collect::<Vec<_>>()
    };
    let by_rust = answers();
    swap(&host, &shop, "volume-pricing");
    let by_typescript = answers();
    let status = |answers: &[(u16, Json)]| answers.iter().map(|a| a.0).collect::<Vec<_>>();
    assert_eq!(status(&by_rust)[..7], [200; 7], "{by_rust:?}");
    assert_eq!(status(&by_rust)[7..14], [422, 422, 422, 422, 422, 403, 422]);
    assert_eq!(status(&by_rust)[26], 200);
    assert_eq!(by_typescript, by_rust);
}

#[test]
fn ten_pieces_in_all_make_each_of_them_a_tenth_cheaper() {
    if !built() {
        return;
    }
    let (host, shop) = start();
    swap(&host, &shop, "volume-pricing");
    let all = ", 10 % off from 10 pieces in all";
    let nine = quote(&shop, &[("mug", 1), ("bowl", 8)]).ok();
    let plain = [
        (1_999, None, "regular \"Everyday\""),
        (700, Some(1_000), "sale \"summer\" from 5 pieces"),
    ];
    assert_eq!(told(&nine), plain);
    // A tenth of 1999 is 199.9, of 15 is 1.5: rounded down to 199 and 1. Sales and breaks apply first.
    let ten = quote(&shop, &[("mug", 1), ("bowl", 8), ("Ü-日本 'x'", 1)]).ok();
    let (everyday, summer) =
        (format!("regular \"Everyday\"{all}"), format!("sale \"summer\" from 5 pieces{all}"));
    let less = [
        (1_800, Some(1_999), everyday.as_str()),
        (630, Some(1_000), summer.as_str()),
        (14, Some(15), everyday.as_str()),
    ];
    assert_eq!(told(&ten), less);
    let broken = format!("regular \"Everyday\" from 10 pieces{all}");
    let line = quote(&shop, &[("mug", 10)]).ok();
    assert_eq!(told(&line), [(1_350, Some(1_999), broken.as_str())]);
    // What is free or has no tenth stays as it is. Nothing wins over an override.
    let rest = quote(&shop, &[("book", 9), ("free", 9), ("only on sale", 9)]).ok();
    let sale = format!("sale \"summer\"{all}");
    let rest_told = [
        (1_200, Some(1_000), "override \"by law\""),
        (0, None, everyday.as_str()),
        (5, None, sale.as_str()),
    ];
    assert_eq!(told(&rest), rest_told);
}

#[test]
fn a_thousand_lines_are_quoted_at_once_not_one_more_and_again_and_again() {
    if !built() {
        return;
    }
    let (host, shop) = start();
    let skus: Vec<String> = (0..1_001).map(|i| format!("sku-{i}")).collect();
    make(&shop, skus.iter().map(String::as_str));
    let csv: String = skus.iter().map(|sku| format!("{sku},1.00\n")).collect();
    let csv = format!("sku,price\n{csv}");
    shop.admin().post_text("/admin/prices/import", "text/csv", csv).ok();
    swap(&host, &shop, "volume-pricing");
    let known = shop.call("quoin:catalog/variants#by-sku", json!({"skus": skus[..1_000]})).ok();
    let line = |variant: &Json| json!({"variant": variant["id"], "quantity": 2});
    let mut lines: Vec<Json> = known.as_array().expect("variants").iter().map(line).collect();
    let ask = |lines: &[Json]| {
        shop.post("/prices/quote", json!({"lines": lines, "context": {"currency": "EUR"}}))
    };
    // More often than one instance serves, with all that a large quote leaves to its garbage collector.
    for _ in 0..120 {
        let quoted = ask(&lines).ok();
        assert_eq!(quoted.as_array().map(Vec::len), Some(1_000));
        assert_eq!(
            (&quoted[999]["variant"], &quoted[999]["total"]["minor"]),
            (&known[999]["id"], &json!(180))
        );
    }
    lines.push(json!({"variant": id(&shop, &skus[1_000]), "quantity": 2}));
    assert_eq!(faults(ask(&lines))[0].0, "lines");
    assert_eq!(shop.plugin("pricing")["stats"]["failures"], 0);
}

#[test]
fn a_database_without_price_lists_fails_the_call_and_the_log_says_why() {
    if !built() {
        return;
    }
    let host = Host::start_compiled();
    let shop = host.apply(&SHOP.replace("bundle = \"pricing", "bundle = \"volume-pricing"));
    assert_eq!(quote(&shop, &[]).ok(), json!([]));
    quote(&shop, &[("mug", 1)]).expect(502);
    let log = shop.log();
    assert!(log.iter().any(|line| line.to_string().contains("no such table")), "{log:?}");
}

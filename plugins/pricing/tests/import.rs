//! Prices from CSV.

use quoin_harness::imported::{counts, faults};
use quoin_harness::{Host, Reply, Shop, json};

use super::{id, list, make, priced, shop, start};

fn import(shop: &Shop, query: &str, csv: &str) -> Reply {
    shop.admin().post_text(&format!("/admin/prices/import{query}"), "text/csv", csv)
}

#[test]
fn an_import_makes_the_list_regular_in_the_configured_currency() {
    let host = Host::start_compiled();
    let shop = shop(&host, r#"currency = "JPY", tax-included = "false""#);
    make(&shop, &["a"]);
    let csv = "sku,price\na,500\n";
    assert_eq!(counts(&import(&shop, "?dryRun=true", csv).ok()), (1, 0, 0));
    assert_eq!(shop.admin().get("/admin/price-lists").ok(), json!([]), "a dry run makes nothing");
    assert_eq!(counts(&import(&shop, "", csv).ok()), (1, 0, 0));
    let lists = shop.admin().get("/admin/price-lists").ok();
    assert_eq!((&lists[0]["currency"], &lists[0]["taxIncluded"]), (&json!("JPY"), &json!(false)));
    let told = faults(import(&shop, "", "sku,price\na,5.5\n"));
    assert_eq!(told, [(2, "price has 1 digits after the point; JPY has 0".into())]);
}

#[test]
fn importing_again_changes_nothing_and_changes_are_counted() {
    let (_host, shop) = start();
    make(&shop, &["a", "b", "Ü-日本"]);
    let csv = "sku,price,min_quantity\na,12.34,\na,10,10\nÜ-日本,0.5,1\n";
    assert_eq!(counts(&import(&shop, "", csv).ok()), (3, 0, 0));
    assert_eq!(counts(&import(&shop, "", csv).ok()), (0, 0, 3));
    let changed = "sku,price,min_quantity\r\na,12.34,1\r\na,9.90,10\r\nb,1,\r\n";
    assert_eq!(counts(&import(&shop, "", changed).ok()), (1, 1, 1));
    assert_eq!(priced(&shop, "a", 10).0, 990);
    assert_eq!(priced(&shop, "a", 1).0, 1234);
    assert_eq!(priced(&shop, "Ü-日本", 1).0, 50);
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let (_host, shop) = start();
    make(&shop, &["a"]);
    let report = import(&shop, "?dryRun=true", "sku,price\na,1\n").ok();
    assert_eq!((counts(&report), &report["dryRun"]), ((1, 0, 0), &json!(true)));
    assert_eq!(shop.admin().get(&format!("/admin/prices/{}", id(&shop, "a"))).ok(), json!([]));
}

#[test]
fn every_faulty_row_is_told_by_its_line_and_nothing_is_imported() {
    let (_host, shop) = start();
    make(&shop, &["good", "a", "b", "c", "d", "e", "f", "g"]);
    let csv = "sku,price,min_quantity\n\
        good,1.00,\n\
        a,1.234,\n\
        b,-1,\n\
        c,\"1,50\",\n\
        d,1.,\n\
        ,1,\n\
        e,1,0\n\
        good,2,1\n\
        f,1\n\
        g,99999999999999999999,\n\
        unknown,1,\n";
    let told = faults(import(&shop, "", csv));
    let lines: Vec<u64> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12], "{told:?}");
    assert_eq!(told[9].1, "sku is not that of a variant in the catalogue");
    assert!(told[6].1.contains("line 2"), "{told:?}");
    // A dry run reports the same rows.
    assert_eq!(import(&shop, "?dryRun=true", csv).ok()["faultCount"], 10);
    assert_eq!(shop.admin().get(&format!("/admin/prices/{}", id(&shop, "good"))).ok(), json!([]));
}

#[test]
fn faults_beyond_a_hundred_are_counted() {
    let (_host, shop) = start();
    let csv = format!("sku,price\n{}", "a,x\n".repeat(250));
    let told = faults(import(&shop, "", &csv));
    assert_eq!((told.len(), &told[100]), (101, &(0, "has 150 more lines with faults".into())));
}

#[test]
fn a_wrong_header_is_told_by_name() {
    let (_host, shop) = start();
    let mut told = faults(import(&shop, "", "sku,cost\na,1\n"));
    assert_eq!(faults(import(&shop, "?dryRun=true", "sku,cost\na,1\n")), told);
    let (line, problem) = told.swap_remove(0);
    assert_eq!(line, 1);
    assert!(problem.contains("\"cost\" is unknown") && problem.contains("price is missing"));
    assert_eq!(faults(import(&shop, "", "")).first().map(|f| f.0), Some(1));
}

#[test]
fn an_import_goes_into_the_list_it_names() {
    let (_host, shop) = start();
    make(&shop, &["a", "b"]);
    list(&shop, json!({"id": "dinars", "title": "d", "kind": "regular", "currency": "KWD"}));
    let report = import(&shop, "?priceList=dinars", "sku,price\na,1.234\nb,5\n").ok();
    assert_eq!(counts(&report), (2, 0, 0));
    let b = id(&shop, "b");
    let price = json!([{"priceList": "dinars", "variant": b, "minQuantity": 1, "minor": 5000}]);
    assert_eq!(shop.admin().get(&format!("/admin/prices/{b}")).ok(), price);
    import(&shop, "?priceList=none", "sku,price\n").expect(404);
}

#[test]
fn ten_thousand_prices_are_imported_at_once() {
    let (_host, shop) = start();
    let skus: Vec<String> = (0..5_000).map(|i| format!("sku-{i}")).collect();
    make(&shop, &skus.iter().map(String::as_str).collect::<Vec<_>>());
    let mut csv = String::from("sku,price,min_quantity\n");
    for i in 0..5_000 {
        csv.push_str(&format!("sku-{i},{i}.99,1\nsku-{i},{i}.50,10\n"));
    }
    assert_eq!(counts(&import(&shop, "", &csv).ok()), (10_000, 0, 0));
    assert_eq!(counts(&import(&shop, "", &csv).ok()), (0, 0, 10_000));
    assert_eq!(priced(&shop, "sku-4999", 12).0, 499_950);
}

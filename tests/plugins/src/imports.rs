//! Files are imported by themselves, a few rows at a time, while the shop goes on.

use std::process::Output;

use quoin_harness::large::Large;
use quoin_harness::{Host, Shop, Value, json, sale, until};

fn start() -> (Host, Shop) {
    let host = Host::start_compiled();
    let shop = host.apply(sale::SHOP);
    (host, shop)
}

fn upload(shop: &Shop, csv: impl Into<Vec<u8>>) -> String {
    let file = shop.admin().post_text("/files", "text/csv", csv).expect(201);
    file["id"].as_str().expect("an id").to_owned()
}

fn begin(shop: &Shop, what: &str, csv: impl Into<Vec<u8>>, dry_run: bool) -> String {
    let body = json!({ "file": upload(shop, csv), "dryRun": dry_run });
    let job = shop.admin().post(&format!("/admin/{what}/imports"), body).expect(202);
    job["id"].as_str().expect("an id").to_owned()
}

fn look(shop: &Shop, what: &str, id: &str) -> Value {
    shop.admin().get(&format!("/admin/{what}/imports/{id}")).ok()
}

fn ended(shop: &Shop, what: &str, id: &str) -> Value {
    until("the import has ended", || {
        let job = look(shop, what, id);
        job["endedAt"].is_u64().then_some(job)
    })
}

fn import(shop: &Shop, what: &str, csv: impl Into<Vec<u8>>, dry_run: bool) -> Value {
    let id = begin(shop, what, csv, dry_run);
    ended(shop, what, &id)
}

/// How many products there are, of a status if one is told.
fn products(shop: &Shop, status: &str) -> usize {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let page = shop.admin().get(&format!("/admin/products?limit=100{status}{cursor}")).ok();
        count += page["items"].as_array().expect("items").len();
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return count,
        }
    }
}

/// The lines with faults, with what is told.
fn faults(job: &Value) -> Vec<(u64, String)> {
    let told = |fault: &Value| {
        let problem = fault["problem"].as_str().expect("a problem").to_owned();
        (fault["line"].as_u64().expect("a line"), problem)
    };
    job["faults"].as_array().expect("faults").iter().map(told).collect()
}

#[test]
fn a_catalogue_with_prices_and_stock_is_imported_and_sold() {
    let (_host, shop) = start();
    let large = Large { products: 700 };
    for (what, csv) in [
        ("products", large.products_csv(0..700)),
        ("prices", large.prices_csv(0..700)),
        ("stock", large.stock_csv(0..700, 50)),
    ] {
        let job = import(&shop, what, csv.clone(), false);
        assert_eq!((&job["state"], &job["faultCount"]), (&json!("done"), &json!(0)), "{job}");
        assert_eq!((&job["percent"], &job["updated"]), (&json!(100), &json!(0)), "{job}");
        assert_eq!(job["rows"], csv.lines().count() - 1, "{what}");
        // Again: everything is as it was.
        let again = import(&shop, what, csv, false);
        assert_eq!((&again["created"], &again["unchanged"]), (&json!(0), &job["created"]));
    }
    assert_eq!(products(&shop, ""), 700);
    let sku = large.basket_of(1)[0].sku.clone();
    let variant = shop.get(&format!("/variants?skus={sku}")).ok()[0]["variant"]["id"].clone();
    let variant = variant.as_str().expect("an id");
    let mut sale = sale::Sale::of(variant, 1, "one");
    for step in sale::BUYING {
        sale.step(&shop, step).expect("answered").ok();
    }
}

#[test]
fn a_dry_run_tells_of_faults_by_line_and_changes_nothing() {
    let (_host, shop) = start();
    let header = "slug,title,description,category,sku,status\n";
    let row =
        |n: usize, status: &str| format!("p-{n},P {n},\"A\nthing\",Things,sku-{n},{status}\n");
    let mut csv = header.to_owned();
    for n in 0..500 {
        csv += &row(n, if n == 400 { "nonsense" } else { "published" });
    }
    csv += &row(3, "published");
    let dry = import(&shop, "products", csv.clone(), true);
    assert_eq!((&dry["state"], &dry["rows"]), (&json!("refused"), &json!(501)), "{dry}");
    // Each row has two lines.
    let told = faults(&dry);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].0 == 802 && told[0].1.contains("draft, published or archived"), "{told:?}");
    assert!(told[1].0 == 1_002 && told[1].1.contains("in line 8"), "{told:?}");
    let run = import(&shop, "products", csv, false);
    assert_eq!((&run["state"], &run["faultCount"]), (&json!("refused"), &json!(2)));
    assert_eq!(products(&shop, ""), 0);
}

#[test]
fn a_file_that_is_no_table_is_refused_with_the_reason() {
    let (_host, shop) = start();
    let rows = "p,P,,Things,p,published\n".repeat(40_000);
    for (csv, line, why) in [
        ("colour,sku\nred,1\n".to_owned(), 1, "unknown"),
        ("slug,title,description,category,sku,status\np,P,,T,\u{1}\n".to_owned(), 2, "cells"),
        (format!("slug,title,description,category,sku,status\n{rows}"), 2, "together"),
        (format!("sku,\"price\n{rows}"), 1, "quotation mark"),
    ] {
        let job = import(&shop, "products", csv.clone(), false);
        let told = faults(&job);
        assert_eq!(job["state"], "refused");
        let fits = told.first().is_some_and(|(at, told)| *at == line && told.contains(why));
        assert!(fits, "{:.60}: {told:?}", csv);
    }
    let bytes = b"slug,title,description,category,sku,status\np,\xff\xfe,,T,s,published\n".to_vec();
    let told = faults(&import(&shop, "products", bytes, false));
    assert!(told[0].1.contains("UTF-8"), "{told:?}");
    shop.admin()
        .post("/admin/products/imports", json!({ "file": "0".repeat(64) }))
        .refused(404, "not-found");
    shop.admin()
        .post("/admin/prices/imports", json!({ "file": upload(&shop, "a"), "into": "none" }))
        .refused(404, "not-found");
    shop.post("/admin/products/imports", json!({ "file": "x" })).refused(401, "missing-key");
}

#[test]
fn an_import_goes_on_after_a_kill_and_can_be_stopped() {
    let (mut host, shop) = start();
    let large = Large { products: 3_000 };
    let id = begin(&shop, "products", large.products_csv(0..3_000), false);
    for kill in 1..=3 {
        until("it has gone on", || {
            let job = look(&shop, "products", &id);
            (job["percent"].as_u64() >= Some(kill * 20)).then_some(())
        });
        host.kill();
        host.run();
    }
    let job = ended(&shop, "products", &id);
    assert_eq!((&job["state"], &job["created"]), (&json!("done"), &json!(3_000)), "{job}");
    assert_eq!(products(&shop, ""), 3_000);
    let published = products(&shop, "&status=published");
    let changed = large.products_csv(0..3_000).replace("published", "archived");
    let id = begin(&shop, "products", changed, false);
    until("it imports", || {
        let job = look(&shop, "products", &id);
        (job["state"] == "running" && job["rows"].as_u64() >= Some(100)).then_some(())
    });
    shop.admin().post(&format!("/admin/products/imports/{id}/cancel"), json!({})).ok();
    let stopped = look(&shop, "products", &id);
    assert_eq!(stopped["state"], "cancelled");
    let left = || products(&shop, "&status=published");
    let stopped = left();
    assert!((1..published).contains(&stopped), "{stopped} of {published}");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(left(), stopped);
    shop.admin().post("/admin/products/imports/none/cancel", json!({})).refused(404, "not-found");
}

#[test]
fn the_file_of_an_import_is_gone_when_that_has_ended() {
    let (_host, shop) = start();
    let csv = "sku,on_hand\n";
    let file = upload(&shop, csv);
    let body = json!({ "file": file });
    let job = shop.admin().post("/admin/stock/imports", body).expect(202);
    ended(&shop, "stock", job["id"].as_str().expect("an id"));
    upload(&shop, "another");
    shop.admin().get(&format!("/files/{file}")).refused(404, "no-such-file");
}

#[test]
fn the_command_line_imports_a_file_and_tells_how_it_went() {
    let (host, shop) = start();
    let large = Large { products: 200 };
    let path = host.file("products.csv", large.products_csv(0..200));
    let path = path.to_string_lossy();
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let run = host.cli(&["import", "run", "shop", "catalog", &path]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(text(&run).contains("200 created"), "{}", text(&run));
    let faulty = host.file("faulty.csv", "slug,title,description,category,sku,status\n,,,,,\n");
    let run = host.cli(&["--json", "import", "run", "shop", "catalog", &faulty.to_string_lossy()]);
    assert!(!run.status.success());
    let job: Value = serde_json::from_str(&text(&run)).expect("JSON");
    assert_eq!(job["state"], "refused");
    let list = text(&host.cli(&["import", "list", "shop", "catalog"]));
    assert!(list.contains("done") && list.contains("refused"), "{list}");
    assert_eq!(products(&shop, ""), 200);
}

//! Real catalogues go in through the public API, and can be bought from.

use std::path::Path;
use std::process::Command;

use quoin_harness::{Host, Psp, Shop, Value, json, repository, skipped};

/// A shop of `examples/`, with the files of this folder imported.
fn example(name: &str, files: &Path) -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(&text(&format!("{name}/shop.toml")));
    import(&shop, files);
    (host, shop)
}

/// A file of `examples/`.
fn text(name: &str) -> String {
    let path = repository().join("examples").join(name);
    std::fs::read_to_string(path).expect("a file of the example")
}

fn import(shop: &Shop, files: &Path) {
    for what in ["products", "prices", "stock"] {
        let csv = std::fs::read(files.join(format!("{what}.csv"))).expect("the example's files");
        let path = format!("/admin/{what}/import");
        let send = |query: &str| {
            shop.admin().post_text(&format!("{path}{query}"), "text/csv", csv.clone()).ok()
        };
        let dry = send("?dryRun=true");
        assert_eq!((&dry["faultCount"], &dry["dryRun"]), (&json!(0), &json!(true)), "{dry}");
        let report = send("");
        assert_eq!(report["created"], dry["created"], "{report}");
        let again = send("");
        assert_eq!((&again["created"], &again["updated"]), (&json!(0), &json!(0)), "{again}");
    }
}

/// What the commands of a file of the demo print.
fn walked(file: &str, host: &Host, shop: &Shop) -> String {
    let walk = Command::new("sh")
        .arg(repository().join("examples/demo-shop").join(file))
        .env("SHOP", format!("http://localhost:{}", host.address().port()))
        .env("KEY", shop.key())
        .output()
        .expect("a shell");
    let told = String::from_utf8(walk.stdout).expect("text");
    assert!(walk.status.success() && walk.stderr.is_empty(), "{told}");
    told
}

/// Buys one of the first product of this search that is to be had.
#[track_caller]
fn buy(shop: &Shop, search: &str) {
    let page = shop.get(&format!("/products?{search}")).ok();
    let items = page["items"].as_array().expect("items");
    let variants = items.iter().flat_map(|item| item["variants"].as_array().expect("variants"));
    let cart = variants
        .map(|variant| super::cart(shop, variant["id"].as_str().expect("an id"), 1))
        .find(|cart| cart["lines"][0]["problem"].is_null())
        .unwrap_or_else(|| panic!("nothing to be had of {search}: {page}"));
    let order = super::placed(shop, &cart);
    assert_eq!(order["snapshot"]["grand"], cart["totals"]["grand"]);
    let id = order["id"].as_str().expect("an id");
    let paid = shop.admin().post(&format!("/admin/orders/{id}/capture"), json!({})).ok();
    assert_eq!(paid["payment"], "paid");
    let shipped = shop.admin().post(&format!("/admin/orders/{id}/ship"), json!({})).ok();
    assert_eq!(shipped["state"], "completed");
}

#[test]
fn the_demo_shop_sells() {
    let (_host, shop) = example("demo-shop", &repository().join("examples/demo-shop"));
    assert_eq!(shop.get("/products?limit=100").ok()["items"].as_array().map(Vec::len), Some(62));
    buy(&shop, "category=kitchen&limit=5");
    buy(&shop, "attribute=maker:fennwick&limit=5");
}

#[test]
fn the_commands_of_the_demo_walk_from_browsing_to_a_paid_order() {
    if Command::new("curl").arg("--version").output().is_err() {
        return skipped("no curl");
    }
    let (host, shop) = example("demo-shop", &repository().join("examples/demo-shop"));
    let told = walked("walk.sh", &host, &shop);
    let answers: Vec<Value> =
        (told.lines()).map(|line| line.parse().unwrap_or_else(|e| panic!("{e}: {line}"))).collect();
    assert!(answers.len() >= 6, "{told}");
    for answer in &answers {
        assert!(answer["status"].as_u64().is_none(), "a problem: {answer}");
    }
    let order = answers.last().expect("an answer");
    assert_eq!((&order["payment"], &order["number"]), (&json!("paid"), &json!("LT-1")));
    assert_eq!(order["state"], "completed");
}

#[test]
fn the_commands_of_the_demo_pay_by_card() {
    if Command::new("curl").arg("--version").output().is_err() {
        return skipped("no curl");
    }
    let (host, psp) = (Host::start_reaching(), Psp::start());
    let toml = text("demo-shop/cards.toml").replace("http://127.0.0.1:8082", &psp.api);
    let shop = host.apply(&toml);
    psp.know(&host, &shop);
    import(&shop, &repository().join("examples/demo-shop"));
    let told = walked("walk-card.sh", &host, &shop);
    let order: Value = told.lines().last().expect("an answer").parse().expect("an order");
    assert_eq!((&order["payment"], &order["paymentMethod"]), (&json!("paid"), &json!("card")));
}

#[test]
fn a_catalogue_of_lenses_and_cameras_is_imported_browsed_and_bought_from() {
    // Neither Python nor this Debian package is needed for anything else.
    if !Path::new("/usr/share/lensfun").is_dir() {
        return skipped("the package liblensfun-data-v1 is not installed");
    }
    let files = tempfile::tempdir().expect("a temporary folder");
    let convert = repository().join("examples/lens-shop/convert.py");
    match Command::new("python3").arg(convert).arg("--target").arg(files.path()).output() {
        Ok(run) => assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr)),
        Err(error) => return skipped(&format!("no python3: {error}")),
    }
    let (_host, shop) = example("lens-shop", files.path());
    let mut seen = std::collections::BTreeSet::new();
    let mut path = "/products?limit=100".to_owned();
    loop {
        let page = shop.get(&path).ok();
        for item in page["items"].as_array().expect("items") {
            assert!(seen.insert(item["slug"].as_str().expect("a slug").to_owned()), "{item} twice");
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/products?limit=100&cursor={next}"),
            None => break,
        }
    }
    assert!(seen.len() > 1_500, "{}", seen.len());
    buy(&shop, "attribute=mount:canon%20ef&text=50mm&limit=20");
}

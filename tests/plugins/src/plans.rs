//! No request looks through a table that grows with the shop: each statement that a route of a first-party
//! plugin leads to has a plan that finds its rows, also where the tables are as large as real ones.
//!
//! The host tells each statement that it has not seen before. The routes are those of the manifests, and a
//! route that was not tried fails the test.

mod judge;
mod routes;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use quoin_harness::large::Large;
use quoin_harness::remote::response;
use quoin_harness::{Host, Psp, Remote, Value};

use judge::{faults, judged};

/// Products that the shop has: enough for every kind of them. Its statistics are those of a large one.
const PRODUCTS: u64 = 60;
/// Who is told of orders, at another system.
const TOLD: &str = r#"
[plugins.notify]
bundle = "notify.wasm"
grants = ["sql", "log", "config", "clock", "random", "later", "http", "mail"]
http = { hosts = ["BASE"], methods = ["POST"], secrets = ["mail-key"] }
config = { name = "Shop", from = "shop@shop.example", api-url = "BASE/mails" }
[plugins.webhooks]
bundle = "webhooks.wasm"
grants = ["sql", "config", "clock", "random", "log", "later", "http"]
feed = ["quoin:order/events", "quoin:webhooks/events"]
http = { hosts = ["BASE"], methods = ["POST"] }
"#;
/// Statements that the routes lead to at least.
const STATEMENTS: usize = 110;

#[test]
fn every_statement_finds_its_rows_however_large_the_shop_is() {
    let host = Host::start_telling("quoin_storage=trace");
    let psp = Psp::start();
    let toml = psp.shop_file("").replace(
        "[plugins.payment-manual]\n",
        "[plugins.payment-manual]\nconfig = { in-advance = \"cash\" }\n",
    );
    // It refuses the first mail.
    let mails = AtomicU32::new(0);
    let other = Remote::start(move |received| {
        let first = received.target == "/mails" && mails.fetch_add(1, Ordering::Relaxed) == 0;
        let status = if first { "422 Unprocessable Content" } else { "200 OK" };
        response(status, "", r#"{"id":"1"}"#)
    });
    let shop = host.apply(&(toml + &TOLD.replace("BASE", &other.base())));
    host.set_secret(&shop.name, "mail-key", "key");
    psp.know(&host, &shop);
    routes::walk(&shop, &psp, &other.base(), &Large { products: PRODUCTS });
    let statements = told(&host.stderr());
    assert!(statements.len() >= STATEMENTS, "only {} statements", statements.len());
    let file = host.data().join("tenants/shop/shop.db");
    let copy = tempfile::tempdir().expect("a folder");
    let copy = copy.path().join("shop.db");
    let live = rusqlite::Connection::open(&file).expect("the shop's database");
    live.execute("VACUUM INTO ?1", [copy.to_string_lossy()]).expect("a copy");
    for large in [false, true] {
        let found = faults(&copy, &statements, large);
        assert!(found.is_empty(), "statistics: {large}\n{}", found.join("\n"));
    }
}

#[test]
fn a_statement_that_looks_through_a_table_is_found() {
    let sqlite = rusqlite::Connection::open_in_memory().expect("a database");
    let schema = "CREATE TABLE box (id TEXT PRIMARY KEY, shelf TEXT, weight INT);
        CREATE INDEX box_by_shelf ON box (shelf, weight);";
    sqlite.execute_batch(schema).expect("a schema");
    let is_good = |sql: &str| judged(&sqlite, sql).is_empty();
    assert!(is_good("SELECT id FROM box WHERE shelf = ?1"));
    assert!(is_good("SELECT id FROM box WHERE id IN (?1, ?2)"));
    assert!(is_good(
        "WITH some (id) AS (VALUES (?1)) SELECT box.id FROM some CROSS JOIN box WHERE box.id = some.id"
    ));
    assert!(is_good("SELECT max(id) FROM box"));
    assert!(is_good("INSERT INTO box (id) VALUES (?1)"));
    assert!(!is_good("SELECT id FROM box"));
    assert!(!is_good("SELECT b.id FROM box AS b WHERE b.weight > ?1"));
    assert!(!is_good("SELECT count(*) FROM box"));
    assert!(!is_good("UPDATE box SET weight = 1 WHERE weight = 2"));
    assert!(!is_good("SELECT id FROM box WHERE weight = ?1 OR shelf = ?2"));
    assert!(!is_good(
        "SELECT a.id FROM box AS a JOIN box AS b ON b.id = a.shelf WHERE b.weight = ?1"
    ));
}

/// The statements in the host's log, a line of JSON each.
fn told(log: &str) -> BTreeSet<String> {
    let told = log.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        let quoted = line["fields"]["statement"].as_str()?.strip_prefix('"')?.strip_suffix('"')?;
        Some(quoted.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\"))
    });
    told.collect()
}

//! SQL that wants out of the plugin's own tables.

use quoin_harness::{Host, Shop, json};

use super::{SHOP, start, texts, write};

/// Statements that no plugin may run.
const TRICKS: &[&str] = &[
    "ATTACH DATABASE '{other}' AS other",
    "ATTACH ':memory:' AS memory",
    "DETACH main",
    "SELECT * FROM other.text",
    "VACUUM",
    "VACUUM INTO '{copy}'",
    "PRAGMA table_info(text)",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA writable_schema = ON",
    "PRAGMA query_only = OFF",
    "SELECT * FROM pragma_table_info('text')",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM sqlite_schema",
    "SELECT * FROM main.sqlite_schema",
    "SELECT * FROM sqlite_temp_master",
    "SELECT * FROM sqlite_sequence",
    "UPDATE sqlite_schema SET sql = ''",
    "SELECT * FROM dbstat",
    "SELECT * FROM _quoin_migration",
    "SELECT * FROM (SELECT number FROM _QUOIN_MIGRATION)",
    "WITH x AS (SELECT * FROM _quoin_migration) SELECT * FROM x",
    "DELETE FROM _quoin_migration",
    "INSERT INTO _quoin_migration VALUES (9, 'x', 'x', 0)",
    "CREATE TABLE more (id INTEGER)",
    "CREATE TEMP TABLE more (id INTEGER)",
    "CREATE TEMPORARY VIEW v AS SELECT * FROM hostile_text",
    "CREATE VIEW v AS SELECT * FROM hostile_text",
    "CREATE TRIGGER t AFTER INSERT ON hostile_text BEGIN DELETE FROM hostile_text; END",
    "CREATE VIRTUAL TABLE v USING fts5(x)",
    "CREATE INDEX i ON hostile_text (text)",
    "ALTER TABLE hostile_text RENAME TO gone",
    "ALTER TABLE hostile_text ADD COLUMN more TEXT",
    "DROP TABLE hostile_text",
    "ANALYZE",
    "REINDEX",
    "BEGIN",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SAVEPOINT a",
    "RELEASE a",
    "SELECT random()",
    "SELECT randomblob(8)",
    "SELECT date('now')",
    "SELECT strftime('%s', 'now')",
    "SELECT CURRENT_TIMESTAMP",
    "SELECT load_extension('/tmp/x.so')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('/tmp/x', 'x')",
    "SELECT fts3_tokenizer('x')",
    "SELECT sqlite_version()",
    "SELECT last_insert_rowid()",
    "SELECT zeroblob(1000000000)",
    "SELECT printf('%.*c', 1000000000, 'x')",
    "SELECT 1; DELETE FROM hostile_text",
    "DELETE FROM hostile_text; COMMIT",
    "/* host */ BEGIN",
    "/* host */ ROLLBACK",
    "  /* host */ COMMIT ",
    "SELECT * FROM nothing",
    "",
    "not sql at all",
    "SELECT \u{0}",
];

/// Two shops, each with a text of its own.
fn two() -> (Host, Shop, Shop) {
    let (host, shop) = start();
    write(&shop, "mine", "well").ok();
    let other = host.apply(&SHOP.replace("\"data\"", "\"other\""));
    write(&other, "not yours", "well").ok();
    (host, shop, other)
}

#[test]
fn tricks_are_refused_in_every_kind_of_call_and_change_nothing() {
    let (mut host, shop, other) = two();
    let database = host.data().join("tenants/other/shop.db");
    assert!(database.is_file());
    let copy = host.data().join("copy.db");
    for trick in TRICKS {
        let trick = trick.replace("{other}", &database.display().to_string());
        let trick = trick.replace("{copy}", &copy.display().to_string());
        for function in ["attempt", "change", "attempt-reading", "change-reading"] {
            let function = format!("test:hostile/data#{function}");
            let reply = shop.call(&function, json!({ "statement": trick }));
            assert_eq!(reply.status, 409, "{trick} by {function}: {}", reply.text);
        }
    }
    assert!(!copy.exists());
    let unharmed = |shop: &Shop, text: &str| assert_eq!(texts(shop), json!([text]));
    unharmed(&shop, "mine");
    unharmed(&other, "not yours");
    write(&shop, "more", "well").ok();
    host.restart();
    assert_eq!(texts(&shop), json!(["mine", "more"]));
    unharmed(&other, "not yours");
}

#[test]
fn functions_that_only_read_cannot_write() {
    let (_host, shop, _other) = two();
    for statement in [
        "INSERT INTO hostile_text (text) VALUES ('x')",
        "INSERT INTO hostile_text (text) VALUES ('x') RETURNING id",
        "UPDATE hostile_text SET text = 'x'",
        "DELETE FROM hostile_text",
        "REPLACE INTO hostile_text (id, text) VALUES (1, 'x')",
        "WITH x AS (SELECT 1) DELETE FROM hostile_text",
    ] {
        for function in ["attempt-reading", "change-reading"] {
            let function = format!("test:hostile/data#{function}");
            let problem = shop.call(&function, json!({ "statement": statement })).expect(409);
            let told = problem["error"]["val"].as_str().expect("a text");
            assert!(told.starts_with("Error::Denied"), "{statement}: {told}");
        }
    }
    assert_eq!(texts(&shop), json!(["mine"]));
}

#[test]
fn rows_and_bytes_of_a_query_are_bounded() {
    let (_host, shop, _other) = two();
    let ask = |statement: &str| {
        shop.call("test:hostile/data#attempt-reading", json!({ "statement": statement }))
    };
    let numbers = |n: u32| {
        format!(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {n}) SELECT n FROM c"
        )
    };
    assert_eq!(ask(&numbers(10_000)).ok().as_array().map(Vec::len), Some(10_000));
    for statement in [numbers(10_001), numbers(u32::MAX)] {
        let problem = ask(&statement).expect(409);
        let told = problem["error"]["val"].as_str().expect("a text");
        assert!(told.starts_with("Error::TooLarge"), "{told}");
    }
}

#[test]
fn a_query_without_end_stops_at_the_deadline() {
    let (_host, shop, _other) = two();
    let endless =
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c";
    let ask = |function: &str| shop.call(function, json!({ "statement": endless }));
    for function in ["test:hostile/data#attempt-reading", "test:hostile/data#attempt"] {
        let status = ask(function).status;
        assert!(matches!(status, 409 | 504), "{status}");
    }
    assert_eq!(texts(&shop), json!(["mine"]));
    write(&shop, "more", "well").ok();
}

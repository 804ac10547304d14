//! What a plugin is told about a statement that is refused.

use quoin_storage::{ConstraintKind, SqlError, Value};

use crate::{Shelf, migration};

#[tokio::test]
async fn a_statement_that_is_refused_is_told_what_it_may_not() {
    const SCHEMA: &str = "changing the schema outside of a migration";
    const OTHER: &str = "a database other than the plugin's own";
    const INDEXES: &str = "ANALYZE and REINDEX";
    const TRANSACTION: &str =
        "BEGIN, COMMIT, ROLLBACK and SAVEPOINT: a request is a transaction already";
    let shelf = Shelf::with_widgets().await;
    for (sql, told) in [
        ("PRAGMA user_version", "PRAGMA"),
        ("PRAGMA quick_check", "PRAGMA"),
        ("ATTACH ':memory:' AS x", "ATTACH and DETACH"),
        ("DETACH x", "ATTACH and DETACH"),
        ("BEGIN", TRANSACTION),
        ("COMMIT", TRANSACTION),
        ("SAVEPOINT a", TRANSACTION),
        ("REINDEX", INDEXES),
        ("REINDEX widget", INDEXES),
        ("ANALYZE", INDEXES),
        ("CREATE TABLE widget_x (id BIGINT)", SCHEMA),
        ("CREATE TABLE other (id BIGINT)", SCHEMA),
        ("CREATE INDEX widget_x ON widget (size)", SCHEMA),
        ("ALTER TABLE widget ADD COLUMN x BIGINT", SCHEMA),
        ("ALTER TABLE widget RENAME TO widget_x", SCHEMA),
        ("DROP TABLE widget", SCHEMA),
        ("CREATE VIEW widget_x AS SELECT 1 AS x", SCHEMA),
        ("CREATE VIRTUAL TABLE widget_x USING fts5(x)", SCHEMA),
        ("CREATE TRIGGER widget_x AFTER INSERT ON widget BEGIN SELECT 1; END", "triggers"),
        ("CREATE TEMP TABLE x (id BIGINT)", OTHER),
        ("CREATE TEMP VIEW x AS SELECT 1 AS x", OTHER),
        ("SELECT name FROM sqlite_temp_schema", OTHER),
        ("SELECT count(*) AS x FROM sqlite_schema", "the table sqlite_schema"),
        ("SELECT random() AS x", "the function random"),
        ("SELECT printf('%d', 1) AS x", "the function printf"),
        ("EXPLAIN SELECT 1 AS x", "EXPLAIN"),
        ("EXPLAIN QUERY PLAN SELECT 1 AS x", "EXPLAIN"),
        ("SELECT 1 AS x; SELECT 2 AS x", "more than one statement in a call"),
    ] {
        for mut tx in [shelf.read().await, shelf.write().await] {
            assert_eq!(tx.query(sql, &[]), Err(SqlError::Denied(told.into())), "{sql}");
        }
    }
}

#[tokio::test]
async fn a_function_that_reads_is_told_so_when_it_writes() {
    let told = || Err(SqlError::Denied("writing in a function that only reads".into()));
    let shelf = Shelf::with_widgets().await;
    let sql = "DELETE FROM widget WHERE id = 1";
    assert_eq!(shelf.read().await.execute(sql, &[]), told());
    assert_eq!(shelf.write().await.execute(sql, &[]), Ok(0));
    // Known to be good where it may write, it is compiled anew by a connection that reads.
    let mut tx = shelf.read().await;
    assert_eq!(tx.execute(sql, &[]), told());
    tx.writes = true;
    assert_eq!(tx.execute(sql, &[]), told(), "whatever the function is declared to do");
}

#[tokio::test]
async fn a_fault_in_a_statement_is_told_with_its_place() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.read().await;
    for (sql, told) in [
        ("SELECT nonsense FROM widget", "no such column: nonsense, at byte 7 of the statement"),
        ("SELECT 1 FROM nowhere", "no such table: nowhere"),
        ("SELECT 1\0", "a statement has no NUL character"),
    ] {
        match tx.query(sql, &[]) {
            Err(SqlError::Syntax(why)) => assert!(why.starts_with(told), "{sql}: {why}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_number_that_is_text_breaks_a_constraint() {
    let shelf = Shelf::with_widgets().await;
    let limit = shelf
        .read()
        .await
        .query("SELECT id FROM widget ORDER BY id LIMIT ?1", &[Value::Text("x".into())]);
    let kind = ConstraintKind::Other;
    assert!(matches!(limit, Err(SqlError::Constraint { kind: k, .. }) if k == kind), "{limit:?}");
}

#[tokio::test]
async fn a_table_that_no_plugin_made_is_nobodys() {
    let shelf = Shelf::with_widgets().await;
    let sqlite = rusqlite::Connection::open(shelf.database.path()).unwrap();
    sqlite.execute_batch("CREATE TABLE widget_stray (id INTEGER PRIMARY KEY) STRICT").unwrap();
    let told = || Err(SqlError::Denied("the table widget_stray".into()));
    let mut tx = shelf.write().await;
    for sql in [
        "SELECT id FROM widget_stray",
        "DELETE FROM widget_stray",
        "INSERT INTO widget_stray (id) VALUES (1)",
        "UPDATE widget_stray SET id = 1",
    ] {
        assert_eq!(tx.query(sql, &[]).map(drop), told(), "{sql}");
    }
}

#[tokio::test]
async fn a_plugin_that_is_named_as_sqlites_own_tables_makes_none() {
    for plugin in ["dbstat", "json-each", "sqlite", "pragma"] {
        let table = plugin.replace('-', "_");
        let sql = format!("CREATE TABLE {table}_x (id BIGINT PRIMARY KEY)");
        let error = Shelf::empty().migrate_all(&[(plugin, vec![migration(1, &sql)])]).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("not allowed"), "{plugin}: {error}");
    }
}

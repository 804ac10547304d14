//! Migrations: all pending ones or none, each exactly once.

use std::collections::BTreeMap;
use std::sync::Arc;

use quoin_storage::{Error, SqlError, Value};

use crate::{MINUTE, Shelf, migration, one, steps};

const WIDGET: &str = "CREATE TABLE widget (id BIGINT PRIMARY KEY, name TEXT NOT NULL);";

fn refusal(result: Result<usize, Error>) -> (u32, String) {
    match result {
        Err(Error::Migration { number, message, .. }) => (number, message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn pending_migrations_are_applied_once() {
    let shelf = Shelf::empty();
    let one = migration(1, WIDGET);
    let two = migration(
        2,
        "INSERT INTO widget (id, name) VALUES (1, 'a'); INSERT INTO widget (id, name) VALUES (2, 'b');",
    );
    assert_eq!(shelf.migrate(std::slice::from_ref(&one)).await.unwrap(), 1);
    assert_eq!(shelf.migrate(&[one.clone(), two.clone()]).await.unwrap(), 1);
    assert_eq!(shelf.migrate(&[one, two]).await.unwrap(), 0);
    assert_eq!(shelf.names().await, ["a", "b"]);
}

#[tokio::test]
async fn no_migrations_are_no_work() {
    assert_eq!(Shelf::empty().migrate(&[]).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_half_way_changes_nothing() {
    let shelf = Shelf::empty();
    let broken =
        "INSERT INTO widget (id, name) VALUES (1, 'a'); INSERT INTO widget_gadget VALUES (1);";
    let (number, message) =
        refusal(shelf.migrate(&[migration(1, WIDGET), migration(2, broken)]).await);
    assert_eq!(number, 2);
    assert!(message.contains("widget_gadget"), "{message}");
    assert!(shelf.read().await.query("SELECT * FROM widget", &[]).is_err());
    assert_eq!(shelf.migrate(&[migration(1, WIDGET)]).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_changed_before_the_commit() {
    let shelf = Shelf::empty();
    let plugins = [("widget", vec![migration(1, WIDGET)])];
    let migrated = shelf.database.migrate(&steps(&plugins), MINUTE).await.unwrap();
    assert_eq!(migrated.applied(), &BTreeMap::from([(Arc::from("widget"), 1)]));
    assert!(shelf.read().await.query("SELECT * FROM widget", &[]).is_err());
    drop(migrated);
    assert!(shelf.read().await.query("SELECT * FROM widget", &[]).is_err());
    assert_eq!(shelf.migrate(&[migration(1, WIDGET)]).await.unwrap(), 1);
}

#[tokio::test]
async fn a_plugin_that_lacks_no_migration_is_not_among_those_that_are_migrated() {
    let shelf = Shelf::empty();
    shelf.migrate(&[migration(1, WIDGET)]).await.unwrap();
    let other = migration(1, "CREATE TABLE other (id BIGINT PRIMARY KEY)");
    let plugins =
        [("widget", vec![migration(1, WIDGET)]), ("other", vec![other]), ("none", vec![])];
    let migrated = shelf.database.migrate(&steps(&plugins), MINUTE).await.unwrap();
    assert_eq!(migrated.applied(), &BTreeMap::from([(Arc::from("other"), 1)]));
    migrated.commit().await.unwrap();
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_was_applied_is_refused() {
    let shelf = Shelf::empty();
    shelf.migrate(&[migration(1, WIDGET)]).await.unwrap();
    let (number, message) = refusal(shelf.migrate(&[migration(1, "SELECT 1")]).await);
    assert_eq!(number, 1);
    assert!(message.contains("changed"), "{message}");
}

#[tokio::test]
async fn a_gap_is_refused() {
    let shelf = Shelf::empty();
    let (number, message) =
        refusal(shelf.migrate(&[migration(1, WIDGET), migration(3, "SELECT 1")]).await);
    assert_eq!(number, 3);
    assert!(message.contains("number 2, is missing"), "{message}");
}

#[tokio::test]
async fn a_database_that_is_ahead_is_fine() {
    let shelf = Shelf::empty();
    let add = migration(2, "ALTER TABLE widget ADD COLUMN size BIGINT");
    shelf.migrate(&[migration(1, WIDGET), add.clone()]).await.unwrap();
    assert_eq!(shelf.migrate(&[migration(1, WIDGET)]).await.unwrap(), 0);
    assert_eq!(shelf.migrate(&[migration(1, WIDGET), add]).await.unwrap(), 0);
}

#[tokio::test]
async fn schemas_can_be_changed_in_every_usual_way() {
    let shelf = Shelf::empty();
    let steps = [
        "CREATE TABLE widget (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size INT, weight DOUBLE PRECISION, UNIQUE (name, size));
         CREATE TABLE widget_part (id TEXT PRIMARY KEY, widget BIGINT REFERENCES widget ON DELETE CASCADE, picture BLOB);
         INSERT INTO widget (id, name) VALUES (1, 'a');",
        "ALTER TABLE widget ADD COLUMN colour TEXT NOT NULL DEFAULT 'red' CHECK (length(colour) > 0 AND colour = trim(colour, '-') AND colour LIKE '%');
         ALTER TABLE widget RENAME COLUMN name TO title;
         ALTER TABLE widget RENAME TO widget_gadget;
         ALTER TABLE widget_gadget DROP COLUMN weight;",
        "CREATE UNIQUE INDEX widget_gadget_title ON widget_gadget (title) WHERE size IS NULL;
         CREATE INDEX widget_gadget_lower ON widget_gadget (lower(replace(trim(title, '-'), ' ', '')));
         DROP INDEX widget_gadget_lower;
         CREATE TABLE widget_copy (id BIGINT PRIMARY KEY, title TEXT);
         INSERT INTO widget_copy (id, title) SELECT id, title FROM widget_gadget;
         DROP TABLE widget_part;
         DROP TABLE IF EXISTS widget_absent;",
        "CREATE TABLE widget (id BIGINT PRIMARY KEY, name TEXT NOT NULL);
         INSERT INTO widget (id, name) SELECT id, title FROM widget_copy;
         UPDATE widget SET name = name || '!' WHERE id = 1;
         DELETE FROM widget_copy;
         DROP TABLE widget_gadget; -- done
        ",
    ];
    let steps: Vec<_> = (1..).zip(steps).map(|(number, sql)| migration(number, sql)).collect();
    assert_eq!(shelf.migrate(&steps).await.unwrap(), 4);
    assert_eq!(shelf.names().await, ["a!"]);
}

#[tokio::test]
async fn what_only_one_engine_understands_is_refused_with_what_to_write_instead() {
    for (sql, instead) in [
        (
            "CREATE TABLE widget (id INTEGER PRIMARY KEY AUTOINCREMENT)",
            "line 2, column 45: a key is given",
        ),
        ("CREATE TABLE widget (id BIGINT) STRICT", "every table is STRICT"),
        ("CREATE TABLE widget (id TEXT PRIMARY KEY) WITHOUT ROWID", "leave it out"),
        (
            "CREATE TABLE widget (id BIGINT, twice BIGINT GENERATED ALWAYS AS (id * 2))",
            "write its value",
        ),
        ("CREATE TABLE widget AS SELECT 1 AS id", "INSERT … SELECT"),
        ("CREATE TABLE widget (of BIGINT REFERENCES widget_x DEFERRABLE)", "with its statement"),
        (
            "CREATE TABLE widget (name TEXT UNIQUE ON CONFLICT ROLLBACK)",
            "ON CONFLICT stands in INSERT",
        ),
        ("CREATE TABLE widget (id BIGINT); SELECT id FROM widget ORDER BY id", "id may be NULL"),
        (
            "CREATE TABLE widget (id BIGINT); INSERT OR ROLLBACK INTO widget VALUES (1)",
            "DO NOTHING",
        ),
    ] {
        let shelf = Shelf::empty();
        let (number, message) = refusal(shelf.migrate(&[migration(1, &format!("\n{sql};"))]).await);
        assert_eq!(number, 1);
        assert!(message.contains("line 2") && message.contains(instead), "{sql}: {message}");
        assert!(shelf.read().await.query("SELECT id FROM widget", &[]).is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_prepared_before_a_migration_see_the_new_schema_under_the_same_rules() {
    let shelf = Shelf::empty();
    shelf.migrate(&[migration(1, WIDGET)]).await.unwrap();
    let select = "SELECT * FROM widget";
    for mut tx in [shelf.read().await, shelf.write().await] {
        assert_eq!(tx.query(select, &[]).unwrap().columns, ["id", "name"]);
    }
    let add = migration(2, "ALTER TABLE widget ADD COLUMN size BIGINT");
    shelf.migrate(&[migration(1, WIDGET), add]).await.unwrap();
    for mut tx in [shelf.read().await, shelf.write().await] {
        assert_eq!(tx.query(select, &[]).unwrap().columns, ["id", "name", "size"]);
    }
    let mut tx = shelf.write().await;
    assert!(tx.execute("DROP TABLE widget", &[]).is_err());
    assert_eq!(one(tx.query("SELECT count(*) FROM widget", &[]).unwrap()), Value::Integer(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_looked_at_anew_after_a_migration() {
    let shelf = Shelf::empty();
    let first = migration(1, WIDGET);
    shelf.migrate(std::slice::from_ref(&first)).await.unwrap();
    let sorted = "SELECT id FROM widget ORDER BY Name";
    assert!(shelf.read().await.query(sorted, &[]).is_ok());
    let again = "DROP TABLE widget; CREATE TABLE widget (id BIGINT PRIMARY KEY, name TEXT);";
    shelf.migrate(&[first, migration(2, again)]).await.unwrap();
    for mut tx in [shelf.read().await, shelf.write().await] {
        match tx.query(sorted, &[]) {
            Err(SqlError::Denied(why)) => assert!(why.contains("Name may be NULL"), "{why}"),
            other => panic!("{other:?}"),
        }
        assert!(tx.query("SELECT id FROM widget ORDER BY name NULLS FIRST", &[]).is_ok());
        assert!(tx.query("SELECT id FROM widget ORDER BY id", &[]).is_ok());
    }
}

#[tokio::test]
async fn a_migration_that_comes_before_what_was_applied_is_refused() {
    let shelf = Shelf::empty();
    let steps = [migration(1, WIDGET), migration(2, "SELECT 1"), migration(3, "SELECT 2")];
    shelf.migrate(&steps).await.unwrap();
    let sqlite = rusqlite::Connection::open(shelf.database.path()).unwrap();
    sqlite.execute("DELETE FROM _quoin_migration WHERE number = 2", []).unwrap();
    let (number, message) = refusal(shelf.migrate(&steps).await);
    assert_eq!(number, 2);
    assert!(message.contains("number 3 already"), "{message}");
    sqlite.execute("DELETE FROM _quoin_migration WHERE number = 3", []).unwrap();
    assert_eq!(shelf.migrate(&steps).await.unwrap(), 2);
}

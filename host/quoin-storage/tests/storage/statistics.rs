//! What the host finds out about how much the tables hold, so that plans fit them.

use std::time::Duration;

use quoin_storage::{SqlError, Value};

use super::{Shelf, migration, texts};

/// Parts, of which few are of one kind and many of the other: the index that finds few is the right one.
const PARTS: &str = "
    CREATE TABLE widget (id BIGINT PRIMARY KEY, kind BIGINT NOT NULL, box BIGINT NOT NULL, name TEXT NOT NULL);
    CREATE INDEX widget_by_box ON widget (box, id);
    CREATE INDEX widget_by_kind ON widget (kind, name);";
const FILL: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO widget (id, kind, box, name)
    SELECT i, 0, i / 3, 'a widget of number ' || CAST(50000 - i AS TEXT) FROM n";
/// In the order of the index that finds them: by id, or by name, which falls while the id grows.
const FIND: &str = "SELECT CAST(id AS TEXT) AS id FROM widget WHERE kind = 0 AND box = 7";

/// What a look into the file finds, without the rules for plugins.
fn look(shelf: &Shelf, sql: &str) -> Vec<String> {
    let sqlite = rusqlite::Connection::open(shelf.database.path()).unwrap();
    let mut statement = sqlite.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn known(shelf: &Shelf) -> Vec<String> {
    let there = "SELECT name FROM sqlite_schema WHERE name = 'sqlite_stat1'";
    match look(shelf, there).is_empty() {
        true => Vec::new(),
        false => look(shelf, "SELECT DISTINCT tbl FROM sqlite_stat1 ORDER BY tbl"),
    }
}

/// With many parts, as the host knows.
async fn filled() -> Shelf {
    let shelf = Shelf::empty();
    shelf.migrate(&[migration(1, PARTS)]).await.unwrap();
    let mut tx = shelf.write().await;
    tx.execute(FILL, &[]).unwrap();
    tx.commit().await.unwrap();
    for _ in 0..500 {
        let told = "SELECT 'told' FROM sqlite_schema WHERE name = '_quoin_statistics'";
        if known(&shelf).contains(&"widget".to_owned()) && look(&shelf, told).is_empty() {
            // The turn in which the other connections are told follows those of the tables.
            shelf.write().await.commit().await.unwrap();
            return shelf;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody looked at {:?}", shelf.database.path());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_has_grown_is_looked_at_and_all_connections_plan_by_it() {
    let shelf = Shelf::empty();
    shelf.migrate(&[migration(1, PARTS)]).await.unwrap();
    // Both connections have planned the statement while the table was empty.
    let mut tx = shelf.write().await;
    tx.query(FIND, &[]).unwrap();
    tx.execute(FILL, &[]).unwrap();
    let by_kind = texts(&tx.query(FIND, &[]).unwrap());
    tx.commit().await.unwrap();
    assert_eq!(
        by_kind,
        ["23", "22", "21"],
        "the plan is right already, which makes this test blind"
    );
    for _ in 0..500 {
        let reads = texts(&shelf.read().await.query(FIND, &[]).unwrap());
        let writes = texts(&shelf.write().await.query(FIND, &[]).unwrap());
        if reads == ["21", "22", "23"] && writes == reads {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the plan is that of an empty table; known are {:?}", known(&shelf));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugins_see_nothing_of_what_the_host_knows() {
    let shelf = filled().await;
    for sql in ["SELECT stat FROM sqlite_stat1", "DELETE FROM sqlite_stat1", "ANALYZE"] {
        let refused = shelf.write().await.query(sql, &[]).unwrap_err();
        assert!(matches!(&refused, SqlError::Denied(_) | SqlError::Syntax(_)), "{sql}: {refused}");
    }
    let copy = "CREATE TABLE widget_copy (a TEXT);
        INSERT INTO widget_copy (a) SELECT stat FROM sqlite_stat1;";
    let migrations = [migration(1, PARTS), migration(2, copy)];
    let refused = shelf.migrate(&migrations);
    let refused = refused.await.unwrap_err().to_string();
    assert!(refused.contains("names that begin with sqlite_ are taken"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_and_indexes_that_are_known_about_can_be_changed_and_dropped() {
    let shelf = filled().await;
    let steps = [
        PARTS,
        "DROP INDEX widget_by_kind; ALTER TABLE widget DROP COLUMN name;",
        "ALTER TABLE widget RENAME TO widget_old; ALTER TABLE widget_old RENAME COLUMN box TO place;",
        "DROP TABLE widget_old;",
    ];
    for last in 2..=steps.len() {
        let migrations: Vec<_> =
            (1..).zip(&steps[..last]).map(|(number, sql)| migration(number, sql)).collect();
        shelf.migrate(&migrations).await.unwrap();
    }
    let gone = shelf.read().await.query("SELECT id FROM widget", &[]);
    assert!(matches!(gone, Err(SqlError::Syntax(_))), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_file_is_left_alone() {
    let shelf = Shelf::with_widgets().await;
    for _ in 0..1_100 {
        let mut tx = shelf.write().await;
        let sql = "INSERT INTO widget (id, name) SELECT coalesce(max(id), 0) + 1, 'w' || CAST(coalesce(max(id), 0) AS TEXT) FROM widget";
        tx.execute(sql, &[] as &[Value]).unwrap();
        tx.commit().await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(known(&shelf), Vec::<String>::new());
}

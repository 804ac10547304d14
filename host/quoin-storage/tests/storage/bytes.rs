//! What each plugin's tables take of the file, and that it is no more than they may.

use std::sync::Arc;

use quoin_storage::{Error, SqlError, Value};

use crate::calls::Random;
use crate::{ROOMY, Shelf, Tx, lose, migration, note, notes, steps};

const PLUGINS: [&str; 3] = ["a", "b", "c"];
const PAGE: u64 = 4_096;
/// Pages of the host's and SQLite's own that may be told as a plugin's, or the other way round.
const BESIDE: u64 = 4;

async fn bytes_of(shelf: &Shelf, plugin: &str) -> u64 {
    shelf.database.bytes_of(&Arc::from(plugin), std::time::Duration::from_secs(60)).await.unwrap()
}

/// What SQLite itself says of the pages of the plugin's one table and its index.
fn pages_in_file(shelf: &Shelf, plugin: &str) -> u64 {
    let sqlite = rusqlite::Connection::open(shelf.database.path()).unwrap();
    let sql = "SELECT count(*) FROM dbstat 
        WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ?1)";
    sqlite.query_row(sql, [plugin], |row| row.get::<_, i64>(0)).unwrap() as u64
}

fn file_size(shelf: &Shelf) -> u64 {
    let sqlite = rusqlite::Connection::open(shelf.database.path()).unwrap();
    sqlite.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0)).unwrap() as u64 * PAGE
}

async fn assert_told_as_it_is(shelf: &Shelf, of: &str) {
    for plugin in PLUGINS {
        let (told, is) = (bytes_of(shelf, plugin).await / PAGE, pages_in_file(shelf, plugin));
        assert!(told.abs_diff(is) <= BESIDE, "{plugin}: told {told}, is {is}, {of}");
    }
}

/// One statement by chance of the plugin's.
fn change(tx: &mut Tx, random: &mut Random) {
    let table = &tx.plugin.to_string();
    let id = Value::Integer(random.below(200) as i64);
    let text = Value::Text("x".repeat(random.below(9_000) as usize));
    let (sql, params) = match random.below(8) {
        0 => (format!("DELETE FROM {table} WHERE id % 7 = ?1 % 7"), vec![id]),
        1 | 2 => (format!("UPDATE {table} SET note = ?2 WHERE id = ?1"), vec![id, text]),
        3 => (format!("DELETE FROM {table} WHERE id = ?1"), vec![id]),
        _ => (
            format!("INSERT INTO {table} (id, note) VALUES (?1, ?2) ON CONFLICT DO NOTHING"),
            vec![id, text],
        ),
    };
    tx.execute(&sql, &params).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_plugins_tables_is_what_they_take() {
    for seed in 1..5 {
        let mut random = Random(seed);
        let mut shelf = Shelf::with_plugins(&PLUGINS).await;
        for round in 0..60 {
            let mut tx = shelf.write_as("a").await;
            let mut depth = 0;
            for _ in 0..random.below(40) {
                match random.below(6) {
                    0 if depth < 4 => depth += 1,
                    1 if depth > 0 => {
                        tx.end_call(depth, random.below(2) == 0);
                        depth -= 1;
                    }
                    _ => {
                        // A call is of one plugin.
                        let plugin = PLUGINS[(depth as usize) % 3];
                        change(tx.at(plugin, depth), &mut random);
                    }
                }
            }
            match random.below(5) {
                0 => drop(tx),
                1 => {
                    lose(tx.at("b", depth));
                    tx.commit().await.unwrap_err();
                }
                _ => tx.commit().await.unwrap(),
            }
            if random.below(12) == 0 {
                shelf = shelf.reopened();
            }
            assert_told_as_it_is(&shelf, &format!("seed {seed}, round {round}")).await;
        }
    }
}

/// Writes pages until there is an error.
fn fill(tx: &mut Tx) -> SqlError {
    let page = "x".repeat(3_900);
    (0..10_000).find_map(|_| note(tx, &page).err()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_plugin_says_so_and_keeps_what_it_has_and_others_go_on() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let most = 256 << 10;
    let mut tx = shelf.write_as("a").await;
    tx.max_bytes = most;
    assert_eq!(fill(&mut tx), SqlError::Full);
    assert!(!tx.inner.is_lost());
    note(tx.at("b", 1), "another").unwrap();
    // As much as it likes, in one statement, and in many.
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
        INSERT INTO b (id, note) SELECT i + 1000, ?1 FROM n";
    let page = Value::Text("x".repeat(4_000));
    tx.max_bytes = ROOMY;
    assert_eq!(tx.execute(many, std::slice::from_ref(&page)), Ok(2_000));
    assert_eq!(tx.execute("DELETE FROM b WHERE note = ?1", &[page]), Ok(2_000));
    tx.end_call(1, true);
    tx.max_bytes = most;
    assert!(matches!(note(tx.at("a", 0), &"x".repeat(4_000)), Err(SqlError::Full)));
    tx.commit().await.unwrap();
    let told = bytes_of(&shelf, "a").await;
    assert!((most - BESIDE * PAGE..=most).contains(&told), "{told}");
    assert_eq!(shelf.notes("b").await, ["another"]);
    assert_told_as_it_is(&shelf, "full").await;
    // The next request finds it as full.
    let mut tx = shelf.write_as("a").await;
    tx.max_bytes = most;
    assert!(matches!(note(&mut tx, &"x".repeat(4_000)), Err(SqlError::Full)));
    let rows = notes(&mut tx).len();
    assert!(rows > 40, "{rows}");
    assert!(tx.execute("DELETE FROM a WHERE id % 2 = 0", &[]).unwrap() > 20);
    note(&mut tx, &"x".repeat(4_000)).unwrap();
    tx.commit().await.unwrap();
    assert_told_as_it_is(&shelf, "half").await;
    let mut tx = shelf.write_as("a").await;
    tx.max_bytes = most;
    assert_eq!(fill(&mut tx), SqlError::Full);
    tx.commit().await.unwrap();
    assert!(bytes_of(&shelf, "a").await <= most);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_grows_by_no_more_than_its_plugins_may_take() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let before = file_size(&shelf);
    let most = 256 << 10;
    for _ in 0..5 {
        for plugin in PLUGINS {
            let mut tx = shelf.write_as(plugin).await;
            tx.max_bytes = most;
            assert_eq!(fill(&mut tx), SqlError::Full);
            tx.commit().await.unwrap();
        }
    }
    assert!(file_size(&shelf) <= before + 3 * most + BESIDE * PAGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_gets_full_by_large_rows_without_losing_its_request() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut tx = shelf.write_as("a").await;
    let most = 24 << 20;
    tx.max_bytes = most;
    let row = "x".repeat(1_000_000);
    let full = (0..100).find_map(|_| note(&mut tx, &row).err());
    assert_eq!(full, Some(SqlError::Full));
    assert!(!tx.inner.is_lost());
    note(&mut tx, "small").unwrap();
    tx.commit().await.unwrap();
    let told = bytes_of(&shelf, "a").await;
    assert!((most - (1 << 20)..=most).contains(&told), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_another_plugin_left_are_not_free_for_all() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut tx = shelf.write_as("b").await;
    tx.max_bytes = 4 << 20;
    assert_eq!(fill(&mut tx), SqlError::Full);
    tx.commit().await.unwrap();
    let mut tx = shelf.write_as("b").await;
    tx.execute("DELETE FROM b", &[]).unwrap();
    tx.commit().await.unwrap();
    let most = 256 << 10;
    let mut tx = shelf.write_as("a").await;
    tx.max_bytes = most;
    assert_eq!(fill(&mut tx), SqlError::Full);
    tx.commit().await.unwrap();
    let told = bytes_of(&shelf, "a").await;
    assert!(told <= most + PAGE, "{told}");
    assert_told_as_it_is(&shelf, "after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_statement_takes_no_more_than_is_left() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let before = file_size(&shelf);
    let mut tx = shelf.write_as("a").await;
    tx.max_bytes = 256 << 10;
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
        INSERT INTO a (id, note) SELECT i, ?1 FROM n";
    let page = Value::Text("x".repeat(4_000));
    assert_eq!(tx.execute(many, &[page]), Err(SqlError::Full));
    // It is stopped long before it is done, and undone alone.
    assert!(!tx.inner.is_lost());
    note(&mut tx, "late").unwrap();
    tx.commit().await.unwrap();
    assert!(file_size(&shelf) <= before + (8 << 20));
    assert_eq!(shelf.notes("a").await, ["late"]);
    assert_told_as_it_is(&shelf, "refused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undone_call_gives_back_what_it_took() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut tx = shelf.write_as("a").await;
    tx.max_bytes = 256 << 10;
    for _ in 0..5 {
        assert_eq!(fill(tx.at("a", 1)), SqlError::Full);
        tx.end_call(1, false);
    }
    note(tx.at("a", 0), &"x".repeat(4_000)).unwrap();
    tx.commit().await.unwrap();
    assert_told_as_it_is(&shelf, "undone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_stays_within_what_its_plugin_may_take() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let sql = "CREATE TABLE d (note TEXT);
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT INTO d (note) SELECT CAST(i AS TEXT) FROM n";
    let plugins = [("d", vec![migration(1, sql)])];
    let mut steps = steps(&plugins);
    steps[0].max_bytes = 256 << 10;
    let refused = shelf.database.migrate(&steps, crate::MINUTE).await;
    assert!(matches!(refused, Err(Error::Full { .. })));
    steps[0].max_bytes = 8 << 20;
    shelf.database.migrate(&steps, crate::MINUTE).await.unwrap().commit().await.unwrap();
    let (told, is) = (bytes_of(&shelf, "d").await / PAGE, pages_in_file(&shelf, "d"));
    assert!(is > 100 && told.abs_diff(is) <= BESIDE, "told {told}, is {is}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_plugin_is_in_nobodys_way_when_others_migrate() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut tx = shelf.write_as("a").await;
    tx.max_bytes = 256 << 10;
    assert_eq!(fill(&mut tx), SqlError::Full);
    tx.commit().await.unwrap();
    let more: Vec<String> = (0..40).map(|n| format!("plugin-{n}")).collect();
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    shelf.create_tables(&more).await;
    assert_eq!(bytes_of(&shelf, "nobody").await, 0);
    assert!(bytes_of(&shelf, "plugin-39").await > 0);
}

/// One statement that adds so many rows of a page each.
fn add_pages(tx: &mut Tx, pages: u64) -> Result<u64, SqlError> {
    let many = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {pages})
        INSERT INTO {} (id, note) SELECT i, ?1 FROM n",
        tx.plugin
    );
    tx.execute(&many, &[Value::Text("x".repeat(4_000))])
}

#[tokio::test(flavor = "multi_thread")]
async fn one_statement_of_a_large_plugin_takes_no_more_than_is_left_of_what_others_gave_back() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut tx = shelf.write_as("b").await;
    assert_eq!(add_pages(&mut tx, 5_000), Ok(5_000));
    tx.commit().await.unwrap();
    let mut tx = shelf.write_as("b").await;
    assert_eq!(tx.execute("DELETE FROM b", &[]), Ok(5_000));
    tx.commit().await.unwrap();
    let mut tx = shelf.write_as("a").await;
    tx.max_bytes = 4_500 * PAGE;
    assert_eq!(add_pages(&mut tx, 4_800), Err(SqlError::Full));
    assert!(!tx.inner.is_lost());
    assert_eq!(add_pages(&mut tx, 4_400), Ok(4_400));
    tx.commit().await.unwrap();
    assert_told_as_it_is(&shelf, "after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_gets_full_by_changing_rows_without_losing_its_request() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    for most in [256 << 10, 20 << 20] {
        let mut tx = shelf.write_as("a").await;
        tx.execute("DELETE FROM a", &[]).unwrap();
        for id in 0..30 {
            let row = "INSERT INTO a (id) VALUES (?1)";
            assert_eq!(tx.execute(row, &[Value::Integer(id)]), Ok(1));
        }
        tx.max_bytes = most;
        // No constraint can be broken, so that SQLite alone would take back the whole transaction.
        let grow = "UPDATE a SET note = ?2 WHERE id = ?1";
        let large = Value::Text("x".repeat(1_000_000));
        let full = (0..30).find_map(|id| {
            tx.execute(grow, &[Value::Integer(id), large.clone()]).err().map(|why| (id, why))
        });
        assert_eq!(full, Some(((most / 1_000_000) as i64, SqlError::Full)));
        assert!(!tx.inner.is_lost());
        tx.execute("UPDATE a SET note = 'small' WHERE id = 29", &[]).unwrap();
        tx.commit().await.unwrap();
        assert!(bytes_of(&shelf, "a").await <= most);
    }
}

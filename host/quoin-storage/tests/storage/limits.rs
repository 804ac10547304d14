//! Limits: rows, bytes, parameters, time, size.

use std::task::Poll;
use std::time::{Duration, Instant};

use quoin_core::limits::{SQL_BYTES_MAX, SQL_PARAMS_MAX, SQL_ROWS_MAX};
use quoin_storage::{Error, SqlError, Value};

use crate::{Shelf, insert, migration, one, poll_once};

const NUMBERS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) ";
const FOREVER: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

#[tokio::test]
async fn a_query_returns_no_more_rows_than_the_limit() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let most = Value::Integer(SQL_ROWS_MAX as i64);
    let select = format!("{NUMBERS} SELECT i FROM n");
    assert_eq!(tx.query(&select, &[most]).unwrap().rows.len(), SQL_ROWS_MAX);
    let more = Value::Integer(SQL_ROWS_MAX as i64 + 1);
    assert!(matches!(tx.query(&select, &[more]), Err(SqlError::TooLarge(_))));
}

#[tokio::test]
async fn a_query_returns_no_more_bytes_than_the_limit() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let part = Value::Blob(vec![1; 1_000_000]);
    let fits = "SELECT ?1, ?1, ?1, ?1";
    assert!(tx.query(fits, std::slice::from_ref(&part)).is_ok());
    let more = "SELECT ?1, ?1, ?1, ?1, ?1";
    assert!(matches!(tx.query(more, &[part]), Err(SqlError::TooLarge(_))));
}

#[tokio::test]
async fn a_value_is_no_larger_than_the_limit() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let bomb = "SELECT length(replace(replace(replace(?1, 'a', ?1), 'a', ?1), 'a', ?1))";
    let seed = Value::Text("a".repeat(1_000));
    assert!(matches!(tx.query(bomb, &[seed]), Err(SqlError::TooLarge(_))));
    let large = Value::Blob(vec![0; (1 << 20) + 1]);
    assert!(matches!(tx.query("SELECT 1 WHERE ?1 IS NULL", &[large]), Err(SqlError::TooLarge(_))));
}

#[tokio::test]
async fn text_functions_take_no_time_that_a_deadline_cannot_stop() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let n = 500_000;
    let text = |text: String| Value::Text(text);
    // Half a million times half a million comparisons, where they are made one by one.
    let almost = [text("a".repeat(2 * n)), text("a".repeat(n) + "b")];
    assert!(tx.query("SELECT replace(?1, ?2, '')", &almost).is_ok());
    let set = [text("b".repeat(n)), text("a".repeat(n) + "b")];
    for trim in ["SELECT trim(?1, ?2)", "SELECT ltrim(?1, ?2)", "SELECT rtrim(?1, ?2)"] {
        assert!(tx.query(trim, &set).is_err());
    }
    assert!(tx.query("SELECT ?1 LIKE '%' || ?2", &almost).is_err());
}

#[tokio::test]
async fn replace_and_trim_do_what_they_do_elsewhere() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    for (sql, expected) in [
        ("replace('aXbX', 'X', '--')", "a--b--"),
        ("replace('abc', '', 'x')", "abc"),
        ("trim('xxaxx', 'x')", "a"),
        ("ltrim('xyaxy', 'yx')", "axy"),
        ("rtrim('xyaxy', 'yx')", "xya"),
        ("trim('  a ')", "a"),
        ("trim('éaé', 'é')", "a"),
        ("coalesce(replace('a', NULL, 'b'), trim(NULL, 'x'), 'null')", "null"),
    ] {
        let answer = one(tx.query(&format!("SELECT {sql} AS x"), &[]).unwrap());
        assert_eq!(answer, Value::Text(expected.into()), "{sql}");
    }
    assert!(tx.query("SELECT replace(1, 1, 2)", &[]).is_err());
}

#[tokio::test]
async fn a_statement_is_no_longer_than_the_limit() {
    let shelf = Shelf::empty();
    let long = format!("SELECT 1 -- {}", " ".repeat(SQL_BYTES_MAX));
    assert!(matches!(shelf.read().await.query(&long, &[]), Err(SqlError::TooLarge(_))));
}

#[tokio::test]
async fn a_statement_has_no_more_parameters_than_the_limit() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let many = vec![Value::Null; SQL_PARAMS_MAX + 1];
    assert!(matches!(tx.query("SELECT 1", &many), Err(SqlError::TooLarge(_))));
    let beyond = format!("SELECT ?{}", SQL_PARAMS_MAX + 1);
    assert!(matches!(tx.query(&beyond, &[]), Err(SqlError::Syntax(_))));
}

#[tokio::test]
async fn parameters_that_do_not_fit_the_statement_are_told() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let error = tx.query("SELECT ?1, ?2", &[Value::Null]).unwrap_err();
    assert_eq!(error, SqlError::Syntax("the statement has 2 parameters, 1 were given".into()));
}

#[tokio::test]
async fn deep_and_wide_statements_are_refused() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let deep = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    let sum = format!("SELECT 1{}", " + 1".repeat(5_000));
    let nested = format!("SELECT {}1{}", "(SELECT ".repeat(2_000), ")".repeat(2_000));
    let compound = format!("SELECT 1{}", " UNION SELECT 1".repeat(1_000));
    let wide = format!("SELECT 1{}", ", 1".repeat(1_000));
    for sql in [deep, sum, nested, compound, wide] {
        assert!(tx.query(&sql, &[]).is_err(), "{}", &sql[..40]);
    }
    assert!(tx.query("SELECT 1", &[]).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runaway_query_is_stopped_at_the_deadline() {
    let shelf = Shelf::empty();
    let deadline = Instant::now() + Duration::from_millis(20);
    let mut tx = shelf.database.read(deadline).await.unwrap();
    assert_eq!(tx.query(FOREVER, &[]), Err(SqlError::Timeout));
    assert_eq!(tx.query("SELECT 1", &[]), Err(SqlError::Timeout));
    drop(tx);
    assert!(shelf.read().await.query("SELECT 1", &[]).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runaway_write_takes_its_transaction_with_it() {
    let shelf = Shelf::with_widgets().await;
    let deadline = Instant::now() + Duration::from_millis(50);
    let mut tx = shelf.database.write(deadline).await.unwrap();
    insert(&mut tx, "a").unwrap();
    let endless = format!("INSERT INTO widget (name) SELECT i FROM ({FOREVER}) AS f (i)")
        .replace("AS f (i)", "")
        .replace("SELECT i FROM (WITH", "SELECT * FROM (WITH");
    assert_eq!(tx.execute(&endless, &[]), Err(SqlError::Timeout));
    assert!(matches!(tx.commit(), Err(Error::RolledBack(_))));
    assert!(shelf.names().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_read_is_begun_anew_and_done() {
    let shelf = Shelf::empty();
    let select = format!("{NUMBERS} SELECT sum(i) FROM n");
    let n = 300_000;
    for mut tx in [shelf.read().await, shelf.write().await] {
        let sum = tx.query(&select, &[Value::Integer(n)]).unwrap();
        assert_eq!(one(sum), Value::Integer(n * (n + 1) / 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runaway_migration_is_stopped_at_the_deadline() {
    let shelf = Shelf::empty();
    let deadline = Instant::now() + Duration::from_millis(20);
    let result = shelf.database.migrate(&[migration(1, FOREVER)], deadline).await;
    assert!(matches!(result, Err(Error::Migration { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_says_so_and_keeps_what_it_has() {
    let shelf = Shelf::of_size(256 << 10);
    shelf.create_widgets().await;
    shelf.insert("a").await;
    let page = "x".repeat(4_000);
    let mut tx = shelf.write().await;
    let full = (0..200).find_map(|n| insert(&mut tx, &format!("{n}{page}")).err());
    assert_eq!(full, Some(SqlError::Full));
    drop(tx);
    assert_eq!(shelf.names().await, ["a"]);
    shelf.insert("b").await;
    let size = std::fs::metadata(shelf.database.path()).unwrap().len();
    assert!(size <= 256 << 10, "{size}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_is_too_large_is_not_kept() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    let rows = format!("{NUMBERS} INSERT INTO widget (name) SELECT i FROM n RETURNING id");
    let more = Value::Integer(SQL_ROWS_MAX as i64 + 1);
    assert!(matches!(tx.query(&rows, &[more]), Err(SqlError::TooLarge(_))));
    assert!(matches!(tx.commit(), Err(Error::RolledBack(_))));
    assert!(shelf.names().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_readers_do_not_make_the_log_grow_forever() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    let wal = format!("{}-wal", shelf.database.path().display());
    let mut reader = shelf.read().await;
    let mut largest = 0;
    for round in 0..60 {
        reader.query("SELECT count(*) FROM widget", &[]).unwrap();
        // The next reader starts before the last one is done, so the log is never unread.
        let mut next = shelf.read().await;
        next.query("SELECT count(*) FROM widget", &[]).unwrap();
        drop(reader);
        let mut write = Box::pin(write_a_megabyte(&shelf, round));
        reader = match poll_once(write.as_mut()) {
            Poll::Ready(()) => next,
            // It waits for the readers that are there, and new ones wait for it.
            Poll::Pending => {
                let mut late = Box::pin(shelf.read());
                assert!(poll_once(late.as_mut()).is_pending());
                drop(next);
                write.await;
                late.await
            }
        };
        largest = std::fs::metadata(&wal).unwrap().len().max(largest);
    }
    assert!(largest < 80 << 20, "{largest}");
}

async fn write_a_megabyte(shelf: &Shelf, byte: u8) {
    let mut tx = shelf.write().await;
    let replace = "INSERT INTO widget (id, name) VALUES (2, ?1)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name";
    tx.execute(replace, &[Value::Blob(vec![byte; 1_000_000])]).unwrap();
    tx.commit().unwrap();
}

//! Limits: rows, bytes, parameters, time, size.

use std::time::{Duration, Instant};

use quoin_core::limits::{SQL_BYTES_MAX, SQL_PARAMS_MAX, SQL_ROWS_MAX};
use quoin_storage::{Error, SqlError, Value};

use crate::{Shelf, insert, migration, one, soon, steps};

const NUMBERS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) ";
const FOREVER: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    INSERT INTO widget (id, name) SELECT count(*), 'many' FROM n";

#[tokio::test]
async fn a_query_returns_no_more_rows_than_the_limit() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let most = Value::Integer(SQL_ROWS_MAX as i64);
    let select = format!("{NUMBERS} SELECT i FROM n");
    assert_eq!(tx.query(&select, &[most]).unwrap().values.len(), SQL_ROWS_MAX);
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
        let refused = tx.query(trim, &set);
        assert!(matches!(refused, Err(SqlError::Other(_))), "{refused:?}");
    }
    let refused = tx.query("SELECT 1 WHERE ?1 LIKE '%' || ?2 ESCAPE '!'", &almost);
    assert!(matches!(refused, Err(SqlError::Other(_))), "{refused:?}");
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
    let shelf = Shelf::with_widgets().await;
    for mut tx in [shelf.read().await, shelf.write().await] {
        tx.deadline = Instant::now() + Duration::from_millis(20);
        assert_eq!(tx.query(FOREVER, &[]), Err(SqlError::Timeout));
        assert_eq!(tx.query("SELECT 1", &[]), Err(SqlError::Timeout));
        assert!(!tx.inner.is_lost());
        tx.deadline = soon();
        assert!(tx.query("SELECT 1", &[]).is_ok(), "its caller goes on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_stopped_when_it_is_first_sent_and_its_order_is_looked_up() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";
    let rows = "SELECT w.id, w.name FROM widget AS w CROSS JOIN n WHERE n.i < 0 ORDER BY w.id";
    for round in 0..2 {
        let mut tx = shelf.read().await;
        tx.deadline = Instant::now() + Duration::from_millis(20);
        let read = tx.query(&format!("{endless} {rows}"), &[]);
        assert_eq!(read, Err(SqlError::Timeout), "{round}");
        let mut tx = shelf.write_for(Duration::from_millis(20)).await;
        let write = format!("{endless} INSERT INTO widget (id, name) {rows}");
        assert_eq!(tx.execute(&write, &[]), Err(SqlError::Timeout), "{round}");
    }
    assert_eq!(shelf.names().await, ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runaway_write_is_stopped_at_the_limit_of_its_request_and_takes_it_along() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write_for(Duration::from_millis(50)).await;
    insert(&mut tx, "a").unwrap();
    assert_eq!(tx.execute(ENDLESS, &[]), Err(SqlError::Timeout));
    assert!(tx.inner.is_lost());
    assert_eq!(insert(&mut tx, "b"), Err(SqlError::Timeout));
    assert!(matches!(tx.commit().await, Err(Error::WriterLimit)));
    assert!(shelf.names().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_of_a_call_stops_no_write_but_the_next_statement() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    insert(&mut tx, "root").unwrap();
    tx.at("widget", 1).deadline = Instant::now() + Duration::from_millis(50);
    let long =
        format!("{NUMBERS} INSERT INTO widget_part (id, widget) SELECT i, 1 FROM n WHERE i = ?1");
    // It is interrupted neither there nor later, though it goes on long after the deadline.
    assert_eq!(tx.execute(&long, &[Value::Integer(2_000_000)]), Ok(1));
    assert!(Instant::now() > tx.deadline);
    assert_eq!(insert(&mut tx, "late"), Err(SqlError::Timeout));
    assert_eq!(tx.query("SELECT 1", &[]), Err(SqlError::Timeout));
    tx.end_call(1, false);
    tx.at("widget", 0).deadline = soon();
    insert(&mut tx, "after").unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shelf.names().await, ["root", "after"]);
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
    let table = "CREATE TABLE widget (id BIGINT PRIMARY KEY, name TEXT)";
    let plugins = [("widget", vec![migration(1, &format!("{table}; {ENDLESS}"))])];
    let limit = Duration::from_millis(50);
    match shelf.database.migrate(&steps(&plugins), limit).await {
        Err(Error::Migration { message, .. }) => assert_eq!(message, SqlError::Timeout.to_string()),
        other => panic!("{:?}", other.err()),
    }
    shelf.create_widgets().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_is_too_large_is_not_kept() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    let rows = format!(
        "{NUMBERS} INSERT INTO widget (id, name) SELECT i, CAST(i AS TEXT) FROM n RETURNING id"
    );
    let more = Value::Integer(SQL_ROWS_MAX as i64 + 1);
    assert!(matches!(tx.query(&rows, &[more]), Err(SqlError::TooLarge(_))));
    assert!(matches!(tx.commit().await, Err(Error::RolledBack(_))));
    assert!(shelf.names().await.is_empty());
}

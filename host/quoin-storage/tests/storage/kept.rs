//! What a request keeps when one of its statements failed.

use std::time::Duration;

use quoin_core::ManualClock;
use quoin_core::limits::SQL_ROWS_MAX;
use quoin_storage::{Error, SqlError};

use crate::sharing::{INSTANT, came, neighbours, proven, waits};
use crate::{MINUTE, Shelf, at_once, note, notes};

const PLUGINS: [&str; 3] = ["a", "b", "c"];

/// More rows than a query returns.
fn too_many(select: &str) -> String {
    let most = SQL_ROWS_MAX + 1;
    format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most}) {select}"
    )
}

#[tokio::test]
async fn a_read_that_returns_too_much_leaves_its_request_as_it_was() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let read = too_many("SELECT i FROM n");
    let mut reader = shelf.read_as("a").await;
    let mut tx = shelf.write_as("a").await;
    for depth in 0..2 {
        for tx in [&mut reader, &mut tx] {
            assert!(matches!(tx.at("a", depth).query(&read, &[]), Err(SqlError::TooLarge(_))));
            assert!(!tx.inner.is_lost());
        }
        note(&mut tx, "goes on").unwrap();
    }
    tx.end_call(1, true);
    assert!(notes(reader.at("a", 0)).is_empty());
    tx.commit().await.unwrap();
    assert_eq!(shelf.notes("a").await, ["goes on", "goes on"]);
}

#[tokio::test]
async fn a_call_whose_write_cannot_be_answered_is_undone_and_its_caller_goes_on() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let write = too_many("INSERT INTO c (id) SELECT i + 100 FROM n RETURNING id");
    let mut tx = shelf.write_as("a").await;
    note(tx.at("a", 0), "root").unwrap();
    note(tx.at("b", 1), "callee").unwrap();
    note(tx.at("c", 2), "undone").unwrap();
    assert!(matches!(tx.query(&write, &[]), Err(SqlError::TooLarge(_))));
    assert!(tx.inner.is_lost());
    assert!(matches!(note(&mut tx, "late"), Err(SqlError::Other(_))));
    // Whatever it had called before it ends, it is undone itself.
    tx.end_call(3, true);
    assert!(tx.inner.is_lost());
    tx.end_call(2, true);
    assert!(!tx.inner.is_lost());
    note(tx.at("b", 1), "goes on").unwrap();
    tx.end_call(1, true);
    assert_eq!(notes(tx.at("a", 0)), ["root"]);
    tx.commit().await.unwrap();
    assert_eq!(shelf.notes("b").await, ["callee", "goes on"]);
    assert!(shelf.notes("c").await.is_empty());
}

#[tokio::test]
async fn a_call_that_breaks_a_constraint_goes_on() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut tx = shelf.write_as("a").await;
    let row = "INSERT INTO b (id, note) VALUES (7, 'b')";
    assert_eq!(tx.at("b", 1).execute(row, &[]), Ok(1));
    assert!(matches!(tx.execute(row, &[]), Err(SqlError::Constraint { .. })));
    assert!(!tx.inner.is_lost());
    note(&mut tx, "more").unwrap();
    tx.end_call(1, true);
    tx.commit().await.unwrap();
    assert_eq!(shelf.notes("b").await, ["b", "more"]);
}

#[tokio::test]
async fn the_deadline_of_a_call_ends_the_call_and_the_limit_of_the_request_ends_all() {
    let clock = ManualClock::at(0);
    let shelf = Shelf::with_clock(clock.clock());
    shelf.create_tables(&PLUGINS).await;
    let mut tx = shelf.write_as("a").await;
    note(&mut tx, "root").unwrap();
    let start = clock.clock().instant();
    tx.deadline = start + Duration::from_secs(1);
    clock.forward(Duration::from_secs(1) - INSTANT);
    note(&mut tx, "in time").unwrap();
    clock.forward(INSTANT);
    assert_eq!(note(&mut tx, "late"), Err(SqlError::Timeout));
    assert!(!tx.inner.is_lost());
    tx.deadline = start + 2 * MINUTE;
    note(&mut tx, "goes on").unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shelf.notes("a").await, ["root", "in time", "goes on"]);

    let mut tx = shelf.write_as("a").await;
    note(&mut tx, "undone").unwrap();
    tx.deadline = clock.clock().instant() + 2 * MINUTE;
    clock.forward(MINUTE);
    assert_eq!(note(&mut tx, "late"), Err(SqlError::Timeout));
    assert!(tx.inner.is_lost());
    assert!(matches!(tx.commit().await, Err(Error::WriterLimit)));
    let mut reader = shelf.read_as("a").await;
    reader.deadline = clock.clock().instant() + MINUTE;
    assert_eq!(notes(&mut reader).len(), 3);
}

#[tokio::test]
async fn the_time_of_a_statement_is_not_that_of_the_hosts_own_work_after_it() {
    let clock = ManualClock::at(0);
    let shelf = Shelf::with_clock(clock.clock());
    // Enough of them that looking at them all takes more instructions than pass unwatched.
    let many: Vec<String> = (0..60).map(|n| format!("plugin-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    shelf.create_tables(&many).await;
    let mut tx = shelf.write_as("plugin-0").await;
    note(&mut tx, "kept").unwrap();
    tx.commit().await.unwrap();
    clock.forward(10 * MINUTE);
    shelf.create_tables(&PLUGINS).await;
    assert_eq!(shelf.database.held("plugin-0").turns, 1);
}

#[tokio::test]
async fn a_request_that_only_read_waits_for_nobody_who_comes_after_it() {
    let (shelf, _) = proven().await;
    let mut first = shelf.write_as("a").await;
    assert!(notes(&mut first).is_empty());
    let second = waits(shelf.write_as("b"));
    at_once(first.commit()).unwrap();
    let mut second = came(second);
    note(&mut second, "second").unwrap();
    second.commit().await.unwrap();
    assert_eq!(shelf.notes("b").await, ["second"]);
}

#[tokio::test]
async fn a_request_that_is_abandoned_leaves_nothing_behind_and_the_next_one_goes_on() {
    let (shelf, _) = proven().await;
    let mut tx = shelf.write_as("a").await;
    note(&mut tx, "abandoned").unwrap();
    tx.inner.abandon();
    shelf.read_as("a").await.inner.abandon();
    let (first, mut second) = neighbours(&shelf).await;
    note(&mut second, "abandoned").unwrap();
    second.inner.abandon();
    // What it was in is not known, so that its neighbour's writes are gone, too.
    assert!(matches!(came(first), Err(Error::Lost)));
    let mut tx = shelf.write_as("a").await;
    note(&mut tx, "after").unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shelf.notes("a").await, ["after"]);
    assert!(shelf.notes("b").await.is_empty());
}

//! What becomes of a request whose time at the writer is over, and of those that wait for it.

use std::task::Poll;

use quoin_storage::{Error, Overdue, SqlError};

use crate::sharing::{INSTANT, SHORT, came, neighbours, proven, waits};
use crate::{MINUTE, note, notes, poll_once, soon, write};

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_stopped_at_the_limit_loses_those_that_wait_for_it() {
    let (shelf, clock) = proven().await;
    let (mut first, mut second) = neighbours(&shelf).await;
    let moved = std::thread::spawn(move || {
        // As soon as the statement runs, its time is over; where it has not begun, it is refused.
        clock.forward(MINUTE);
    });
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        INSERT INTO b (id, note) SELECT i, 'x' FROM n";
    second.deadline = soon() + MINUTE * 10;
    assert_eq!(second.execute(endless, &[]), Err(SqlError::Timeout));
    moved.join().unwrap();
    assert!(second.inner.is_lost());
    match poll_once(first.as_mut()) {
        Poll::Ready(outcome) => assert!(matches!(outcome, Err(Error::Lost))),
        Poll::Pending => {
            assert_eq!(second.inner.overdue().unwrap(), Overdue::Limit);
            came(first).unwrap();
        }
    }
    assert!(matches!(second.commit().await, Err(Error::WriterLimit)));
    assert!(shelf.notes("b").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_request_that_has_not_written_is_parted_and_goes_on() {
    let (shelf, clock) = proven().await;
    let (first, mut second) = neighbours(&shelf).await;
    assert_eq!(notes(second.at("a", 1)), ["first"]);
    let until = second.inner.until().unwrap();
    assert_eq!(until, clock.clock().instant() + SHORT);
    clock.forward(SHORT);
    assert_eq!(second.inner.overdue().unwrap(), Overdue::Parted);
    came(first).unwrap();
    assert_eq!(shelf.notes("a").await, ["first"]);
    assert_eq!(second.inner.until().unwrap(), until - SHORT + MINUTE);
    assert_eq!(notes(second.at("a", 1)), ["first"], "it sees what it saw");
    note(second.at("b", 0), "second").unwrap();
    assert_eq!(second.inner.overdue().unwrap(), Overdue::Parted, "nobody waits for it any more");
    second.commit().await.unwrap();
    assert_eq!(shelf.notes("b").await, ["second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_request_that_has_written_is_undone_and_run_again_alone() {
    let (shelf, clock) = proven().await;
    let (first, mut second) = neighbours(&shelf).await;
    note(&mut second, "second").unwrap();
    clock.forward(SHORT);
    assert_eq!(second.inner.overdue().unwrap(), Overdue::Again);
    came(first).unwrap();
    assert_eq!(shelf.notes("a").await, ["first"], "it is committed before the other goes");
    assert!(second.inner.is_lost());
    assert!(matches!(note(&mut second, "late"), Err(SqlError::Other(_))));
    let again = waits(write(&shelf.database, "b", "change", true));
    assert!(matches!(second.commit().await, Err(Error::Lost)));
    let mut again = came(again).unwrap();
    assert!(notes(&mut again).is_empty());
    note(&mut again, "again").unwrap();
    again.commit().await.unwrap();
    assert_eq!(shelf.notes("b").await, ["again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_at_its_limit_is_undone_and_those_that_wait_for_it_are_kept() {
    let (shelf, clock) = proven().await;
    let (first, mut second) = neighbours(&shelf).await;
    note(&mut second, "second").unwrap();
    clock.forward(MINUTE);
    assert_eq!(second.inner.overdue().unwrap(), Overdue::Limit);
    came(first).unwrap();
    assert_eq!(note(&mut second, "late"), Err(SqlError::Timeout));
    assert_eq!(second.inner.overdue().unwrap(), Overdue::Limit);
    assert!(matches!(second.commit().await, Err(Error::WriterLimit)));
    assert_eq!(shelf.notes("a").await, ["first"]);
    assert!(shelf.notes("b").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_does_not_share_has_only_its_limit() {
    let (shelf, clock) = proven().await;
    let mut tx = shelf.write_as("a").await;
    let until = tx.inner.until().unwrap();
    assert_eq!(until, clock.clock().instant() + MINUTE);
    note(&mut tx, "a").unwrap();
    clock.forward(MINUTE - INSTANT);
    assert_eq!(tx.inner.overdue().unwrap(), Overdue::Parted);
    assert!(!tx.inner.is_lost());
    clock.forward(INSTANT);
    assert_eq!(tx.inner.overdue().unwrap(), Overdue::Limit);
    assert!(matches!(tx.commit().await, Err(Error::WriterLimit)));
    assert!(shelf.notes("a").await.is_empty());
    let mut reader = shelf.read_as("a").await;
    assert_eq!(reader.inner.until(), None);
    assert_eq!(reader.inner.overdue().unwrap(), Overdue::Parted);
}

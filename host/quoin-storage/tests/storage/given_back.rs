//! A transaction that is given back before its request has ended.

use crate::sharing::{came, neighbours, proven, waits};
use crate::{commits, note, notes};

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_given_back_is_the_next_ones_at_once() {
    let (shelf, _) = proven().await;
    let mut first = shelf.write_as("a").await;
    assert!(notes(&mut first).is_empty() && !first.inner.has_written());
    let second = waits(shelf.write_as("b"));
    first.inner.give_back().await.unwrap();
    let mut second = came(second);
    assert!(note(&mut first, "late").is_err());
    note(&mut second, "second").unwrap();
    assert!(second.inner.has_written());
    second.commit().await.unwrap();
    first.inner.undo().await.unwrap();
    assert!(shelf.notes("a").await.is_empty());
    assert_eq!(shelf.notes("b").await, ["second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_has_seen_is_durable_when_it_is_given_back() {
    let (shelf, _) = proven().await;
    let before = commits(&shelf.wal());
    let (first, mut second) = neighbours(&shelf).await;
    assert_eq!(notes(second.at("a", 1)), ["first"]);
    assert_eq!(commits(&shelf.wal()), before);
    second.inner.give_back().await.unwrap();
    assert_eq!(commits(&shelf.wal()), before + 1);
    came(first).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_while_it_is_given_back_is_to_be_run_again() {
    let (shelf, _) = proven().await;
    let (first, mut second) = neighbours(&shelf).await;
    assert_eq!(notes(second.at("a", 1)), ["first"]);
    // Somebody waits whose turn keeps the commit open.
    let third = waits(shelf.write_as("c"));
    drop(waits(second.inner.give_back()));
    let third = came(third);
    assert!(matches!(second.inner.undo().await, Err(quoin_storage::Error::Lost)));
    third.commit().await.unwrap();
    came(first).unwrap();
}

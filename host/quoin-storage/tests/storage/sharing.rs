//! Requests that queue share a commit, and none is harmed by that.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use quoin_core::ManualClock;
use quoin_storage::{Error, SqlError};

use crate::{Shelf, Tx, commits, lose, note, notes, poll_once, write};

const PLUGINS: [&str; 3] = ["a", "b", "c"];
pub(crate) const SHORT: Duration = Duration::from_millis(5);
pub(crate) const INSTANT: Duration = Duration::from_nanos(1);

pub(crate) type Later<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A shop whose time stands still, where all functions `change` have proven short.
pub(crate) async fn proven() -> (Shelf, ManualClock) {
    let clock = ManualClock::at(0);
    let shelf = Shelf::with_clock(clock.clock());
    shelf.create_tables(&PLUGINS).await;
    for plugin in PLUGINS {
        prove(&shelf, plugin, 8).await;
    }
    (shelf, clock)
}

async fn prove(shelf: &Shelf, plugin: &str, times: usize) {
    for _ in 0..times {
        drop(shelf.write_as(plugin).await);
    }
}

pub(crate) fn waits<'a, T>(future: impl Future<Output = T> + 'a) -> Later<'a, T> {
    let mut future: Later<'a, T> = Box::pin(future);
    assert!(poll_once(future.as_mut()).is_pending());
    future
}

/// What has come meanwhile.
pub(crate) fn came<T>(mut later: Later<'_, T>) -> T {
    match poll_once(later.as_mut()) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it has not come"),
    }
}

/// A request of `a` that is done and waits for its commit, and the turn of `b` that it waits for.
pub(crate) async fn neighbours(shelf: &Shelf) -> (Later<'_, Result<(), Error>>, Tx) {
    let mut first = shelf.write_as("a").await;
    note(&mut first, "first").unwrap();
    let second = waits(shelf.write_as("b"));
    let first = waits(first.commit());
    (first, came(second))
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_queue_share_a_commit_and_nobody_is_answered_before_it() {
    let (shelf, _) = proven().await;
    let before = commits(&shelf.wal());
    let (mut first, mut second) = neighbours(&shelf).await;
    note(&mut second, "second").unwrap();
    let third = waits(shelf.write_as("c"));
    let second = waits(second.commit());
    let mut third = came(third);
    note(&mut third, "third").unwrap();
    assert_eq!(notes(third.at("a", 1)), ["first"], "it is after them");
    assert!(poll_once(first.as_mut()).is_pending());
    assert_eq!(commits(&shelf.wal()), before);
    for plugin in PLUGINS {
        assert!(shelf.notes(plugin).await.is_empty(), "readers see nothing before the commit");
    }
    third.commit().await.unwrap();
    came(first).unwrap();
    came(second).unwrap();
    assert_eq!(commits(&shelf.wal()), before + 1);
    for (plugin, note) in PLUGINS.into_iter().zip(["first", "second", "third"]) {
        assert_eq!(shelf.notes(plugin).await, [note]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_has_not_proven_short_shares_no_commit() {
    let (shelf, _) = proven().await;
    let mut first = shelf.write_as("a").await;
    note(&mut first, "first").unwrap();
    let other = waits(write(&shelf.database, "b", "other", false));
    first.commit().await.unwrap();
    assert_eq!(shelf.notes("a").await, ["first"]);
    drop(came(other).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_short_turns_prove_a_function_short_and_two_long_ones_end_it() {
    let clock = ManualClock::at(0);
    let shelf = Shelf::with_clock(clock.clock());
    shelf.create_tables(&PLUGINS).await;
    prove(&shelf, "b", 7).await;
    assert!(!shares(&shelf, "b").await);
    // That was the eighth.
    assert!(shares(&shelf, "b").await);
    // No more than sixteen count: one long turn leaves enough, a second leaves a quarter.
    prove(&shelf, "b", 20).await;
    let turn = async |time| {
        let tx = shelf.write_as("b").await;
        clock.forward(time);
        drop(tx);
    };
    turn(SHORT + INSTANT).await;
    assert!(shares(&shelf, "b").await);
    prove(&shelf, "b", 7).await;
    turn(SHORT).await;
    turn(SHORT + INSTANT).await;
    turn(SHORT + INSTANT).await;
    prove(&shelf, "b", 3).await;
    assert!(!shares(&shelf, "b").await);
    assert!(shares(&shelf, "b").await);
    assert!(!shares(&shelf, "a").await, "another has proven nothing");
    // One that lost its transaction has to begin again.
    let mut tx = shelf.write_as("b").await;
    note(&mut tx, "one").unwrap();
    lose(&mut tx);
    drop(tx);
    assert!(!shares(&shelf, "b").await);
}

/// Whether a request of `plugin` would share the commit of one that is done when its turn comes.
async fn shares(shelf: &Shelf, plugin: &str) -> bool {
    let mut first = write(&shelf.database, "c", "first", false).await.unwrap();
    note(&mut first, "first").unwrap();
    let second = waits(shelf.write_as(plugin));
    let mut first: Later<'_, _> = Box::pin(first.commit());
    let shared = poll_once(first.as_mut()).is_pending();
    drop(came(second));
    if shared {
        came(first).unwrap();
    }
    shared
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_fails_harms_none_of_those_that_it_shares_with() {
    let (shelf, _) = proven().await;
    let (first, mut second) = neighbours(&shelf).await;
    note(&mut second, "undone").unwrap();
    note(second.at("a", 1), "undone").unwrap();
    let third = waits(shelf.write_as("c"));
    drop(second);
    let mut third = came(third);
    assert!(notes(third.at("b", 0)).is_empty());
    note(third.at("c", 0), "third").unwrap();
    third.commit().await.unwrap();
    came(first).unwrap();
    assert_eq!(shelf.notes("a").await, ["first"]);
    assert!(shelf.notes("b").await.is_empty());
    assert_eq!(shelf.notes("c").await, ["third"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_answer_cannot_be_passed_on_harms_none() {
    let (shelf, _) = proven().await;
    let (first, mut second) = neighbours(&shelf).await;
    let rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT INTO b (id) SELECT i FROM n RETURNING id";
    assert!(matches!(second.query(rows, &[]), Err(SqlError::TooLarge(_))));
    assert!(matches!(second.commit().await, Err(Error::RolledBack(_))));
    came(first).unwrap();
    assert_eq!(shelf.notes("a").await, ["first"]);
    assert!(shelf.notes("b").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_a_request_that_failed_waits_for_what_it_has_seen() {
    let (shelf, _) = proven().await;
    let (first, mut second) = neighbours(&shelf).await;
    assert_eq!(notes(second.at("a", 1)), ["first"]);
    note(second.at("b", 0), "undone").unwrap();
    let third = waits(shelf.write_as("c"));
    let second = waits(second.inner.undo());
    drop(came(third));
    came(second).unwrap();
    came(first).unwrap();
    assert!(shelf.notes("b").await.is_empty());
    // Where there is nobody to wait for, nothing is waited for.
    let mut tx = shelf.write_as("b").await;
    note(&mut tx, "undone").unwrap();
    let other = waits(shelf.write_as("a"));
    tx.inner.undo().await.unwrap();
    drop(came(other));
    shelf.read().await.inner.undo().await.unwrap();
    assert!(shelf.notes("b").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_only_read_waits_for_what_it_has_seen() {
    let (shelf, _) = proven().await;
    let (first, mut second) = neighbours(&shelf).await;
    assert_eq!(notes(second.at("a", 1)), ["first"]);
    let third = waits(shelf.write_as("c"));
    let second = waits(second.commit());
    let mut third = came(third);
    lose(&mut third);
    drop(third);
    assert!(matches!(came(first), Err(Error::Lost)));
    assert!(matches!(came(second), Err(Error::Lost)));
    let (first, mut second) = neighbours(&shelf).await;
    notes(second.at("a", 1));
    second.commit().await.unwrap();
    came(first).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_lost_is_lost_for_all_who_share_it_and_nothing_is_half() {
    let (shelf, _) = proven().await;
    for committed in [true, false] {
        prove(&shelf, "c", 8).await;
        let (first, mut second) = neighbours(&shelf).await;
        note(&mut second, "second").unwrap();
        let third = waits(shelf.write_as("c"));
        let second = waits(second.commit());
        let mut third = came(third);
        note(&mut third, "third").unwrap();
        lose(&mut third);
        assert!(matches!(came(first), Err(Error::Lost)));
        assert!(matches!(came(second), Err(Error::Lost)));
        assert!(matches!(note(&mut third, "late"), Err(SqlError::Other(_))));
        // It has seen what is gone, so it is run again itself.
        let ended = match committed {
            true => third.commit().await,
            false => third.inner.undo().await,
        };
        assert!(matches!(ended, Err(Error::Lost)), "{ended:?}");
        for plugin in PLUGINS {
            assert!(shelf.notes(plugin).await.is_empty(), "{plugin}");
        }
    }
    let (first, mut second) = neighbours(&shelf).await;
    note(&mut second, "second").unwrap();
    second.commit().await.unwrap();
    came(first).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_plugin_harms_none_of_those_that_it_shares_with() {
    let (shelf, _) = proven().await;
    let (first, mut second) = neighbours(&shelf).await;
    second.max_bytes = 64 << 10;
    let page = "x".repeat(4_000);
    let full = (0..100).find_map(|_| note(&mut second, &page).err());
    assert_eq!(full, Some(SqlError::Full));
    drop(second);
    came(first).unwrap();
    assert_eq!(shelf.notes("a").await, ["first"]);
    assert!(shelf.notes("b").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_request_waits_for_a_few_milliseconds_of_others() {
    let (shelf, clock) = proven().await;
    let before = commits(&shelf.wal());
    let (mut first, second) = neighbours(&shelf).await;
    let third = waits(shelf.write_as("c"));
    clock.forward(SHORT - INSTANT);
    let second = waits(second.commit());
    let third = came(third);
    let fourth = waits(shelf.write_as("a"));
    assert!(poll_once(first.as_mut()).is_pending());
    clock.forward(INSTANT);
    // No one more is waited for.
    third.commit().await.unwrap();
    came(first).unwrap();
    came(second).unwrap();
    assert_eq!(commits(&shelf.wal()), before + 1);
    drop(came(fourth));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_sixty_four_share_a_commit() {
    let (shelf, _) = proven().await;
    let before = commits(&shelf.wal());
    let mut turn = shelf.write_as("a").await;
    let mut done = Vec::new();
    for number in 1..=64 {
        note(&mut turn, "x").unwrap();
        let next = waits(shelf.write_as("a"));
        let mut commit: Later<'_, _> = Box::pin(turn.commit());
        match poll_once(commit.as_mut()) {
            Poll::Pending => done.push(commit),
            Poll::Ready(outcome) => {
                outcome.unwrap();
                assert_eq!(number, 64);
            }
        }
        turn = came(next);
    }
    assert_eq!(done.len(), 63);
    done.into_iter().for_each(|done| came(done).unwrap());
    assert_eq!(commits(&shelf.wal()), before + 1);
    drop(turn);
    assert_eq!(shelf.notes("a").await.len(), 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_must_be_alone_shares_neither_before_nor_after() {
    let (shelf, _) = proven().await;
    let mut first = shelf.write_as("a").await;
    note(&mut first, "first").unwrap();
    let alone = waits(write(&shelf.database, "b", "change", true));
    first.commit().await.unwrap();
    let mut alone = came(alone).unwrap();
    note(&mut alone, "alone").unwrap();
    let next = waits(shelf.write_as("c"));
    alone.commit().await.unwrap();
    assert_eq!(shelf.notes("b").await, ["alone"]);
    drop(came(next));
    // The same where the writer is free.
    let mut alone = write(&shelf.database, "b", "change", true).await.unwrap();
    note(&mut alone, "alone").unwrap();
    let next = waits(shelf.write_as("c"));
    alone.commit().await.unwrap();
    drop(came(next));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_that_goes_away_before_its_turn_keeps_nobody_waiting() {
    let (shelf, _) = proven().await;
    let mut first = shelf.write_as("a").await;
    note(&mut first, "first").unwrap();
    let second = waits(shelf.write_as("b"));
    let first = waits(first.commit());
    // Its turn has come, and it does not take it.
    drop(second);
    came(first).unwrap();
    assert_eq!(shelf.notes("a").await, ["first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_for_the_answer_is_committed_all_the_same() {
    let (shelf, _) = proven().await;
    let (first, mut second) = neighbours(&shelf).await;
    drop(first);
    note(&mut second, "second").unwrap();
    second.commit().await.unwrap();
    assert_eq!(shelf.notes("a").await, ["first"]);
    assert_eq!(shelf.notes("b").await, ["second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_panics_takes_its_neighbours_transaction_but_not_the_writer() {
    let (shelf, _) = proven().await;
    let (first, mut second) = neighbours(&shelf).await;
    note(&mut second, "second").unwrap();
    let fallen = tokio::spawn(async move {
        let _second = second;
        panic!("on purpose");
    });
    assert!(fallen.await.is_err());
    assert!(matches!(came(first), Err(Error::Lost)));
    assert!(shelf.notes("a").await.is_empty() && shelf.notes("b").await.is_empty());
    let mut tx = shelf.write_as("a").await;
    note(&mut tx, "after").unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shelf.notes("a").await, ["after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_gone_keeps_nobody_from_sharing() {
    let (shelf, _) = proven().await;
    let mut first = shelf.write_as("a").await;
    note(&mut first, "first").unwrap();
    let gone = waits(write(&shelf.database, "b", "other", false));
    let third = waits(shelf.write_as("c"));
    drop(gone);
    let first = waits(first.commit());
    drop(came(third));
    came(first).unwrap();
}

//! The log that SQLite writes before its file: it does not grow forever.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quoin_storage::{Error, Turn};

use crate::{MINUTE, Shelf, insert, names, poll_once};

/// Bytes of the log at which the next writer starts it again if it can.
const LONG: u64 = 64 << 20;
/// Bytes of the log from which each writer waits longer for that.
const TOO_LONG: u64 = 512 << 20;

fn length(shelf: &Shelf) -> u64 {
    std::fs::metadata(shelf.wal()).unwrap().len()
}

/// Makes the log as long as that. SQLite passes over what follows its own pages in it.
fn lengthen(shelf: &Shelf, bytes: u64) {
    let log = std::fs::File::options().write(true).open(shelf.wal()).unwrap();
    log.set_len(bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_long_is_started_again_when_nobody_reads() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    lengthen(&shelf, LONG);
    let mut tx = shelf.write().await;
    assert_eq!(length(&shelf), LONG);
    insert(&mut tx, "b").unwrap();
    tx.commit().await.unwrap();
    lengthen(&shelf, LONG + 1);
    let again = async {
        // While what was long before is taken into the file, the next writer tries again.
        while length(&shelf) > 0 {
            drop(shelf.write().await);
        }
    };
    tokio::time::timeout(MINUTE, again).await.unwrap();
    shelf.insert("c").await;
    assert_eq!(shelf.names().await, ["a", "b", "c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_waits_for_those_who_read_a_long_log_and_new_ones_wait_for_it() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    lengthen(&shelf, LONG + 1);
    let mut reader = shelf.read().await;
    assert_eq!(names(&mut reader), ["a"]);
    let mut writer = Box::pin(shelf.write());
    assert!(poll_once(writer.as_mut()).is_pending());
    let mut late = Box::pin(shelf.read());
    assert!(poll_once(late.as_mut()).is_pending());
    assert_eq!(names(&mut reader), ["a"]);
    drop(reader);
    drop(writer.await);
    assert_eq!(length(&shelf), 0);
    assert_eq!(names(&mut late.await), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_waits_a_moment_for_a_reader_that_stays_and_goes_on_without() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    let mut reader = shelf.read().await;
    assert_eq!(names(&mut reader), ["a"]);
    for long in [LONG + 1, TOO_LONG] {
        lengthen(&shelf, long);
        let mut writer = Box::pin(shelf.write());
        assert!(poll_once(writer.as_mut()).is_pending());
        drop(writer.await);
        assert_eq!(length(&shelf), long);
    }
    assert_eq!(names(&mut reader), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_waits_longer_while_the_log_is_far_too_long_and_goes_on_too() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    let mut reader = shelf.read().await;
    assert_eq!(names(&mut reader), ["a"]);
    lengthen(&shelf, TOO_LONG + 1);
    drop(shelf.write().await);
    assert_eq!(length(&shelf), TOO_LONG + 1);
    // It waits for longer than it would for a log that is only long.
    let writer = async {
        drop(shelf.write().await);
        length(&shelf)
    };
    let reader = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        drop(reader);
    };
    let (after, ()) = tokio::join!(writer, reader);
    assert_eq!(after, 0);
    assert_eq!(shelf.names().await, ["a"]);
}

/// Writes these rows, of 100,000 bytes and as many in an index, in a transaction.
async fn write_rows(shelf: &Shelf, rows: std::ops::Range<u32>) {
    let mut tx = shelf.write().await;
    for row in rows {
        insert(&mut tx, &format!("{row}{}", "x".repeat(100_000))).unwrap();
    }
    tx.commit().await.unwrap();
}

/// Waits until it is so.
async fn until(what: impl Fn() -> bool) {
    let wait = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(MINUTE, wait).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_taken_into_the_file_between_the_requests_and_not_by_a_commit() {
    let shelf = Shelf::with_widgets().await;
    let file = || std::fs::metadata(shelf.database.path()).unwrap().len();
    let before = file();
    write_rows(&shelf, 0..200).await;
    assert!(length(&shelf) > 30 << 20);
    assert_eq!(file(), before, "the commit has left it to others");
    // The next request has its turn before that.
    let mut tx = shelf.write().await;
    insert(&mut tx, "next").unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(file(), before);
    tx.commit().await.unwrap();
    until(|| file() > 30 << 20).await;
    // All of it is taken in, so that the log begins again, and is cut.
    shelf.insert("last").await;
    assert!(length(&shelf) <= 16 << 20, "{}", length(&shelf));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_does_not_grow_while_requests_follow_each_other() {
    let shelf = Shelf::with_widgets().await;
    let (mut longest, mut written) = (0, 0);
    for _ in 0..60 {
        write_rows(&shelf, 0..10).await;
        written += 2_000_000;
        longest = longest.max(length(&shelf));
        let mut tx = shelf.write().await;
        tx.execute("DELETE FROM widget", &[]).unwrap();
        tx.commit().await.unwrap();
    }
    assert!(written > LONG && longest < LONG, "{longest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_until_its_deadline_for_a_log_that_is_started_again() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    lengthen(&shelf, LONG + 1);
    let (plugin, function) = (Arc::from("widget"), Arc::from("change"));
    let (limit, alone, deadline) = (MINUTE, false, Instant::now());
    let turn = Turn { plugin: &plugin, function: &function, limit, alone, deadline };
    assert!(matches!(shelf.database.write(turn).await.err(), Some(Error::Deadline)));
    until(|| length(&shelf) == 0).await;
    assert_eq!(shelf.names().await, ["a"]);
}

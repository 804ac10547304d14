//! The log that SQLite writes before its file: it does not grow forever.

use std::time::Duration;

use crate::{Shelf, insert, names, poll_once};

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
    drop(shelf.write().await);
    assert_eq!(length(&shelf), 0);
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

//! The connections of a database: which are kept, and what they wait for.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quoin_core::Clock;
use quoin_storage::{Database, Error, SqlError};

use crate::{MINUTE, Shelf, Tx, insert, poll_once};

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_writer_keeps_its_connection_unless_its_transaction_was_abandoned() {
    use crate::waiting::opened;
    let shelf = Shelf::with_widgets().await;
    for _ in 0..3 {
        let mut tx = shelf.write().await;
        insert(&mut tx, "dropped").unwrap();
        drop(tx);
        assert_eq!(opened(&shelf), 1);
        drop(shelf.write().await);
        assert_eq!(opened(&shelf), 1);
    }
    let mut tx = shelf.write().await;
    insert(&mut tx, "abandoned").unwrap();
    tx.inner.abandon();
    assert_eq!(opened(&shelf), 0);
    shelf.insert("a").await;
    let mut reader = shelf.read().await;
    assert_eq!(crate::names(&mut reader), ["a"]);
    assert_eq!(opened(&shelf), 2);
    reader.inner.abandon();
    assert_eq!(opened(&shelf), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_takes_is_told_when_a_reader_is_free() {
    let shelf = Shelf::with_widgets().await;
    let mut readers = Vec::new();
    for _ in 0..8 {
        readers.push(shelf.read().await);
    }
    let plugin = Arc::from("widget");
    let mut told = Box::pin(shelf.database.bytes_of(&plugin, MINUTE));
    assert!(poll_once(told.as_mut()).is_pending());
    readers.pop();
    assert!(told.await.unwrap() > 0);
    readers.push(shelf.read().await);
    let late = shelf.database.bytes_of(&plugin, Duration::from_millis(5)).await;
    assert!(matches!(late, Err(Error::Deadline)), "{late:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn other_tasks_go_on_while_a_long_statement_runs() {
    let forever =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let shelf = Shelf::with_widgets().await;
    let reader = shelf.database.read(Instant::now() + MINUTE).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let long = tokio::spawn(async move {
        let mut tx = Tx::new(reader, "widget", false);
        let other = tokio::spawn(async move { seen.load(Ordering::SeqCst) });
        tx.deadline = Instant::now() + Duration::from_millis(100);
        let outcome = tx.query(forever, &[]);
        done.store(true, Ordering::SeqCst);
        (outcome, other.await.unwrap())
    });
    let (outcome, was_done) = long.await.unwrap();
    assert_eq!(outcome, Err(SqlError::Timeout));
    assert!(!was_done, "the other waited for it");
}

#[test]
fn a_database_is_opened_by_a_name_beside_the_working_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::env::set_current_dir(folder.path()).unwrap();
    for name in ["data.db", "shop/data.db", "shops/one/data.db"] {
        let database = Database::open(Path::new(name), Clock::system()).unwrap();
        assert_eq!(database.path(), Path::new(name));
        assert!(folder.path().join(name).is_file());
    }
}

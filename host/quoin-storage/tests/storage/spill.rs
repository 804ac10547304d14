//! Temporary files: what a statement takes of the disk while it sorts and gathers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quoin_storage::{Error, SqlError, Value};
use tokio::sync::Mutex;

use crate::{MINUTE, Shelf, Tx, one};

/// Bytes that a statement may put into temporary files.
const MOST: u64 = 256 << 20;
/// The same for one that writes.
const WRITING_MOST: u64 = 512 << 20;
/// What it may have put there beyond that when it is noticed, on a disk that is as fast as memory.
const NOTICED: u64 = 192 << 20;

/// These tests look at all temporary files of the process.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Some hundred gigabytes, in rows of some ten thousand bytes.
const ROWS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000),
    r (t) AS (SELECT ?1 || CAST(i AS TEXT) FROM n) ";

/// Bytes of the temporary files of this process: they have no names in their folder.
fn temporary() -> u64 {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let bytes = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.ok()?.path();
        let name = std::fs::read_link(&path).ok()?;
        let is_temporary = name.to_string_lossy().ends_with(" (deleted)");
        is_temporary.then(|| std::fs::metadata(&path).map_or(0, |file| file.len()))
    };
    open.filter_map(bytes).sum()
}

/// Runs `work`, and tells how much of the disk temporary files took meanwhile.
fn most<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let (over, most) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(temporary(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        (done, most.load(Ordering::Relaxed))
    })
}

fn wide() -> Value {
    Value::Text("x".repeat(10_000))
}

/// Runs a statement that never comes to an end, and looks that it is stopped for what it takes.
fn is_stopped(tx: &mut Tx, sql: &str, most_bytes: u64) {
    tx.deadline = Instant::now() + 5 * MINUTE;
    let (result, took) = most(|| tx.query(sql, &[wide()]));
    let Err(SqlError::TooLarge(why)) = result else { panic!("{sql}: {result:?}") };
    assert!(why.contains("temporary files") && why.contains("add an index"), "{why}");
    assert!(took < most_bytes + NOTICED, "{sql}: {} MiB", took >> 20);
    assert!(took > most_bytes / 2, "{sql}: {} MiB", took >> 20);
    assert!(temporary() < 16 << 20, "its files are gone");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_sorts_or_gathers_without_end_is_stopped_before_the_disk_is_full() {
    let _alone = ALONE.lock().await;
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    let mut reader = shelf.read().await;
    for select in [
        "SELECT length(t) FROM r ORDER BY t NULLS FIRST LIMIT 1 OFFSET 1000000",
        "SELECT count(*) FROM (SELECT DISTINCT t FROM r) AS d",
        "SELECT count(*) FROM (SELECT t, count(*) FROM r GROUP BY t) AS g",
    ] {
        is_stopped(&mut reader, &format!("{ROWS}{select}"), MOST);
        assert_eq!(
            one(reader.query("SELECT count(*) FROM widget", &[]).unwrap()),
            Value::Integer(1)
        );
    }
    drop(reader);
    // SQLite undoes the transaction of one that writes, and its plugin is told why.
    let mut writer = shelf.write().await;
    let write =
        "INSERT INTO widget (name) SELECT t FROM r ORDER BY t NULLS FIRST LIMIT 1 OFFSET 1000000";
    is_stopped(&mut writer, &format!("{ROWS}{write}"), WRITING_MOST);
    let lost = writer.commit().await.unwrap_err();
    assert!(matches!(&lost, Error::RolledBack(why) if why.contains("temporary files")), "{lost}");
    shelf.insert("b").await;
    assert_eq!(shelf.names().await, ["a", "b"]);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn statements_of_one_shop_take_no_more_together_than_a_shop_may() {
    let _alone = ALONE.lock().await;
    let shelf = Shelf::with_widgets().await;
    let sort =
        format!("{ROWS}SELECT length(t) FROM r ORDER BY t NULLS FIRST LIMIT 1 OFFSET 1000000");
    let mut readers = Vec::new();
    for _ in 0..6 {
        readers.push(shelf.read().await);
    }
    let (results, took) = most(|| {
        std::thread::scope(|scope| {
            let run = |mut tx: Tx| {
                tx.deadline = Instant::now() + 5 * MINUTE;
                scope.spawn({
                    let sort = &sort;
                    move || tx.query(sort, &[wide()]).map(drop)
                })
            };
            let running: Vec<_> = readers.into_iter().map(run).collect();
            running.into_iter().map(|r| r.join().unwrap()).collect::<Vec<_>>()
        })
    });
    assert!(results.iter().all(|r| matches!(r, Err(SqlError::TooLarge(_)))), "{results:?}");
    assert!(took < 2 * MOST + 6 * (32 << 20) + (192 << 20), "{} MiB", took >> 20);
}

//! The disk itself: what it may lose, what it may not, and that a check on it can fail.

use std::path::Path;

use quoin_faults::{Choice, Disk, Fault, Moments, Operation, Replay, Why, scratch};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

/// Rows that are written, each by a transaction of its own.
const ROWS: i64 = 8;

struct Written {
    folder: TempDir,
    disk: Disk,
    /// The moment after each row, and before the first.
    answered: Vec<usize>,
}

/// Writes rows one after the other.
fn written(synchronous: &str, journal: &str) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::of(folder.path());
    let sqlite = open(&folder, journal, synchronous);
    // The file itself is written on the way, too.
    sqlite.execute_batch("PRAGMA wal_autocheckpoint = 7").unwrap();
    let mut answered = vec![disk.moment()];
    for n in 0..ROWS {
        sqlite.execute("INSERT INTO row (n, text) VALUES (?1, ?2)", (n, filler(n))).unwrap();
        answered.push(disk.moment());
    }
    drop(sqlite);
    Written { folder, disk, answered }
}

fn open(folder: &TempDir, journal: &str, synchronous: &str) -> Connection {
    let sqlite = Connection::open(folder.path().join("a.db")).unwrap();
    let settings = format!(
        "PRAGMA journal_mode = {journal}; PRAGMA synchronous = {synchronous};
         CREATE TABLE row (n BIGINT PRIMARY KEY, text TEXT NOT NULL);"
    );
    sqlite.execute_batch(&settings).unwrap();
    sqlite
}

/// Rows of more than a page, so that a row can be there by half.
fn filler(n: i64) -> String {
    format!("{n} ").repeat(2_500)
}

/// How many rows a file has, if it is sound and has the first ones as they were written.
fn rows(file: &Path) -> Result<i64, String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let read = || {
        let sqlite = Connection::open_with_flags_and_vfs(file, flags, "unix")?;
        let sound: String = sqlite.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        let mut rows = sqlite.prepare("SELECT n, text FROM row ORDER BY n")?;
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rusqlite::Result::Ok((sound, rows.collect::<Result<Vec<(i64, String)>, _>>()?))
    };
    let (sound, rows) = read().map_err(|error: rusqlite::Error| error.to_string())?;
    let as_written = (0..).zip(&rows).all(|(n, row)| *row == (n, filler(n)));
    if sound != "ok" || !as_written {
        return Err(format!("{sound}, {} rows", rows.len()));
    }
    Ok(rows.len() as i64)
}

/// The moments at which a power cut loses a row that was answered, or leaves a broken file.
fn lost(written: &Written) -> Vec<String> {
    let log = written.disk.log();
    let mut replay = Replay::new(&log);
    let mut moments = Moments::new(7);
    let after = scratch();
    let mut lost = Vec::new();
    while replay.step() {
        let Some(answered) = written.answered.iter().rposition(|at| *at <= replay.at()) else {
            continue;
        };
        for image in replay.images(3, &mut moments) {
            image.write(written.folder.path(), after.path()).unwrap();
            let found = rows(&after.path().join("a.db"));
            if !matches!(found, Ok(rows) if rows == answered as i64 || rows == answered as i64 + 1)
            {
                lost.push(format!("event {}: {answered} rows answered, {found:?}", replay.at()));
            }
        }
    }
    lost
}

#[test]
fn a_power_cut_takes_nothing_that_was_synced() {
    // A rollback journal ends a transaction by being deleted, which only EXTRA makes durable.
    for (journal, synchronous) in [("WAL", "FULL"), ("DELETE", "EXTRA")] {
        let lost = lost(&written(synchronous, journal));
        assert!(lost.is_empty(), "{journal}: {} images\n{}", lost.len(), lost.join("\n"));
    }
}

#[test]
fn without_syncs_the_same_check_finds_what_is_lost() {
    for journal in ["WAL", "DELETE"] {
        let lost = lost(&written("OFF", journal));
        assert!(lost.len() > ROWS as usize, "{journal}: {lost:?}");
    }
}

#[test]
fn what_was_not_synced_may_be_lost_kept_torn_or_out_of_order() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::of(folder.path());
    let sqlite = open(&folder, "WAL", "FULL");
    sqlite.execute_batch("PRAGMA synchronous = NORMAL").unwrap();
    let before = disk.moment();
    sqlite.execute("INSERT INTO row (n, text) VALUES (0, ?1)", [filler(0)]).unwrap();
    let log = disk.log();
    let mut replay = Replay::new(&log);
    while replay.at() < before {
        replay.step();
    }
    let mut moments = Moments::new(1);
    let none = replay.image(Choice::All, &mut moments);
    while replay.step() {}
    // A checkpoint did not come meanwhile, so nothing of the row was synced.
    assert_eq!(replay.image(Choice::None, &mut moments), none.clone());
    let all = replay.image(Choice::All, &mut moments);
    let after = scratch();
    all.write(folder.path(), after.path()).unwrap();
    assert_eq!(rows(&after.path().join("a.db")), Ok(1));
    for choice in [Choice::Torn, Choice::Some] {
        let images: std::collections::BTreeSet<_> =
            (0..50).map(|_| replay.image(choice, &mut moments).digest()).collect();
        assert!(images.len() > 10, "{choice:?} gives {} images", images.len());
    }
}

#[test]
fn files_outside_of_the_folder_are_nobodys_business() {
    let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let disk = Disk::of(inside.path());
    let sqlite = open(&outside, "WAL", "FULL");
    sqlite.execute("INSERT INTO row (n, text) VALUES (0, '')", []).unwrap();
    assert!(disk.log().is_empty());
}

#[test]
fn the_operation_that_is_to_fail_fails_once_or_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::of(folder.path());
    let sqlite = open(&folder, "WAL", "FULL");
    let insert = |n: i64| sqlite.execute("INSERT INTO row (n, text) VALUES (?1, 'x')", [n]);
    let write = |from, times, why| Fault { of: vec![Operation::Write], from, times, why };

    disk.fail(write(0, 1, Why::Broken));
    let code = insert(0).unwrap_err().sqlite_error().map(|e| e.extended_code);
    assert_eq!(code, Some(rusqlite::ffi::SQLITE_IOERR_WRITE));
    assert_eq!(insert(0), Ok(1));
    assert_eq!(disk.heal(), 1);

    disk.fail(write(1, u64::MAX, Why::Full));
    for n in 1..4 {
        let code = insert(n).unwrap_err().sqlite_error_code();
        assert_eq!(code, Some(rusqlite::ErrorCode::DiskFull));
    }
    assert!(disk.heal() >= 3);
    assert_eq!(insert(1), Ok(1));

    disk.fail(Fault { of: vec![Operation::Sync], from: 0, times: 1, why: Why::Broken });
    let code = insert(2).unwrap_err().sqlite_error().map(|e| e.extended_code);
    assert_eq!(code, Some(rusqlite::ffi::SQLITE_IOERR_FSYNC));
    disk.heal();
    assert_eq!(insert(2), Ok(1));

    disk.fail(Fault { of: vec![Operation::Open], from: 0, times: 1, why: Why::Broken });
    assert!(Connection::open(folder.path().join("a.db")).is_err());
    assert_eq!(disk.heal(), 1);
    drop(sqlite);
    assert_eq!(rows_of(&folder), 3);
}

fn rows_of(folder: &TempDir) -> i64 {
    let sqlite = Connection::open(folder.path().join("a.db")).unwrap();
    sqlite.query_row("SELECT count(*) FROM row", [], |row| row.get(0)).unwrap()
}

#[test]
fn what_is_done_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::of(folder.path());
    let sqlite = open(&folder, "WAL", "FULL");
    let before = disk.done(Operation::Sync);
    for n in 0..3 {
        sqlite.execute("INSERT INTO row (n, text) VALUES (?1, '')", [n]).unwrap();
    }
    assert_eq!(disk.done(Operation::Sync) - before, 3);
}

#[test]
fn what_a_failed_sync_left_is_doubtful_until_it_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::of(folder.path());
    let sqlite = open(&folder, "WAL", "FULL");
    let insert =
        |n: i64| sqlite.execute("INSERT INTO row (n, text) VALUES (?1, ?2)", (n, filler(n)));
    insert(0).unwrap();
    disk.fail(Fault { of: vec![Operation::Sync], from: 0, times: 1, why: Why::Broken });
    insert(1).unwrap_err();
    disk.heal();
    let log = disk.log();
    let mut replay = Replay::new(&log);
    while replay.step() {}
    let (mut moments, after) = (Moments::new(2), scratch());
    let mut left = |replay: &Replay<'_>, choice| {
        replay.image(choice, &mut moments).write(folder.path(), after.path()).unwrap();
        rows(&after.path().join("a.db"))
    };
    assert_eq!((left(&replay, Choice::None), left(&replay, Choice::All)), (Ok(1), Ok(2)));
    // SQLite writes the next transaction in the same place, so that nothing of the failed one is left.
    insert(1).unwrap();
    insert(2).unwrap();
    let log = disk.log();
    let mut replay = Replay::new(&log);
    while replay.step() {}
    assert_eq!((left(&replay, Choice::None), left(&replay, Choice::All)), (Ok(3), Ok(3)));
    drop(sqlite);
}

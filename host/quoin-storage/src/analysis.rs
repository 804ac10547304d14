//! Gathers what SQLite's planner knows about how much the tables hold.
//!
//! A database that grows without it keeps the plans of an empty one. The host gathers it by itself: after
//! a migration, after many rows have changed, and now and then while the shop writes. Each table has a turn
//! at the writer of its own, so that requests go on between them, and SQLite looks at a bounded number of
//! rows.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::Error;
use crate::base::Base;
use crate::blocking::blocking;
use crate::connection::Connection;
use crate::turn::Turn;

/// Rows of each index that SQLite looks at: enough to tell a key from a flag, and done in a millisecond.
const ROWS_MAX: u32 = 400;
/// How long one table may wait for the writer; the next time comes.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pages that the statistics may add to the file: a row for each index.
const PAGES: u64 = 64;

/// Tables of which an index has no statistics, or that are ten times as large as these say, or a tenth: the
/// statements that would gather them.
const WANTED: &str = "PRAGMA main.optimize = 0x10003";
/// Other connections read the statistics together with the schema, and that only when it has changed.
const TELL: &str = "CREATE TABLE _quoin_statistics (x INT) STRICT; DROP TABLE _quoin_statistics;";

/// A transaction was committed. Gathers statistics after it, if it is time, beside the caller.
pub(crate) fn after_commit(base: &Arc<Base>) {
    let Ok(runtime) = Handle::try_current() else { return };
    let Some(wait) = base.statistics.due(base.clock.instant()) else { return };
    // A database that nobody else uses any more is closed meanwhile.
    let base = Arc::downgrade(base);
    runtime.spawn(async move {
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        gather(&base).await;
    });
}

async fn gather(base: &Weak<Base>) {
    let Some(open) = base.upgrade() else { return };
    open.statistics.begin(open.clock.instant());
    // What fails here fails for the requests, too, and is told there. Until the next time, plans are what
    // they were.
    if let Ok(wanted) = turn(&open, wanted).await
        && !wanted.is_empty()
    {
        for statement in wanted {
            let _ = turn(&open, |connection| run(connection, &statement)).await;
        }
        let _ = turn(&open, |connection| run(connection, TELL)).await;
    }
    open.statistics.end();
}

/// Does some of the work in a turn at the writer and a transaction of its own.
async fn turn<T>(
    base: &Arc<Base>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, Error> {
    let (host, function) = (Arc::from("quoin"), Arc::from("statistics"));
    let deadline = base.clock.instant() + PATIENCE;
    let turn = Turn { plugin: &host, function: &function, limit: PATIENCE, alone: true, deadline };
    let mut seat = base.writer.turn(&turn).await?;
    seat.begin()?;
    let done = match seat.open() {
        Some(connection) => blocking(|| work(connection)),
        None => return Err(Error::Lost),
    };
    match done {
        Ok(done) => {
            let outcome = seat.keep(base.clock.instant());
            outcome.await.unwrap_or(Err(Error::Lost)).map(|()| done)
        }
        Err(error) => {
            seat.undo();
            Err(Error::sqlite(&base.path, error))
        }
    }
}

/// The statements that gather what is missing.
fn wanted(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection.as_host(|sqlite| sqlite.prepare(WANTED)?.query_map([], |row| row.get(0))?.collect())
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    let file = connection.pages()?.of_file;
    connection.let_grow_to(file.saturating_add(PAGES), file.saturating_add(2 * PAGES))?;
    connection.as_host(|sqlite| {
        sqlite.execute_batch(&format!("PRAGMA analysis_limit = {ROWS_MAX}"))?;
        sqlite.execute_batch(sql)
    })
}

//! Later calls that are outstanding: the host looks after them, and operators look at them.

use std::sync::Arc;
use std::time::Duration;

use quoin_core::later::{LaterCall, LaterCounts, LaterFilter};
use quoin_core::limits::LATER_PAGE_MAX;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::later::{remove, signed};
use crate::turn::Turn;
use crate::{Database, Error, blocking};

/// How long the host waits for a connection when it looks after later calls.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may have the writer for that: it changes a few rows.
const WRITE_TIME: Duration = Duration::from_secs(5);

const COLUMNS: &str = "number, plugin, interface, function, params, due, key, lane, asker, behalf, \
                       trace, cause, depth, asked, tries, error, parked";

const FAILED: &str = "/*!*/UPDATE _quoin_later SET tries = tries + ?2, due = ?3, error = ?4,
    parked = ?5 WHERE number = ?1";
const RUN_NOW: &str =
    "/*!*/UPDATE _quoin_later SET parked = 0, tries = 0, due = min(due, ?2) WHERE number = ?1";

/// What is to be done next of a shop's later calls.
#[derive(Debug, Default)]
pub struct Next {
    /// Those whose time has come, the oldest first.
    pub due: Vec<LaterCall>,
    /// When the first of the others is due, milliseconds since 1970.
    pub then: Option<u64>,
}

/// What a failed try leaves.
#[derive(Debug, Clone, Copy)]
pub struct Tried<'a> {
    /// When it is tried again, milliseconds since 1970.
    pub due: u64,
    /// Why it failed, or cannot be tried.
    pub error: &'a str,
    /// Whether it was tried, or only found that it cannot be.
    pub counts: bool,
    /// Whether that was the last try.
    pub parked: bool,
}

impl Database {
    /// The later calls that are due at this time, at most `limit` of them, and when the next one is. Those
    /// that wait for others of the same order are not among them, nor those to plugins that are not in
    /// `plugins`.
    ///
    /// # Errors
    /// No connection is free in time, or the database fails.
    pub async fn later_next(
        self: &Arc<Self>,
        now: u64,
        limit: usize,
        plugins: &[&str],
    ) -> Result<Next, Error> {
        // Names have no commas.
        let installed = format!(",{},", plugins.join(","));
        let sql = format!(
            "SELECT {COLUMNS} FROM _quoin_later AS one WHERE parked = 0
                AND instr(?2, ',' || plugin || ',') AND (lane IS NULL OR NOT EXISTS (
                SELECT 1 FROM _quoin_later AS before WHERE before.plugin = one.plugin
                    AND before.lane = one.lane AND before.number < one.number AND before.parked = 0
            )) ORDER BY due, number LIMIT ?1"
        );
        let calls: Vec<LaterCall> = self
            .look(PATIENCE, |sqlite| {
                let rows = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
                sqlite.prepare(&sql)?.query_map((rows, installed), call)?.collect()
            })
            .await?;
        let mut next = Next::default();
        for call in calls {
            if call.due > now || next.due.len() == limit {
                next.then = Some(call.due);
                break;
            }
            next.due.push(call);
        }
        Ok(next)
    }

    /// Later calls by number.
    ///
    /// # Errors
    /// As for [`Database::later_next`].
    pub async fn later_calls(
        self: &Arc<Self>,
        filter: &LaterFilter,
    ) -> Result<Vec<LaterCall>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM _quoin_later WHERE number > ?1 AND (?2 IS NULL OR plugin = ?2)
                AND (?3 IS NULL OR trace = ?3) AND (?4 IS NULL OR parked = ?4)
            ORDER BY number LIMIT ?5"
        );
        let limit = filter.limit.unwrap_or(LATER_PAGE_MAX).min(LATER_PAGE_MAX);
        let wanted = (signed(filter.after), &filter.plugin, &filter.trace, filter.parked, limit);
        self.look(PATIENCE, |sqlite| sqlite.prepare(&sql)?.query_map(wanted, call)?.collect()).await
    }

    /// A later call.
    ///
    /// # Errors
    /// As for [`Database::later_next`].
    pub async fn later_call(self: &Arc<Self>, number: u64) -> Result<Option<LaterCall>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM _quoin_later WHERE number = ?1");
        let one = |sqlite: &Connection| sqlite.query_row(&sql, [signed(number)], call).optional();
        self.look(PATIENCE, one).await
    }

    /// Whether a request has led to calls that are outstanding and due by then.
    ///
    /// # Errors
    /// As for [`Database::later_next`].
    pub async fn leads_on(self: &Arc<Self>, trace: &str, by_ms: u64) -> Result<bool, Error> {
        let any = "SELECT EXISTS (SELECT 1 FROM _quoin_later
            WHERE trace = ?1 AND due <= ?2 AND parked = 0)";
        let wanted = (trace, signed(by_ms));
        self.look(PATIENCE, |sqlite| {
            sqlite.prepare_cached(any)?.query_row(wanted, |row| row.get(0))
        })
        .await
    }

    /// How many later calls are outstanding.
    ///
    /// # Errors
    /// As for [`Database::later_next`].
    pub async fn later_counts(self: &Arc<Self>) -> Result<LaterCounts, Error> {
        let sql = "SELECT count(*) FILTER (WHERE parked = 0), count(*) FILTER (WHERE parked = 1),
            min(due) FILTER (WHERE parked = 0) FROM _quoin_later";
        let counts = |row: &Row<'_>| {
            Ok(LaterCounts {
                waiting: unsigned(row.get(0)?),
                parked: unsigned(row.get(1)?),
                oldest_due: row.get::<_, Option<i64>>(2)?.map(unsigned),
            })
        };
        self.look(PATIENCE, |sqlite| sqlite.query_row(sql, [], counts)).await
    }

    /// Notes what became of a try that failed.
    ///
    /// # Errors
    /// The writer is not free in time, or the database fails.
    pub async fn later_failed(
        self: &Arc<Self>,
        number: u64,
        tried: Tried<'_>,
    ) -> Result<(), Error> {
        let Tried { due, error, counts, parked } = tried;
        let row = (signed(number), counts, signed(due), error, parked);
        self.change("later", |sqlite| sqlite.prepare_cached(FAILED)?.execute(row).map(drop)).await
    }

    /// Lets a later call run now, parked or not, as if it had not been tried before. It returns whether
    /// there is one.
    ///
    /// # Errors
    /// As for [`Database::later_failed`].
    pub async fn later_run(self: &Arc<Self>, number: u64, now: u64) -> Result<bool, Error> {
        let row = (signed(number), signed(now));
        let run = |sqlite: &Connection| sqlite.prepare_cached(RUN_NOW)?.execute(row);
        Ok(self.change("later", run).await? > 0)
    }

    /// Drops a later call. It returns whether there was one.
    ///
    /// # Errors
    /// As for [`Database::later_failed`].
    pub async fn later_drop(self: &Arc<Self>, number: u64) -> Result<bool, Error> {
        self.change("later", |sqlite| remove(sqlite, number)).await
    }

    /// A change of the host's own, in a transaction of its own.
    pub(crate) async fn change<T>(
        self: &Arc<Self>,
        function: &str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let (host, function) = (Arc::from("quoin"), Arc::from(function));
        let deadline = self.base.clock.instant() + PATIENCE;
        let turn =
            Turn { plugin: &host, function: &function, limit: WRITE_TIME, alone: false, deadline };
        let mut transaction = self.write(turn).await?;
        let done = blocking(|| transaction.as_host_at(0, work));
        let done = done.map_err(|error| transaction.host_error(error))?;
        transaction.commit().await?;
        Ok(done)
    }
}

fn call(row: &Row<'_>) -> rusqlite::Result<LaterCall> {
    Ok(LaterCall {
        number: unsigned(row.get(0)?),
        plugin: row.get(1)?,
        interface: row.get(2)?,
        function: row.get(3)?,
        params: row.get(4)?,
        due: unsigned(row.get(5)?),
        key: row.get(6)?,
        order: row.get(7)?,
        asker: row.get(8)?,
        behalf: row.get(9)?,
        trace: row.get(10)?,
        cause: row.get::<_, Option<i64>>(11)?.map(unsigned),
        depth: row.get(12)?,
        asked: unsigned(row.get(13)?),
        tries: row.get(14)?,
        error: row.get(15)?,
        parked: row.get(16)?,
    })
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

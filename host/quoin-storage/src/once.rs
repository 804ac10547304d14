//! Answers that are kept for a while, so that who asks again with the same key gets the same answer and has
//! no second effect: stored in the transaction of the request that they are of.

use quoin_core::limits::{ONCE_BYTES_MAX, ONCE_KEPT_MAX, ONCE_KEPT_MS};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use crate::{Error, Transaction};

/// Answers that are dropped at most for one that comes: more than one, so that fewer are there in the end.
const DROPPED_AT_ONCE: u32 = 8;

const FIND: &str = "/*!*/SELECT request, status, body, trace FROM _quoin_once
    WHERE who = ?1 AND key = ?2 AND at > ?3";
const REPLACED: &str = "/*!*/DELETE FROM _quoin_once WHERE who = ?1 AND key = ?2 AND at <= ?3
    RETURNING coalesce(length(body), 0)";
const INSERT: &str =
    "/*!*/INSERT OR IGNORE INTO _quoin_once (who, key, trace, request, status, body, at)
    VALUES (:who, :key, :trace, :request, :status, :body, :at)";
const DROP_OLDEST: &str = "/*!*/DELETE FROM _quoin_once WHERE number IN (
        SELECT number FROM _quoin_once ORDER BY number LIMIT ?1)
    RETURNING coalesce(length(body), 0)";
const OLDEST: &str = "/*!*/SELECT at FROM _quoin_once ORDER BY number LIMIT 1";
const SUM: &str = "/*!*/SELECT answers, bytes FROM _quoin_once_sum";
const ADD: &str = "/*!*/UPDATE _quoin_once_sum SET answers = answers + ?1, bytes = bytes + ?2";

/// Which request it is.
#[derive(Debug, Clone, Copy)]
pub struct OnceKey<'a> {
    /// Who asks. The keys of others are not his.
    pub who: &'a str,
    /// The key that he gave the request.
    pub key: &'a str,
    /// When it runs, milliseconds since 1970.
    pub now: u64,
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The digest of the request.
    pub request: String,
    /// The status.
    pub status: u16,
    /// The body, if there was one.
    pub body: Option<Vec<u8>>,
    /// The id of the request that was answered.
    pub trace: String,
}

impl Transaction {
    /// The answer that was given to a request with this key in the last 24 hours.
    ///
    /// # Errors
    /// The database fails.
    pub fn once(&self, of: OnceKey<'_>) -> Result<Option<Once>, Error> {
        let row = |row: &Row<'_>| {
            Ok(Once {
                request: row.get(0)?,
                status: row.get(1)?,
                body: row.get(2)?,
                trace: row.get(3)?,
            })
        };
        let wanted = (of.who, of.key, since(of.now));
        self.look(|sqlite| sqlite.prepare_cached(FIND)?.query_row(wanted, row).optional())
    }

    /// Keeps the answer of this request. The oldest answers are dropped where there are too many.
    ///
    /// # Errors
    /// [`Error::Lost`] where a request with the same key came first: it is to run again, and finds that
    /// one's answer. The database fails.
    pub fn keep_once(&mut self, of: OnceKey<'_>, answer: &Once) -> Result<(), Error> {
        let kept = self.as_host_at(0, |sqlite| {
            let old = (of.who, of.key, since(of.now));
            dropped(sqlite, sqlite.prepare_cached(REPLACED)?.query_map(old, bytes)?)?;
            make_room(sqlite, of.now)?;
            let inserted = sqlite.prepare_cached(INSERT)?.execute(named_params! {
                ":who": of.who, ":key": of.key, ":trace": answer.trace, ":request": answer.request,
                ":status": answer.status, ":body": answer.body, ":at": signed(of.now),
            })?;
            let bytes = answer.body.as_ref().map_or(0, Vec::len);
            if inserted > 0 {
                sqlite.prepare_cached(ADD)?.execute((1, signed(bytes as u64)))?;
            }
            Ok(inserted > 0)
        });
        match kept {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Lost),
            Err(error) => Err(self.host_error(error)),
        }
    }
}

/// Drops the oldest answers, if they are older than 24 hours or there are too many.
fn make_room(sqlite: &Connection, now: u64) -> rusqlite::Result<()> {
    let sum = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (answers, bytes) = sqlite.prepare_cached(SUM)?.query_row([], sum)?;
    let oldest = sqlite.prepare_cached(OLDEST)?.query_row([], |row| row.get::<_, i64>(0));
    let is_old = oldest.optional()?.is_some_and(|at| at <= since(now));
    if is_old || answers >= signed(ONCE_KEPT_MAX) || bytes >= signed(ONCE_BYTES_MAX) {
        let mut drop = sqlite.prepare_cached(DROP_OLDEST)?;
        dropped(sqlite, drop.query_map([DROPPED_AT_ONCE], self::bytes)?)?;
    }
    Ok(())
}

fn bytes(row: &Row<'_>) -> rusqlite::Result<i64> {
    row.get(0)
}

fn dropped(
    sqlite: &Connection,
    gone: impl Iterator<Item = rusqlite::Result<i64>>,
) -> rusqlite::Result<()> {
    let gone: Vec<i64> = gone.collect::<Result<_, _>>()?;
    if !gone.is_empty() {
        let answers = i64::try_from(gone.len()).unwrap_or(i64::MAX);
        sqlite.prepare_cached(ADD)?.execute((-answers, -gone.iter().sum::<i64>()))?;
    }
    Ok(())
}

/// The time up to which answers are forgotten.
fn since(now: u64) -> i64 {
    signed(now) - signed(ONCE_KEPT_MS)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

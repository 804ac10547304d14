//! Later calls at rest: recorded in the transaction of the request that asks for them, and removed in the
//! one that does what they ask for.

use quoin_core::limits::{LATER_BYTES_SHOP_MAX, LATER_CALLS_PLUGIN_MAX, LATER_CALLS_SHOP_MAX};
use rusqlite::{Connection, Row, named_params};

use crate::{Error, SqlError, Transaction};

const SUMS: &str = "/*!*/SELECT coalesce(sum(calls), 0), coalesce(sum(bytes), 0),
        coalesce(sum(calls) FILTER (WHERE asker = ?1), 0) FROM _quoin_later_sum";
const ADD: &str = "/*!*/INSERT INTO _quoin_later_sum (asker, calls, bytes) VALUES (?1, ?2, ?3)
    ON CONFLICT (asker) DO UPDATE SET calls = calls + ?2, bytes = bytes + ?3";
const NUMBER: &str = "/*!*/UPDATE _quoin_later_last SET number = number + 1 RETURNING number";
const INSERT: &str = "/*!*/INSERT INTO _quoin_later (number, plugin, interface, function, params, due, key,
        lane, asker, behalf, trace, cause, depth, asked)
    VALUES (:number, :plugin, :interface, :function, :params, :due, :key, :lane, :asker, :behalf, :trace, :cause,
        :depth, :asked)";
const REMOVE: &str =
    "/*!*/DELETE FROM _quoin_later WHERE number = ?1 RETURNING asker, length(params)";
const KEYED: &str = "/*!*/DELETE FROM _quoin_later
    WHERE asker = ?1 AND key = ?2 AND (plugin, function) = (?3, ?4) AND number IS NOT ?5
    RETURNING asker, length(params)";
const CANCEL: &str =
    "/*!*/DELETE FROM _quoin_later WHERE asker = ?1 AND key = ?2 AND number IS NOT ?3
    RETURNING asker, length(params)";

/// A call that is asked for.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// See [`LaterCall`].
    pub plugin: &'a str,
    /// See [`LaterCall`].
    pub interface: &'a str,
    /// See [`LaterCall`].
    pub function: &'a str,
    /// See [`LaterCall`].
    pub params: &'a str,
    /// See [`LaterCall`].
    pub due: u64,
    /// See [`LaterCall`]. An outstanding call of the same asker to the same function with this key is
    /// replaced.
    pub key: Option<&'a str>,
    /// See [`LaterCall`].
    pub order: Option<&'a str>,
    /// See [`LaterCall`].
    pub asker: &'a str,
    /// See [`LaterCall`].
    pub behalf: &'a str,
    /// See [`LaterCall`].
    pub trace: &'a str,
    /// See [`LaterCall`].
    pub cause: Option<u64>,
    /// See [`LaterCall`].
    pub depth: u32,
    /// See [`LaterCall`].
    pub asked: u64,
}

impl Transaction {
    /// Records a call that is to be run after the transaction was committed. It belongs to what the call at
    /// this depth wrote: undone with it, and kept with it.
    ///
    /// # Errors
    /// [`SqlError::TooLarge`] where more would be outstanding than may be; the database fails.
    pub fn ask_later(&mut self, depth: u32, asked: &Asked<'_>) -> Result<(), SqlError> {
        self.before_later()?;
        let refused = self.as_host_at(depth, |sqlite| {
            if let Some(key) = asked.key {
                // The call that runs is removed at its end.
                let runs = asked.cause.map(signed);
                let of = (asked.asker, key, asked.plugin, asked.function, runs);
                let mut replaced = sqlite.prepare_cached(KEYED)?;
                subtract(sqlite, replaced.query_map(of, sum_row)?.collect::<Result<_, _>>()?)?;
            }
            let sums = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let (calls, bytes, own): (i64, i64, i64) =
                sqlite.prepare_cached(SUMS)?.query_row([asked.asker], sums)?;
            let more = asked.params.len();
            if let Some(refusal) = refusal(asked.asker, calls, bytes, own, more) {
                return Ok(Some(refusal));
            }
            sqlite.prepare_cached(ADD)?.execute((asked.asker, 1, more as i64))?;
            let number: i64 = sqlite.prepare_cached(NUMBER)?.query_row([], |row| row.get(0))?;
            sqlite.prepare_cached(INSERT)?.execute(named_params! {
                ":number": number, ":plugin": asked.plugin, ":interface": asked.interface, ":function": asked.function,
                ":params": asked.params, ":due": signed(asked.due), ":key": asked.key,
                ":lane": asked.order, ":asker": asked.asker, ":behalf": asked.behalf,
                ":trace": asked.trace, ":cause": asked.cause.map(signed), ":depth": asked.depth,
                ":asked": signed(asked.asked),
            })?;
            Ok(None)
        })?;
        match refused {
            Some(refusal) => Err(SqlError::TooLarge(refusal)),
            None => {
                self.asks_later(asked.due);
                Ok(())
            }
        }
    }

    /// Takes an outstanding call back that `asker` asked for under this key, but not the one that this
    /// request `runs`. It returns whether there was one.
    ///
    /// # Errors
    /// The database fails.
    pub fn cancel_later(
        &mut self,
        depth: u32,
        (asker, key): (&str, &str),
        runs: Option<u64>,
    ) -> Result<bool, SqlError> {
        self.as_host_at(depth, |sqlite| {
            let mut cancel = sqlite.prepare_cached(CANCEL)?;
            let gone: Vec<_> = cancel
                .query_map((asker, key, runs.map(signed)), sum_row)?
                .collect::<Result<_, _>>()?;
            let any = !gone.is_empty();
            subtract(sqlite, gone)?;
            Ok(any)
        })
    }

    /// Removes a later call, whose request this transaction is.
    ///
    /// # Errors
    /// [`Error::Gone`] where somebody has dropped it meanwhile or put another one in its place; the
    /// database fails.
    pub fn take_later(&mut self, number: u64) -> Result<(), Error> {
        match self.as_host_at(0, |sqlite| remove(sqlite, number)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Gone),
            Err(error) => Err(self.host_error(error)),
        }
    }
}

/// Removes a call. It returns whether there was one.
pub(crate) fn remove(sqlite: &Connection, number: u64) -> rusqlite::Result<bool> {
    let mut remove = sqlite.prepare_cached(REMOVE)?;
    let gone: Vec<_> = remove.query_map([signed(number)], sum_row)?.collect::<Result<_, _>>()?;
    let any = !gone.is_empty();
    subtract(sqlite, gone)?;
    Ok(any)
}

/// Whose a removed call was, and what it took.
type Gone = (String, i64);

fn sum_row(row: &Row<'_>) -> rusqlite::Result<Gone> {
    Ok((row.get(0)?, row.get(1)?))
}

fn subtract(sqlite: &Connection, gone: Vec<Gone>) -> rusqlite::Result<()> {
    for (asker, bytes) in gone {
        sqlite.prepare_cached(ADD)?.execute((asker, -1, -bytes))?;
    }
    Ok(())
}

fn refusal(asker: &str, calls: i64, bytes: i64, own: i64, more: usize) -> Option<String> {
    let least = |most: usize| i64::try_from(most).unwrap_or(i64::MAX);
    if own >= least(LATER_CALLS_PLUGIN_MAX) {
        return Some(format!(
            "{asker} has {LATER_CALLS_PLUGIN_MAX} later calls outstanding, and may not have more: see \
             what keeps them with `quoin later list`"
        ));
    }
    if calls >= least(LATER_CALLS_SHOP_MAX) {
        return Some(format!("the shop has {LATER_CALLS_SHOP_MAX} later calls outstanding"));
    }
    if bytes.saturating_add(least(more)) > least(LATER_BYTES_SHOP_MAX) {
        return Some(format!(
            "the shop's outstanding later calls have more than {LATER_BYTES_SHOP_MAX} bytes of \
             parameters"
        ));
    }
    None
}

pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

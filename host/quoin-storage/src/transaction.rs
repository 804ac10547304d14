//! One transaction of a guest.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use crate::blocking::blocking;
use crate::connection::{Connection, Frame, Role};
use crate::statement::{self, Failure, Step};
use crate::{Database, Error, Rows, SqlError, Value};

/// A transaction that is open. Dropped without [`Transaction::commit`], it leaves nothing behind.
pub struct Transaction {
    database: Arc<Database>,
    /// Absent once it was given back or closed.
    connection: Option<Connection>,
    role: Role,
    deadline: Instant,
    wrote: bool,
    /// Why nothing of this transaction can be kept any more.
    lost: Option<String>,
    /// After the connection, so that it is back in its pool before the next one's turn comes.
    _permit: OwnedSemaphorePermit,
}

impl Transaction {
    pub(crate) fn begin(
        database: Arc<Database>,
        connection: Connection,
        role: Role,
        permit: OwnedSemaphorePermit,
        deadline: Instant,
    ) -> Result<Transaction, Error> {
        let begin = match role {
            Role::Writer => Frame::BeginImmediate,
            Role::Reader => Frame::Begin,
        };
        // On an error the connection is closed, and the next transaction opens another.
        connection.frame(begin).map_err(|error| Error::sqlite(database.path(), error))?;
        let connection = Some(connection);
        let (wrote, lost) = (false, None);
        Ok(Transaction { database, connection, role, deadline, wrote, lost, _permit: permit })
    }

    /// Runs one statement and returns its rows. Parameters are `?1`, `?2` …
    ///
    /// # Errors
    /// See [`SqlError`]; a result beyond `SQL_ROWS_MAX` or `SQL_RESULT_BYTES_MAX` is an error, too.
    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, SqlError> {
        self.run(sql, params, statement::collect).map(|(rows, _)| rows)
    }

    /// Runs one statement and returns how many rows it inserted, updated or deleted; rows that it
    /// returns are dropped. Parameters are `?1`, `?2` …
    ///
    /// # Errors
    /// See [`SqlError`].
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, SqlError> {
        let ((), wrote) = self.run(sql, params, statement::finish)?;
        // SQLite goes on telling the count of the last statement that changed rows.
        Ok(self.connection.as_ref().filter(|_| wrote).map_or(0, |c| c.sqlite.changes()))
    }

    fn run<T>(
        &mut self,
        sql: &str,
        params: &[Value],
        step: Step<T>,
    ) -> Result<(T, bool), SqlError> {
        if let Some(why) = &self.lost {
            return Err(SqlError::Other(why.clone()));
        }
        let Some(connection) = &self.connection else {
            return Err(SqlError::Other("the transaction is over".into()));
        };
        let result = statement::run(connection, sql, params, self.deadline, step);
        match result {
            Ok((value, wrote)) => {
                self.wrote |= wrote;
                Ok((value, wrote))
            }
            Err(Failure { error, half_done }) => {
                // OR FAIL keeps the rows before the failing one.
                self.wrote = true;
                if half_done || connection.sqlite.is_autocommit() {
                    self.lost = Some(format!("the transaction was rolled back: {error}"));
                }
                Err(error)
            }
        }
    }

    /// Makes everything durable that this transaction wrote, before it returns.
    ///
    /// # Errors
    /// Nothing was kept: an earlier statement had already lost the transaction, a deferred
    /// constraint does not hold, or the disk failed.
    pub fn commit(mut self) -> Result<(), Error> {
        if let Some(why) = self.lost.take() {
            return Err(Error::RolledBack(why));
        }
        let Some(connection) = &self.connection else { return Ok(()) };
        if !self.wrote {
            return Ok(());
        }
        let result = blocking(|| connection.frame(Frame::Commit));
        result.map_err(|error| {
            let error = Error::sqlite(self.database.path(), error);
            if !matches!(error, Error::Constraint(_)) {
                // What the disk has of it is unknown: the next connection reads it anew.
                self.connection = None;
            }
            error
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.database.path()
    }

    /// The connection, for work of the host that writes in this transaction.
    pub(crate) fn host_writes(&mut self) -> Result<&Connection, Error> {
        self.wrote = true;
        let over = || Error::RolledBack("the transaction is over".into());
        self.connection.as_ref().ok_or_else(over)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // A panic may have come between, so that the connection is not what it seems to be.
        let rolled_back =
            connection.sqlite.is_autocommit() || connection.frame(Frame::Rollback).is_ok();
        if rolled_back && !std::thread::panicking() {
            self.database.pool(self.role).give_back(connection);
        }
    }
}

//! `quoin:host/sql`: the plugin's tables, in the request's transaction.

use std::time::Duration;

use quoin_core::limits::{SQL_BATCH_MAX, SQL_RESULT_BYTES_MAX};
use quoin_core::manifest::HostInterface as H;
use quoin_storage::{Answer, ConstraintKind, Rows, SqlError, Transaction, Value};

use super::bindings::quoin::host::sql;
use crate::failure::FailureKind;
use crate::running::Running;
use crate::state::State;

/// How long a batch goes on before others have their turn at its thread.
const PAUSE_EVERY: Duration = Duration::from_millis(1);

impl sql::Host for State {
    async fn query(
        &mut self,
        text: String,
        params: Vec<sql::Value>,
    ) -> wasmtime::Result<Result<sql::Rows, sql::Error>> {
        let params: Vec<_> = params.into_iter().map(stored).collect();
        let call = self.using(H::Sql)?;
        let mut open = begun(call).await?;
        let transaction = open.as_mut().ok_or_else(lost)?;
        let answer = transaction.query(&call.scope(), &text, &params).await;
        usable(call, transaction, &answer)?;
        Ok(answer.map(rows).map_err(refusal))
    }

    async fn execute(
        &mut self,
        text: String,
        params: Vec<sql::Value>,
    ) -> wasmtime::Result<Result<u64, sql::Error>> {
        let params: Vec<_> = params.into_iter().map(stored).collect();
        let call = self.using(H::Sql)?;
        let mut open = begun(call).await?;
        let transaction = open.as_mut().ok_or_else(lost)?;
        let answer = transaction.execute(&call.scope(), &text, &params).await;
        usable(call, transaction, &answer)?;
        Ok(answer.map_err(refusal))
    }

    async fn batch(
        &mut self,
        statements: Vec<sql::Statement>,
    ) -> wasmtime::Result<Result<Vec<sql::Answer>, sql::FailedStatement>> {
        let call = self.using(H::Sql)?;
        if statements.len() > SQL_BATCH_MAX {
            let error =
                sql::Error::TooLarge(format!("a batch has at most {SQL_BATCH_MAX} statements"));
            let index = u32::try_from(SQL_BATCH_MAX).unwrap_or(u32::MAX);
            return Ok(Err(sql::FailedStatement { index, error }));
        }
        // Each statement counts as it would alone.
        for _ in &statements {
            call.count().map_err(wasmtime::Error::new)?;
        }
        let mut open = begun(call).await?;
        let (mut answers, mut bytes) = (Vec::with_capacity(statements.len()), 0);
        let mut paused = call.tree.clock.instant();
        for (index, statement) in (0u32..).zip(statements) {
            let params = statement.params.into_iter().map(stored).collect();
            let statement = quoin_storage::Statement { text: statement.text, params };
            let transaction = open.as_mut().ok_or_else(lost)?;
            let answer = transaction.answer(&call.scope(), &statement).await;
            usable(call, transaction, &answer)?;
            if let Ok(done) = &answer {
                bytes += done.rows.size();
                if bytes > SQL_RESULT_BYTES_MAX {
                    let limit = format!("more than {SQL_RESULT_BYTES_MAX} bytes in a batch's rows");
                    return Err(wasmtime::Error::new(call.failure(FailureKind::Limit(limit))));
                }
            }
            if call.tree.clock.instant().saturating_duration_since(paused) > PAUSE_EVERY {
                // Others have their turn at the thread, and the request's time is looked at.
                drop(open);
                tokio::task::yield_now().await;
                open = begun(call).await?;
                paused = call.tree.clock.instant();
            }
            match answer {
                Ok(Answer { rows: found, changed }) => {
                    answers.push(sql::Answer { rows: rows(found), changed });
                }
                Err(error) => {
                    return Ok(Err(sql::FailedStatement { index, error: refusal(error) }));
                }
            }
        }
        Ok(Ok(answers))
    }
}

/// The request's transaction, begun by the first call that needs it.
async fn begun(
    call: &Running,
) -> wasmtime::Result<tokio::sync::MutexGuard<'_, Option<Transaction>>> {
    let database = call.installed.database.as_ref();
    let open = call.tree.transaction(database, call.deadline).await;
    open.map_err(|error| wasmtime::Error::new(call.storage_failure(&error)))
}

/// Ends the call when its transaction is lost: there is nothing that it could go on with. Remembers that
/// there was no room, for what the guest makes of it.
fn usable<T>(
    call: &Running,
    transaction: &Transaction,
    answer: &Result<T, SqlError>,
) -> wasmtime::Result<()> {
    match answer {
        Err(SqlError::Full) => call.tree.meets_full(),
        // The next time it may be done in time, or there is room for what it sorts.
        Err(SqlError::Timeout | SqlError::TooLarge(_)) => call.tree.uses.other(),
        _ => {}
    }
    match answer {
        Err(error) if transaction.is_lost() => {
            let kind = match error {
                SqlError::Timeout => FailureKind::WriterTimeout(call.tree.write_ms()),
                SqlError::Full => FailureKind::Full(error.to_string()),
                SqlError::TooLarge(_) => FailureKind::Limit(error.to_string()),
                error => FailureKind::Host(error.to_string()),
            };
            Err(wasmtime::Error::new(call.failure(kind)))
        }
        _ => Ok(()),
    }
}

fn lost() -> wasmtime::Error {
    wasmtime::Error::msg("the shop has no database")
}

fn rows(rows: Rows) -> sql::Rows {
    sql::Rows { columns: rows.columns, values: rows.values.into_iter().map(shown).collect() }
}

fn stored(value: sql::Value) -> Value {
    match value {
        sql::Value::Null => Value::Null,
        sql::Value::Integer(v) => Value::Integer(v),
        sql::Value::Real(v) => Value::Real(v),
        sql::Value::Text(v) => Value::Text(v),
        sql::Value::Blob(v) => Value::Blob(v),
    }
}

fn shown(value: Value) -> sql::Value {
    match value {
        Value::Null => sql::Value::Null,
        Value::Integer(v) => sql::Value::Integer(v),
        Value::Real(v) => sql::Value::Real(v),
        Value::Text(v) => sql::Value::Text(v),
        Value::Blob(v) => sql::Value::Blob(v),
    }
}

fn refusal(error: SqlError) -> sql::Error {
    match error {
        SqlError::Constraint { kind, message } => {
            let kind = match kind {
                ConstraintKind::Unique => sql::ConstraintKind::Unique,
                ConstraintKind::ForeignKey => sql::ConstraintKind::ForeignKey,
                ConstraintKind::Check => sql::ConstraintKind::Check,
                ConstraintKind::NotNull => sql::ConstraintKind::NotNull,
                ConstraintKind::Other => sql::ConstraintKind::Other,
            };
            sql::Error::Constraint(sql::BrokenConstraint { kind, message })
        }
        SqlError::Denied(message) => sql::Error::Denied(message),
        SqlError::Syntax(message) => sql::Error::Syntax(message),
        SqlError::TooLarge(message) => sql::Error::TooLarge(message),
        SqlError::Timeout => sql::Error::Timeout,
        SqlError::Full => sql::Error::Full,
        SqlError::Other(message) => sql::Error::Other(message),
    }
}

//! Running one statement of a guest on a connection.

use std::time::{Duration, Instant};

use quoin_core::limits::{SQL_BYTES_MAX, SQL_PARAMS_MAX, SQL_RESULT_BYTES_MAX, SQL_ROWS_MAX};
use rusqlite::{CachedStatement, Statement};

use crate::blocking::blocking;
use crate::connection::{self, Connection};
use crate::{Rows, SqlError, Value};

/// How long a statement that only reads may hold up the other tasks of its thread. Most are done in
/// microseconds, for which moving the others away would be the larger delay.
const IN_PLACE: Duration = Duration::from_millis(2);
/// Semicolons in a statement. SQLite needs none, and looking for a second statement behind each of
/// thousands would take a stack frame each.
const SEMICOLONS_MAX: usize = 16;

/// Bytes of a statement that stays compiled for the next time. What a plugin runs often is shorter,
/// and what stays compiled takes memory, some fifty times its text.
const KEPT_BYTES_MAX: usize = 4 << 10;

/// What is wanted of a statement.
pub(crate) type Step<T> = fn(&mut Statement<'_>) -> Result<T, Fault>;

/// Why a statement stopped.
pub(crate) enum Fault {
    /// SQLite stopped it, and undid what it had written.
    Sqlite(rusqlite::Error),
    /// Its answer cannot be passed on. SQLite answers after it has written.
    Answer(SqlError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        Fault::Sqlite(error)
    }
}

impl From<SqlError> for Fault {
    fn from(error: SqlError) -> Fault {
        Fault::Answer(error)
    }
}

/// How a failed statement left its transaction.
pub(crate) struct Failure {
    pub(crate) error: SqlError,
    /// The statement wrote, and what it wrote was not undone.
    pub(crate) half_done: bool,
}

impl Failure {
    /// The transaction is as it was before the statement.
    fn whole(error: SqlError) -> Failure {
        Failure { error, half_done: false }
    }

    fn of_read(fault: Fault) -> Failure {
        Failure { half_done: false, ..Failure::of_write(fault) }
    }

    pub(crate) fn of_write(fault: Fault) -> Failure {
        match fault {
            Fault::Sqlite(error) => Failure { error: error.into(), half_done: false },
            Fault::Answer(error) => Failure { error, half_done: true },
        }
    }
}

/// Runs one statement, in place if it is short and only reads, and returns also whether it wrote.
/// Reading again in the same transaction reads the same, so a statement that turns out to be long
/// is begun anew.
pub(crate) fn run<T>(
    connection: &Connection,
    sql: &str,
    params: &[Value],
    deadline: Instant,
    step: Step<T>,
) -> Result<(T, bool), Failure> {
    check_size(sql, params).map_err(Failure::whole)?;
    let now = Instant::now();
    if now >= deadline {
        return Err(Failure::whole(SqlError::Timeout));
    }
    connection.watch.until(deadline.min(now + IN_PLACE));
    let mut result = attempt(connection, sql, params, deadline, step);
    let interrupted = matches!(&result, Err(Failure { error: SqlError::Timeout, .. }));
    if interrupted && Instant::now() < deadline {
        connection.watch.until(deadline);
        result = blocking(|| attempt(connection, sql, params, deadline, step));
    }
    connection.watch.off();
    result.map_err(|failure| Failure { error: told(connection, failure.error), ..failure })
}

fn attempt<T>(
    connection: &Connection,
    sql: &str,
    params: &[Value],
    deadline: Instant,
    step: Step<T>,
) -> Result<(T, bool), Failure> {
    let mut statement = prepare(connection, sql).map_err(Failure::whole)?;
    let result = match bind(&mut statement, params) {
        Err(error) => Err(Failure::whole(error)),
        Ok(()) if statement.readonly() => {
            step(&mut statement).map(|value| (value, false)).map_err(Failure::of_read)
        }
        // Writing is not begun anew: an interrupted write takes its transaction with it.
        Ok(()) => {
            connection.watch.until(deadline);
            blocking(|| step(&mut statement)).map(|value| (value, true)).map_err(Failure::of_write)
        }
    };
    if sql.len() > KEPT_BYTES_MAX {
        statement.discard();
    }
    result
}

fn check_size(sql: &str, params: &[Value]) -> Result<(), SqlError> {
    if sql.len() > SQL_BYTES_MAX {
        return Err(SqlError::TooLarge(format!("a statement has at most {SQL_BYTES_MAX} bytes")));
    }
    if params.len() > SQL_PARAMS_MAX {
        return Err(SqlError::TooLarge(format!(
            "a statement has at most {SQL_PARAMS_MAX} parameters"
        )));
    }
    let semicolons = sql.bytes().filter(|byte| *byte == b';').count();
    if semicolons > SEMICOLONS_MAX {
        return Err(SqlError::TooLarge(format!(
            "a statement has at most {SEMICOLONS_MAX} semicolons; pass text as parameters"
        )));
    }
    if connection::is_hosts(sql) {
        return Err(SqlError::Denied("the comment that marks the host's own statements".into()));
    }
    if sql.contains('\0') {
        return Err(SqlError::Syntax("a statement has no NUL character".into()));
    }
    Ok(())
}

fn prepare<'c>(connection: &'c Connection, sql: &str) -> Result<CachedStatement<'c>, SqlError> {
    connection.rules.begin_statement();
    let statement = connection.sqlite.prepare_cached(sql).map_err(compile_error)?;
    check_kind(&statement)?;
    Ok(statement)
}

/// SQLite has one code for every fault of a statement that it compiles.
pub(crate) fn compile_error(error: rusqlite::Error) -> SqlError {
    match SqlError::from(error) {
        SqlError::Other(message) => SqlError::Syntax(message),
        error => error,
    }
}

/// The error as the guest gets it: what the rules refused comes before SQLite's "not authorized".
pub(crate) fn told(connection: &Connection, error: SqlError) -> SqlError {
    connection.rules.take_refusal().map_or(error, SqlError::Denied)
}

/// Refuses what the authorizer is not asked about.
pub(crate) fn check_kind(statement: &Statement<'_>) -> Result<(), SqlError> {
    match statement.is_explain() {
        0 => Ok(()),
        _ => Err(SqlError::Denied("EXPLAIN".into())),
    }
}

fn bind(statement: &mut Statement<'_>, params: &[Value]) -> Result<(), SqlError> {
    let wanted = statement.parameter_count();
    if wanted != params.len() {
        let given = params.len();
        return Err(SqlError::Syntax(format!(
            "the statement has {wanted} parameters, {given} were given"
        )));
    }
    for (index, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, param)?;
    }
    Ok(())
}

/// Returns the rows.
pub(crate) fn collect(statement: &mut Statement<'_>) -> Result<Rows, Fault> {
    let mut rows = Vec::new();
    let mut bytes = 0;
    let mut found = statement.raw_query();
    while let Some(row) = found.next()? {
        if rows.len() == SQL_ROWS_MAX {
            let limit = format!("a query returns at most {SQL_ROWS_MAX} rows; page");
            return Err(SqlError::TooLarge(limit).into());
        }
        let width = row.as_ref().column_count();
        let mut values = Vec::with_capacity(width);
        for column in 0..width {
            let value = Value::of(row.get_ref(column)?)?;
            bytes += value.size();
            if bytes > SQL_RESULT_BYTES_MAX {
                let limit = format!("a query returns at most {SQL_RESULT_BYTES_MAX} bytes; page");
                return Err(SqlError::TooLarge(limit).into());
            }
            values.push(value);
        }
        rows.push(values);
    }
    drop(found);
    // After the first step, because SQLite may have compiled the statement anew for it.
    let columns = statement.column_names().map(str::to_owned).collect();
    Ok(Rows { columns, rows })
}

/// Runs to the end.
pub(crate) fn finish(statement: &mut Statement<'_>) -> Result<(), Fault> {
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

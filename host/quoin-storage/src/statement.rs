//! Running one statement of a plugin on a connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quoin_core::Clock;
use quoin_core::limits::{SQL_BYTES_MAX, SQL_PARAMS_MAX, SQL_RESULT_BYTES_MAX, SQL_ROWS_MAX};
use rusqlite::{CachedStatement, Statement, StatementStatus};

use crate::authorizer::{Mode, READ_ONLY};
use crate::blocking::blocking;
use crate::changes::{Changes, Tables};
use crate::connection::Connection;
use crate::spill::WRITING_MAX;
use crate::texts::{Text, Texts};
use crate::{Rows, SqlError, Value, shared};

/// How long a statement that only reads may hold up the other tasks of its thread. Most are done in
/// microseconds, for which moving the others away would be the larger delay.
const IN_PLACE: Duration = Duration::from_millis(2);
/// Semicolons in a statement. SQLite needs none, and looking for a second statement behind each of
/// thousands would take a stack frame each.
const SEMICOLONS_MAX: usize = 16;
/// Bytes of a statement that stays compiled for the next time. What a plugin runs often is shorter,
/// and what stays compiled takes memory, some fifty times its text.
const KEPT_BYTES_MAX: usize = 4 << 10;

/// Who sends a statement, and how far it may go.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    /// The plugin: its tables can be used.
    pub plugin: &'a Arc<str>,
    /// How deep in its request's tree the call is that sends it; 0 for the root.
    pub depth: u32,
    /// Whether it may write: not where the function is declared to read.
    pub writes: bool,
    /// When the call ends. A statement that reads is interrupted then. One that writes is not: SQLite
    /// would take the writes of the whole transaction back with it.
    pub deadline: Instant,
    /// Bytes that the plugin's tables may take.
    pub max_bytes: u64,
}

/// A statement of a plugin.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub scope: &'a Scope<'a>,
    pub sql: &'a str,
    pub params: &'a [Value],
    /// When a writing statement is interrupted.
    pub writer_until: Instant,
}

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
    pub(crate) fn whole(error: SqlError) -> Failure {
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

/// What runs statements on a connection.
pub(crate) struct Executor<'a> {
    pub connection: &'a Connection,
    pub texts: &'a Texts,
    pub changes: &'a Changes,
    pub clock: &'a Clock,
}

impl Executor<'_> {
    /// Runs one statement and returns also whether it wrote. `names` is told before which tables it
    /// names, and `before_write` is run before one that writes. One that reads is begun in place; if it
    /// turns out to be long, it is begun anew, because reading again in the same transaction reads the
    /// same.
    pub fn run<T>(
        &self,
        sent: Sent<'_>,
        step: Step<T>,
        names: &mut dyn FnMut(&Tables),
        before_write: &mut dyn FnMut(&Connection) -> Result<(), SqlError>,
    ) -> Result<(T, bool), Failure> {
        check_size(sent.sql, sent.params).map_err(Failure::whole)?;
        let text = self.texts.text(sent.scope.plugin, sent.sql);
        let now = self.clock.instant();
        let deadline = sent.scope.deadline.min(sent.writer_until);
        if now >= deadline {
            return Err(Failure::whole(SqlError::Timeout));
        }
        let connection = self.connection;
        let mode = if sent.scope.writes { Mode::Write } else { Mode::Read };
        connection.rules.work_for(sent.scope.plugin);
        let before = connection.rules.switch(mode);
        match self.texts.tables(text) {
            Some(tables) => names(&tables),
            None => match self.look_at(sent) {
                Ok(tables) => {
                    names(&tables);
                    self.texts.remember(text, Arc::new(tables));
                }
                Err(error) => {
                    connection.rules.switch(before);
                    return Err(Failure::whole(told(connection, error)));
                }
            },
        }
        connection.watch.until(deadline.min(now + IN_PLACE));
        let mut result = self.attempt(sent, text, step, before_write);
        let interrupted = matches!(&result, Err(Failure { error: SqlError::Timeout, .. }));
        let again = interrupted && !connection.watch.spilled();
        if again && !connection.is_idle() && self.clock.instant() < deadline {
            connection.watch.until(deadline);
            result = blocking(|| self.attempt(sent, text, step, before_write));
        }
        connection.watch.off();
        connection.rules.switch(before);
        let told = |error| told(connection, connection.watch.told(error));
        result.map_err(|failure| Failure { error: told(failure.error), ..failure })
    }

    /// Looks at a statement that was not sent before: whether it compiles under the rules, and is shared
    /// SQL, and which tables it names. SQLite tells that while it compiles, so that what may be compiled
    /// already is compiled anew for it.
    fn look_at(&self, sent: Sent<'_>) -> Result<Tables, SqlError> {
        check_kind_of_text(sent.sql)?;
        let connection = self.connection;
        connection.rules.begin_statement();
        connection.rules.collect();
        let compiled = connection.sqlite.prepare(sent.sql).map_err(|e| compile_error(e, 0));
        let named = connection.rules.collected();
        check_kind(&compiled?)?;
        shared::check(connection, sent.sql)?;
        let table = |name: String| self.changes.table(&name);
        Ok(Tables {
            read: named.read.into_iter().map(table).collect(),
            written: named.written.into_iter().map(table).collect(),
        })
    }

    fn attempt<T>(
        &self,
        sent: Sent<'_>,
        text: Text,
        step: Step<T>,
        before_write: &mut dyn FnMut(&Connection) -> Result<(), SqlError>,
    ) -> Result<(T, bool), Failure> {
        let connection = self.connection;
        let mut statement =
            prepare(connection, sent.scope.plugin, sent.sql).map_err(Failure::whole)?;
        let result = match bind(&mut statement, sent.params) {
            Err(error) => Err(Failure::whole(error)),
            Ok(()) if statement.readonly() => {
                step(&mut statement).map(|value| (value, false)).map_err(Failure::of_read)
            }
            // It was compiled for another function of the plugin, one that may write.
            Ok(()) if !sent.scope.writes => Err(Failure::whole(SqlError::Denied(READ_ONLY.into()))),
            Ok(()) => {
                before_write(connection).map_err(Failure::whole)?;
                // Writing is not begun anew: an interrupted write takes its transaction with it.
                connection.watch.until_spilling(sent.writer_until, WRITING_MAX);
                let began = self.clock.instant();
                let done = match self.texts.is_slow(text) {
                    true => blocking(|| step(&mut statement)),
                    false => step(&mut statement),
                };
                self.texts.took(text, self.clock.instant().saturating_duration_since(began));
                done.map(|value| (value, true)).map_err(Failure::of_write)
            }
        };
        if sent.sql.len() > KEPT_BYTES_MAX {
            statement.discard();
        }
        result
    }
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
    Ok(())
}

fn check_kind_of_text(sql: &str) -> Result<(), SqlError> {
    let semicolons = sql.bytes().filter(|byte| *byte == b';').count();
    if semicolons > SEMICOLONS_MAX {
        return Err(SqlError::TooLarge(format!(
            "a statement has at most {SEMICOLONS_MAX} semicolons; pass text as parameters"
        )));
    }
    if sql.contains('\0') {
        return Err(SqlError::Syntax("a statement has no NUL character".into()));
    }
    Ok(())
}

/// Compiles the statement, or finds it compiled. It is kept under its text, which begins with the
/// plugin's name: what is compiled for one plugin, by its rules, is never found by another.
fn prepare<'c>(
    connection: &'c Connection,
    plugin: &str,
    sql: &str,
) -> Result<CachedStatement<'c>, SqlError> {
    let named = format!("/*{plugin}*/{sql}");
    connection.rules.begin_statement();
    let statement = connection
        .sqlite
        .prepare_cached(&named)
        .map_err(|error| compile_error(error, named.len() - sql.len()))?;
    if statement.get_status(StatementStatus::Run) == 0 {
        let bytes = statement.get_status(StatementStatus::MemUsed);
        connection.compiled(usize::try_from(bytes).unwrap_or(0));
    }
    check_kind(&statement)?;
    Ok(statement)
}

/// SQLite has one code for every fault of a statement that it compiles. `before` bytes stood before
/// what the plugin sent.
pub(crate) fn compile_error(error: rusqlite::Error, before: usize) -> SqlError {
    match error {
        rusqlite::Error::SqlInputError { msg, offset, .. } => {
            let at = usize::try_from(offset).unwrap_or(0).saturating_sub(before);
            SqlError::Syntax(format!("{msg}, at byte {at} of the statement"))
        }
        error => match SqlError::from(error) {
            SqlError::Other(message) => SqlError::Syntax(message),
            error => error,
        },
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
    let mut values = Vec::new();
    let (mut count, mut bytes) = (0, 0);
    let mut found = statement.raw_query();
    while let Some(row) = found.next()? {
        if count == SQL_ROWS_MAX {
            let limit = format!("a query returns at most {SQL_ROWS_MAX} rows; page");
            return Err(SqlError::TooLarge(limit).into());
        }
        count += 1;
        for column in 0..row.as_ref().column_count() {
            let value = Value::of(row.get_ref(column)?)?;
            bytes += value.size();
            if bytes > SQL_RESULT_BYTES_MAX {
                let limit = format!("a query returns at most {SQL_RESULT_BYTES_MAX} bytes; page");
                return Err(SqlError::TooLarge(limit).into());
            }
            values.push(value);
        }
    }
    drop(found);
    // After the first step, because SQLite may have compiled the statement anew for it.
    let columns = statement.column_names().map(str::to_owned).collect();
    Ok(Rows { columns, values })
}

/// Runs to the end.
pub(crate) fn finish(statement: &mut Statement<'_>) -> Result<(), Fault> {
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use quoin_core::ManualClock;

    use super::*;
    use crate::connection::{Opener, Role};
    use crate::owners::Owners;

    /// How often the compiled statement was run that is there after `sql` was run once.
    fn runs(sql: &str) -> i32 {
        runs_before(sql, &[])
    }

    /// The same after it was run once and then each of `others`.
    fn runs_before(sql: &str, others: &[String]) -> i32 {
        let folder = tempfile::tempdir().unwrap();
        let (path, clock) = (folder.path().join("data.db"), ManualClock::at(0).clock());
        let owners = Arc::new(Owners::default());
        let opener = Opener::new(&path, owners, clock.clone());
        let connection = opener.open(Role::Writer).unwrap();
        let plugin = Arc::from("a");
        let (texts, end) = (Texts::default(), clock.instant() + Duration::from_secs(1));
        let (plugin, deadline) = (&plugin, end);
        let scope = &Scope { plugin, depth: 0, writes: false, deadline, max_bytes: 0 };
        let changes = &Changes::default();
        let executor = Executor { connection: &connection, texts: &texts, changes, clock: &clock };
        for sql in std::iter::once(sql).chain(others.iter().map(String::as_str)) {
            let sent = Sent { scope, sql, params: &[], writer_until: end };
            assert!(executor.run(sent, collect, &mut |_| {}, &mut |_| Ok(())).is_ok());
        }
        prepare(&connection, plugin, sql).ok().unwrap().get_status(StatementStatus::Run)
    }

    #[test]
    fn a_statement_stays_compiled_unless_it_is_long() {
        let padded = |bytes: usize| format!("{:bytes$}", "SELECT 1 AS x");
        assert_eq!(runs(&padded(20)), 1);
        assert_eq!(runs(&padded(KEPT_BYTES_MAX)), 1);
        assert_eq!(runs(&padded(KEPT_BYTES_MAX + 1)), 0);
    }

    #[test]
    fn statements_that_take_more_than_is_kept_make_the_connection_forget() {
        let large = |n: u32| {
            let columns: Vec<String> = (0..90).map(|c| format!("{n} + {c} AS c{c}")).collect();
            format!("SELECT {}", columns.join(", "))
        };
        let large: Vec<String> = (0..250).map(large).collect();
        assert_eq!(runs_before("SELECT 1 AS x", &large[..10]), 1);
        assert_eq!(runs_before("SELECT 1 AS x", &large), 0);
    }

    #[test]
    fn a_read_is_not_begun_anew_while_no_time_passes() {
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
            SELECT count(*) AS x FROM n";
        assert_eq!(runs(many), 1);
    }
}

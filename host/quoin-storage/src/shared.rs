//! Whether what a plugin sends is SQL that SQLite and PostgreSQL share, seen beside the schema.

use quoin_core::sql::{Checked, Refusal, check_statement};

use crate::SqlError;
use crate::connection::Connection;

/// Reads as little as there is, so that SQLite looks whether the schema that it has in memory is that of
/// the transaction: compiling a statement does not.
const FRESHEN: &str = "/*!*/SELECT count(*) FROM (SELECT 1 FROM sqlite_schema LIMIT 1)";

/// Checks a statement of a call.
///
/// # Errors
/// The first place in it that is not shared SQL.
pub(crate) fn check(connection: &Connection, sql: &str) -> Result<(), SqlError> {
    tracing::trace!(statement = ?sql, "a statement that was not sent before");
    judge(connection, &check_statement(sql).map_err(refused)?)
}

/// Checks what only the schema can tell of a statement.
///
/// # Errors
/// The first place in it that sorts by what may be NULL without saying where it goes.
pub(crate) fn judge(connection: &Connection, checked: &Checked) -> Result<(), SqlError> {
    if checked.unstated.is_empty() {
        return Ok(());
    }
    connection.as_host(|sqlite| {
        sqlite.prepare_cached(FRESHEN)?.query_row([], |row| row.get::<_, i64>(0))
    })?;
    // A look into the schema that SQLite has in memory. There may be thousands for one statement, so
    // that none of them is a statement itself.
    let nullable = |table: &str, column: &str| {
        let found = connection.sqlite.column_metadata(Some("main"), table, column);
        // Columns of a primary key hold no NULL: tables are STRICT.
        found.ok().map(|(_, _, not_null, key, _)| !not_null && !key)
    };
    checked.judge(nullable).map_err(refused)
}

/// The refusal as the plugin gets it.
pub(crate) fn refused(refusal: Refusal) -> SqlError {
    SqlError::Denied(refusal.to_string())
}

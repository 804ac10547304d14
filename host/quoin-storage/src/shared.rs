//! Whether what a plugin sends is SQL that SQLite and PostgreSQL share, seen beside the schema.

use quoin_core::sql::{Checked, Refusal, check_statement};
use rusqlite::OptionalExtension as _;

use crate::SqlError;
use crate::connection::Connection;

/// Whether a column of a table may hold NULL. Columns of a primary key cannot: tables are STRICT.
const NULLABLE: &str = "/*!*/SELECT \"notnull\" = 0 AND pk = 0 FROM pragma_table_info(?1)
    WHERE lower(name) = lower(?2)";

/// Checks a statement of a call.
///
/// # Errors
/// The first place in it that is not shared SQL.
pub(crate) fn check(connection: &Connection, sql: &str) -> Result<(), SqlError> {
    judge(connection, &check_statement(sql).map_err(refused)?)
}

/// Checks what only the schema can tell of a statement.
///
/// # Errors
/// The first place in it that sorts by what may be NULL without saying where it goes.
pub(crate) fn judge(connection: &Connection, checked: &Checked) -> Result<(), SqlError> {
    let nullable = |table: &str, column: &str| {
        let found = connection.as_host(|sqlite| {
            let mut statement = sqlite.prepare_cached(NULLABLE)?;
            statement.query_row((table, column), |row| row.get::<_, bool>(0)).optional()
        });
        found.ok().flatten()
    };
    checked.judge(nullable).map_err(refused)
}

/// The refusal as the plugin gets it.
pub(crate) fn refused(refusal: Refusal) -> SqlError {
    SqlError::Denied(refusal.to_string())
}

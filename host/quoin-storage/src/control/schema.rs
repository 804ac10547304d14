//! The tables of the control database.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::Error;

/// Each step brings the file to the next format; `user_version` counts those that were taken.
const STEPS: [&str; 3] = [
    "
    CREATE TABLE tenant (
        name TEXT PRIMARY KEY,
        created_ms INTEGER NOT NULL,
        revision INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE revision (
        tenant TEXT NOT NULL REFERENCES tenant ON DELETE CASCADE,
        number INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        note TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (tenant, number)
    ) STRICT;
    CREATE TABLE domain (
        name TEXT PRIMARY KEY,
        tenant TEXT NOT NULL REFERENCES tenant ON DELETE CASCADE
    ) STRICT;
    CREATE INDEX domain_tenant ON domain (tenant);
    CREATE TABLE api_key (
        tenant TEXT NOT NULL REFERENCES tenant ON DELETE CASCADE,
        id TEXT NOT NULL,
        hash TEXT NOT NULL,
        label TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        PRIMARY KEY (tenant, id)
    ) STRICT;
",
    // When a host that starts looks after the tenant's later calls: at once where that is 0.
    "ALTER TABLE tenant ADD COLUMN later_ms INTEGER",
    "
    CREATE TABLE secret (
        tenant TEXT NOT NULL REFERENCES tenant ON DELETE CASCADE,
        name TEXT NOT NULL,
        sealed BLOB NOT NULL,
        set_ms INTEGER NOT NULL,
        PRIMARY KEY (tenant, name)
    ) STRICT;
",
];

/// Brings the file to the newest format.
pub(super) fn bring_up(sqlite: &mut Connection, path: &Path) -> Result<(), Error> {
    let failed = |error| Error::sqlite(path, error);
    let transaction =
        sqlite.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let found: i64 =
        transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    let known = STEPS.len() as i64;
    let taken = usize::try_from(found).ok().filter(|taken| *taken <= STEPS.len());
    let Some(taken) = taken else {
        return Err(Error::Newer { path: path.to_owned(), found, known });
    };
    for step in STEPS.iter().skip(taken) {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction.pragma_update(None, "user_version", known).map_err(failed)?;
    transaction.commit().map_err(failed)
}

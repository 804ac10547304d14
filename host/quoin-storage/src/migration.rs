//! A plugin's schema, step by step.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use quoin_core::Digest;
use quoin_core::description::Migration;
use rusqlite::Batch;
use rusqlite::fallible_iterator::FallibleIterator as _;

use crate::authorizer::Mode;
use crate::connection::Connection;
use crate::statement::{Failure, check_kind, compile_error, finish, told};
use crate::{Error, SqlError, Transaction};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS _quoin_migration (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, applied_at INTEGER NOT NULL
) STRICT";
const APPLIED: &str = "SELECT number, digest FROM _quoin_migration";
const RECORD: &str =
    "INSERT INTO _quoin_migration (number, name, digest, applied_at) VALUES (?1, ?2, ?3, ?4)";
/// The host's tables are made by the host alone; the authorizer does not see the new name in a RENAME.
const FOREIGN: &str = "SELECT name FROM sqlite_schema
    WHERE name LIKE '\\_quoin\\_%' ESCAPE '\\' AND name <> '_quoin_migration'";

/// Migrations that are applied in an open transaction.
pub struct Migrated {
    transaction: Transaction,
    applied: usize,
}

impl Migrated {
    /// How many migrations this transaction applies.
    pub fn applied(&self) -> usize {
        self.applied
    }

    /// Makes them durable. Dropped without it, the schema is as it was before.
    ///
    /// # Errors
    /// As for [`Transaction::commit`].
    pub fn commit(self) -> Result<(), Error> {
        self.transaction.commit()
    }
}

pub(crate) fn apply(
    mut transaction: Transaction,
    migrations: &[Migration],
    deadline: Instant,
) -> Result<Migrated, Error> {
    if migrations.is_empty() {
        return Ok(Migrated { transaction, applied: 0 });
    }
    let path = transaction.path().to_owned();
    let sqlite_error = |error| Error::sqlite(&path, error);
    let connection = transaction.host_writes()?;
    let known = connection.as_host(applied).map_err(sqlite_error)?;
    let mut count = 0;
    for (migration, expected) in migrations.iter().zip(1..) {
        let refuse = |message: String| Error::Migration {
            number: migration.number,
            name: migration.name.clone(),
            message,
        };
        if migration.number != expected {
            return Err(refuse(format!("the migration before it, number {expected}, is missing")));
        }
        let digest = Digest::of(migration.sql.as_bytes());
        match known.get(&migration.number) {
            Some(before) if before == digest.as_str() => continue,
            Some(_) => {
                return Err(refuse(
                    "it was changed after it had been applied; restore it, and put the change into a new migration".into(),
                ));
            }
            None => {}
        }
        if let Some((last, _)) = known.last_key_value().filter(|(last, _)| **last > expected) {
            return Err(refuse(format!(
                "the database has number {last} already, but not this one; number new migrations after it"
            )));
        }
        run(connection, migration, deadline).map_err(|error| match error {
            SqlError::Full => Error::Full { path: path.clone() },
            error => refuse(error.to_string()),
        })?;
        let record = (migration.number, &migration.name, digest.as_str(), now_ms());
        connection.as_host(|sqlite| sqlite.execute(RECORD, record)).map_err(sqlite_error)?;
        count += 1;
    }
    Ok(Migrated { transaction, applied: count })
}

fn applied(sqlite: &rusqlite::Connection) -> rusqlite::Result<BTreeMap<u32, String>> {
    sqlite.execute_batch(CREATE)?;
    sqlite.prepare(APPLIED)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn run(connection: &Connection, migration: &Migration, deadline: Instant) -> Result<(), SqlError> {
    let mode = connection.rules.switch(Mode::Migrate);
    connection.watch.until(deadline);
    let result = run_all(connection, &migration.sql);
    connection.watch.off();
    connection.rules.switch(mode);
    result.map_err(|error| told(connection, error))?;
    let lost = "it rolled the transaction back".to_owned();
    if connection.sqlite.is_autocommit() {
        return Err(SqlError::Other(lost));
    }
    let foreign = |sqlite: &rusqlite::Connection| {
        sqlite.prepare(FOREIGN)?.query_map([], |row| row.get::<_, String>(0))?.next().transpose()
    };
    match connection.as_host(foreign)? {
        Some(name) => Err(SqlError::Denied(format!("the name {name}"))),
        None => Ok(()),
    }
}

fn run_all(connection: &Connection, sql: &str) -> Result<(), SqlError> {
    let mut batch = Batch::new(&connection.sqlite, sql);
    loop {
        connection.rules.begin_statement();
        let next = batch.next().map_err(compile_error)?;
        let Some(mut statement) = next else { return Ok(()) };
        check_kind(&statement)?;
        finish(&mut statement).map_err(|fault| Failure::of_write(fault).error)?;
    }
}

/// Milliseconds since 1970, for people who look into the table.
fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

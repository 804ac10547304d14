//! The plugins' schemas, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use quoin_core::Digest;
use quoin_core::description::Migration;
use quoin_core::sql::check_migration;

use crate::authorizer::{self, Mode};
use crate::connection::Connection;
use crate::owners::{self, Tables, is_named_after, prefix};
use crate::spill::STATEMENT_MAX;
use crate::statement::{Failure, compile_error, finish, told};
use crate::{Error, SqlError, Transaction, shared};

/// How often a statement of a migration may put as much into temporary files as its plugin's tables may
/// hold: a large index is sorted in two steps, and what does not fit into the cache is written twice.
const SORTS: u64 = 4;

const OWNER: &str =
    "INSERT INTO _quoin_owner (plugin, pages) VALUES (?1, 0) ON CONFLICT (plugin) DO NOTHING";
const APPLIED: &str = "SELECT number, digest FROM _quoin_migration WHERE plugin = ?1";
const RECORD: &str = "INSERT INTO _quoin_migration (plugin, number, name, digest, applied_at)
    VALUES (?1, ?2, ?3, ?4, ?5)";
/// Every table that somebody made.
const TABLES: &str = "SELECT name FROM sqlite_schema
    WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
        AND name NOT LIKE '\\_quoin\\_%' ESCAPE '\\'";
/// The host's tables are made by the host alone; the authorizer does not see the new name in a RENAME.
const HOSTS: &str = "SELECT name FROM sqlite_schema
    WHERE name LIKE '\\_quoin\\_%' ESCAPE '\\'
        AND tbl_name NOT IN ('_quoin_migration', '_quoin_owner', '_quoin_table', '_quoin_later',
            '_quoin_later_last', '_quoin_later_sum', '_quoin_once', '_quoin_once_sum',
            '_quoin_file', '_quoin_file_kept')";
/// What a table's foreign keys refer to.
const REFERRED: &str = "SELECT \"table\" FROM pragma_foreign_key_list(?1)";

/// The migrations of a plugin.
#[derive(Debug, Clone)]
pub struct Steps<'a> {
    /// The plugin.
    pub plugin: Arc<str>,
    /// All its migrations in order.
    pub migrations: &'a [Migration],
    /// Bytes that its tables may take.
    pub max_bytes: u64,
}

/// Migrations that are applied in an open transaction.
pub struct Migrated {
    transaction: Transaction,
    tables: Tables,
    applied: BTreeMap<Arc<str>, usize>,
}

impl Migrated {
    /// How many migrations this transaction applies of each plugin that lacked some.
    pub fn applied(&self) -> &BTreeMap<Arc<str>, usize> {
        &self.applied
    }

    /// Makes them durable. Dropped without it, the schema is as it was before.
    ///
    /// # Errors
    /// As for [`Transaction::commit`].
    pub async fn commit(self) -> Result<(), Error> {
        if self.applied.is_empty() {
            return Ok(());
        }
        let base = self.transaction.base();
        // Before anybody can see the tables.
        base.owners.add(&self.tables);
        base.statistics.note_migration();
        self.transaction.commit().await?;
        // Whether a statement is good hangs on the schema.
        base.texts.forget();
        Ok(())
    }
}

pub(crate) fn apply(
    mut transaction: Transaction,
    plugins: &[Steps<'_>],
    deadline: Instant,
) -> Result<Migrated, Error> {
    let mut applied = BTreeMap::new();
    let mut tables = transaction.look(owners::recorded)?;
    let mut names = transaction.look(owners::plugins)?;
    names.extend(plugins.iter().map(|steps| Arc::clone(&steps.plugin)));
    let names: Arc<[Arc<str>]> = names.into();
    for steps in plugins.iter().filter(|steps| !steps.migrations.is_empty()) {
        let count = apply_one(&mut transaction, steps, &names, &mut tables, deadline)?;
        if count > 0 {
            applied.insert(Arc::clone(&steps.plugin), count);
        }
    }
    Ok(Migrated { transaction, tables, applied })
}

fn apply_one(
    transaction: &mut Transaction,
    steps: &Steps<'_>,
    plugins: &Arc<[Arc<str>]>,
    tables: &mut Tables,
    deadline: Instant,
) -> Result<usize, Error> {
    let base = transaction.base();
    let path = &base.path;
    let sqlite_error = |error| Error::sqlite(path, error);
    let plugin = &steps.plugin;
    let known = transaction.look(|sqlite| {
        let mut statement = sqlite.prepare(APPLIED)?;
        let rows = statement.query_map([&**plugin], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<BTreeMap<u32, String>>>()
    })?;
    let mut count = 0;
    for (migration, expected) in steps.migrations.iter().zip(1..) {
        let refuse = |message: String| Error::Migration {
            plugin: plugin.to_string(),
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
        if let Some((last, _)) = known.range(expected..).next_back() {
            return Err(refuse(format!(
                "the database has number {last} already, but not this one; number new migrations after it"
            )));
        }
        let (connection, ledger) = transaction.host_writes()?;
        ledger.before_host_writes(connection).map_err(sqlite_error)?;
        connection.as_host(|sqlite| sqlite.execute(OWNER, [&**plugin])).map_err(sqlite_error)?;
        let spill_max = STATEMENT_MAX.saturating_add(SORTS.saturating_mul(steps.max_bytes));
        let work = Work { connection, plugin, plugins, tables, spill_max };
        let room = ledger.before_migration(connection, plugin, steps.max_bytes);
        room.map_err(SqlError::from).and_then(|()| work.run(migration, deadline)).map_err(
            |error| match error {
                SqlError::Full => Error::Full { path: path.to_owned() },
                error => refuse(error.to_string()),
            },
        )?;
        ledger.before_host_writes(connection).map_err(sqlite_error)?;
        let applied_at = i64::try_from(base.clock.now_ms()).unwrap_or(i64::MAX);
        let record = (&**plugin, migration.number, &migration.name, digest.as_str(), applied_at);
        connection.as_host(|sqlite| sqlite.execute(RECORD, record)).map_err(sqlite_error)?;
        count += 1;
    }
    Ok(count)
}

/// A migration that is run.
struct Work<'a> {
    connection: &'a Connection,
    plugin: &'a Arc<str>,
    /// All that have or make tables here.
    plugins: &'a Arc<[Arc<str>]>,
    tables: &'a mut Tables,
    /// Bytes that each of its statements may put into temporary files.
    spill_max: u64,
}

impl Work<'_> {
    fn run(mut self, migration: &Migration, deadline: Instant) -> Result<(), SqlError> {
        let connection = self.connection;
        connection.rules.work_for(self.plugin);
        self.tell_rules();
        let mode = connection.rules.switch(Mode::Migrate);
        let result = self.run_all(&migration.sql, deadline);
        connection.watch.off();
        connection.rules.switch(mode);
        connection.rules.set_migrated(None);
        result.map_err(|error| told(connection, error))?;
        self.check_references()
    }

    fn run_all(&mut self, sql: &str, deadline: Instant) -> Result<(), SqlError> {
        for statement in check_migration(sql).map_err(shared::refused)? {
            shared::judge(self.connection, &statement.checked)?;
            self.connection.watch.until_spilling(deadline, self.spill_max);
            self.connection.rules.begin_statement();
            let text = statement.for_sqlite();
            let prepared = self.connection.sqlite.prepare(&text);
            let mut prepared = prepared.map_err(|error| compile_error(error, 0))?;
            let done = finish(&mut prepared).map_err(|fault| Failure::of_write(fault).error);
            done.map_err(|error| self.connection.watch.told(error))?;
            drop(prepared);
            if self.connection.is_idle() {
                return Err(SqlError::Other("it rolled the transaction back".into()));
            }
            self.take_over()?;
        }
        Ok(())
    }

    /// Brings the record of tables and owners up to what the schema is now.
    fn take_over(&mut self) -> Result<(), SqlError> {
        let (there, host) = self.connection.as_host(|sqlite| -> rusqlite::Result<_> {
            let there = names(sqlite, TABLES)?;
            Ok((there, names(sqlite, HOSTS)?.into_iter().next()))
        })?;
        if let Some(name) = host {
            return Err(SqlError::Denied(format!("the name {name}")));
        }
        let there: BTreeSet<String> =
            there.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        let gone: Vec<String> =
            self.tables.keys().filter(|name| !there.contains(*name)).cloned().collect();
        let new: Vec<String> =
            there.into_iter().filter(|name| !self.tables.contains_key(name)).collect();
        if gone.is_empty() && new.is_empty() {
            return Ok(());
        }
        for name in gone {
            let forget = "DELETE FROM _quoin_table WHERE name = ?1";
            self.connection.as_host(|sqlite| sqlite.execute(forget, [&name]))?;
            self.tables.remove(&name);
        }
        for name in new {
            // A RENAME names a table without asking.
            let others = self.plugins.iter().map(|other| &**other);
            if !is_named_after(&name, self.plugin, others) {
                let prefix = prefix(self.plugin);
                let plugin = self.plugin;
                return Err(SqlError::Denied(format!(
                    "the name {name}: the tables of {plugin} begin with {prefix}_"
                )));
            }
            let record = "INSERT INTO _quoin_table (name, plugin) VALUES (?1, ?2)";
            self.connection.as_host(|sqlite| sqlite.execute(record, (&name, &**self.plugin)))?;
            self.tables.insert(name, Arc::clone(self.plugin));
        }
        self.tell_rules();
        Ok(())
    }

    fn tell_rules(&self) {
        let (tables, plugins) = (self.tables.clone(), Arc::clone(self.plugins));
        self.connection.rules.set_migrated(Some(authorizer::Migrated { tables, plugins }));
    }

    /// A foreign key to another plugin's table would let the one hold the other's rows fast, or remove
    /// them.
    fn check_references(&self) -> Result<(), SqlError> {
        let own = self.tables.iter().filter(|(_, owner)| *owner == self.plugin);
        for (table, _) in own {
            let referred = self.connection.as_host(|sqlite| {
                sqlite
                    .prepare(REFERRED)?
                    .query_map([table], |row| row.get::<_, String>(0))?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })?;
            for other in referred {
                let owner = self.tables.get(&other.to_ascii_lowercase());
                if owner != Some(self.plugin) {
                    let of = owner.map_or_else(
                        || "does not exist".to_owned(),
                        |owner| format!("belongs to {owner}"),
                    );
                    return Err(SqlError::Denied(format!(
                        "a foreign key of {table} to {other}, which {of}: refer to the plugin's own tables only"
                    )));
                }
            }
        }
        Ok(())
    }
}

fn names(sqlite: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    sqlite.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

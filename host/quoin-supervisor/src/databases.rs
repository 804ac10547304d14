//! The databases of shops: one open at a time for each file, migrations, and the file that a failed
//! change made.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use quoin_core::description::Migration;
use quoin_core::{Clock, Name};
use quoin_runtime::Generation;
use quoin_storage::{Database, Migrated, Steps};

use crate::data;
use crate::error::Error;

/// Time for the migrations of a change, waiting for the writer included. They keep everybody in the
/// shop from writing, so a schema change on much data belongs in several small ones.
const MIGRATION_TIME: Duration = Duration::from_secs(60);

/// The open databases of this host by file. A file has one at a time, whoever uses it: two would not
/// know of each other's writers.
pub(crate) struct Databases {
    clock: Clock,
    files: Mutex<HashMap<PathBuf, Arc<File>>>,
}

/// A file's database, if it is open. Locked while it is being opened: others of the same file wait.
type File = Mutex<Weak<Database>>;

/// A database file that did not exist before. A change that fails takes it away again.
#[derive(Default)]
pub(crate) struct Created(Option<PathBuf>);

impl Databases {
    pub fn new(clock: Clock) -> Databases {
        Databases { clock, files: Mutex::default() }
    }

    /// Opens the database of a shop. One that does not exist is made and noted in `created`; without
    /// that, there is none. Where installations have data there already, which are `known`, it must
    /// exist. Blocks the thread.
    ///
    /// # Errors
    /// The database is missing, or it cannot be looked at or opened.
    pub fn open(
        &self,
        data: &Path,
        shop: &Name,
        known: &BTreeSet<Name>,
        created: Option<&mut Created>,
    ) -> Result<Option<Arc<Database>>, Error> {
        let path = data::database(data, shop);
        let file = self.file(&path);
        let mut open = lock(&file);
        let database = open.upgrade();
        // One that cannot be looked at is not missing: nobody must be told to put another in its place.
        let there = path.try_exists();
        let there =
            there.map_err(|e| Error::host(&format!("the database {}", path.display()), e))?;
        match (database, there) {
            // What is written to it would be gone with its last user.
            (Some(_), false) => return Err(Error::Taken(path)),
            (Some(database), true) => return Ok(Some(database)),
            (None, false) if !known.is_empty() => {
                return Err(Error::Missing { plugins: known.iter().cloned().collect(), path });
            }
            (None, false) => match created {
                Some(created) => created.0 = Some(path.clone()),
                None => return Ok(None),
            },
            (None, true) => {}
        }
        let database = Database::open(&path, self.clock.clone()).map_err(Error::Database)?;
        *open = Arc::downgrade(&database);
        Ok(Some(database))
    }

    fn file(&self, path: &Path) -> Arc<File> {
        let mut files = lock(&self.files);
        // Those that are not open, and that nobody is about to open.
        files.retain(|_, file| Arc::strong_count(file) > 1 || lock(file).strong_count() > 0);
        files.entry(path.to_owned()).or_default().clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Created {
    /// The change was made: the file stays.
    pub fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        let Some(path) = &self.0 else { return };
        for suffix in ["", "-wal", "-shm"] {
            let mut file = path.clone().into_os_string();
            file.push(suffix);
            // What is not there need not be removed.
            let _ = std::fs::remove_file(file);
        }
        // The tenant's folder, unless there is something else in it.
        let _ = path.parent().map(std::fs::remove_dir);
    }
}

/// The file names of the migrations that a change makes, by installation.
pub(crate) type Migrations = BTreeMap<Name, Vec<String>>;

/// Makes the migrations that the database lacks for these generations, in one transaction that is not
/// committed yet; none when it has all, so that its writer is free again at once.
pub(crate) async fn migrate(
    database: &Arc<Database>,
    generations: &[Arc<Generation>],
) -> Result<(Option<Migrated>, Migrations), Error> {
    let mut wanted = Vec::new();
    for generation in generations {
        let migrations = &generation.program.description.migrations;
        if !migrations.is_empty() {
            let plugin = generation.installed.name.as_str().into();
            let max_bytes = u64::from(generation.installed.limits.database_mib) << 20;
            wanted.push(Steps { plugin, migrations, max_bytes });
        }
    }
    if wanted.is_empty() {
        return Ok((None, Migrations::new()));
    }
    let done = database.migrate(&wanted, MIGRATION_TIME).await.map_err(Error::Database)?;
    let mut names = Migrations::new();
    for generation in generations {
        let name = &generation.installed.name;
        if let Some(count) = done.applied().get(name.as_str()) {
            names.insert(name.clone(), last(&generation.program.description.migrations, *count));
        }
    }
    Ok(((!names.is_empty()).then_some(done), names))
}

/// The names of the last `count` of these migrations. They are numbered without gaps and made in
/// that order, so those that a database lacks are always the last ones.
pub(crate) fn last(migrations: &[Migration], count: usize) -> Vec<String> {
    let from = migrations.len().saturating_sub(count);
    migrations.iter().skip(from).map(|m| m.name.clone()).collect()
}

#[cfg(test)]
mod tests;

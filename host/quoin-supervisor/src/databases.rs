//! The databases of installations: one open at a time for each file, migrations, and the files that
//! a failed change made.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use quoin_core::description::Migration;
use quoin_core::manifest::HostInterface;
use quoin_core::shop::StoredShop;
use quoin_core::{Description, Name};
use quoin_storage::{Database, Migrated};

use crate::binding::Plugins;
use crate::data;
use crate::error::Error;

/// Time for the migrations of one plugin, waiting for its writer included. They hold up the
/// plugin's writing calls, so a schema change on much data belongs in several small ones.
const MIGRATION_TIME: Duration = Duration::from_secs(60);

/// The open databases of this host by file. A file has one at a time, whoever uses it: two would not
/// know of each other's writers.
#[derive(Default)]
pub(crate) struct Databases(Mutex<HashMap<PathBuf, Weak<Database>>>);

/// The databases of a shop by installation, with the bytes that each may grow to.
pub(crate) type Opened = BTreeMap<Name, (Arc<Database>, u64)>;

/// Database files that did not exist before. A change that fails takes them away again.
#[derive(Default)]
pub(crate) struct Created(Vec<PathBuf>);

impl Databases {
    /// Opens the databases of the shop's installations that keep data. One that does not exist is made
    /// and noted in `created`; without that, it is left out. Those of `known` must exist.
    ///
    /// # Errors
    /// Databases are missing whose installations had one: all are named, and none was opened. Or one
    /// cannot be looked at or opened.
    pub fn open(
        &self,
        data: &Path,
        shop: &StoredShop,
        plugins: &Plugins,
        known: &BTreeSet<Name>,
        mut created: Option<&mut Created>,
    ) -> Result<Opened, Error> {
        let mut open = self.0.lock().unwrap_or_else(|e| e.into_inner());
        open.retain(|_, database| database.strong_count() > 0);
        let (mut wanted, mut missing) = (Vec::new(), Vec::new());
        for (name, installation) in &shop.plugins {
            let Some(description) = plugins.get(name).filter(|d| keeps_data(d)) else { continue };
            let limits = installation.limits.apply(description.manifest.limits);
            let bytes = u64::from(limits.database_mib) << 20;
            let path = data::database(data, &shop.name, name);
            let database = open.get(&path).and_then(Weak::upgrade);
            let there = exists(name, &path)?;
            if database.is_some() && !there {
                // What is written to it would be gone with its last user.
                return Err(Error::Taken(name.clone(), path));
            }
            match there || !known.contains(name) {
                true => wanted.push((name, path, bytes, database, there)),
                false => missing.push((name.clone(), path)),
            }
        }
        if !missing.is_empty() {
            return Err(Error::Missing(missing));
        }
        let mut opened = Opened::new();
        for (name, path, bytes, database, there) in wanted {
            let database = match database {
                Some(database) => database,
                None => {
                    if !there {
                        let Some(created) = &mut created else { continue };
                        created.0.push(path.clone());
                    }
                    let database = Database::open(&path, bytes).map_err(|e| failed(name, e))?;
                    open.insert(path, Arc::downgrade(&database));
                    database
                }
            };
            opened.insert(name.clone(), (database, bytes));
        }
        Ok(opened)
    }
}

impl Created {
    /// The change was made: the files stay.
    pub fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        for path in &self.0 {
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
}

/// Whether there is such a file. One that cannot be looked at is not missing: nobody must be told to
/// put another in its place.
fn exists(name: &Name, path: &Path) -> Result<bool, Error> {
    let there = path.try_exists();
    there.map_err(|e| Error::host(&format!("{name}: its database {}", path.display()), e))
}

/// Makes the migrations that the database does not have yet; none when it has all, so that its writer
/// is free again at once.
pub(crate) async fn migrate(
    name: &Name,
    database: &Arc<Database>,
    migrations: &[Migration],
) -> Result<Option<Migrated>, Error> {
    let done = database.migrate(migrations, Instant::now() + MIGRATION_TIME).await;
    let done = done.map_err(|e| failed(name, e))?;
    Ok((done.applied() > 0).then_some(done))
}

/// The names of the last `count` of these migrations. They are numbered without gaps and made in
/// that order, so those that a database lacks are always the last ones.
pub(crate) fn last(migrations: &[Migration], count: usize) -> Vec<String> {
    let from = migrations.len().saturating_sub(count);
    migrations.iter().skip(from).map(|m| m.name.clone()).collect()
}

pub(crate) fn failed(plugin: &Name, error: quoin_storage::Error) -> Error {
    Error::Database { plugin: plugin.to_string(), error }
}

/// Whether installations of this bundle have a database.
pub(crate) fn keeps_data(description: &Description) -> bool {
    description.manifest.host.contains(&HostInterface::Sql)
}

//! One shop's database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quoin_core::Clock;

use crate::base::{Base, Bell};
use crate::blocking::{beside, blocking};
use crate::changes::Changes;
use crate::checkpoint;
use crate::connection::{Opener, PAGE_BYTES, Role};
use crate::migration::{self, Migrated, Steps};
use crate::owners::{self, Owners};
use crate::pool::Readers;
use crate::spill;
use crate::tables;
use crate::texts::Texts;
use crate::turn::{Held, Turn};
use crate::usage;
use crate::writer::Writer;
use crate::{Error, Transaction};

/// Bytes of the WAL file at which the next writer tries to start it again from its beginning, for
/// which it needs a moment without readers. As long as readers overlap, SQLite cannot do it by
/// itself, and the file would grow forever.
const WAL_BYTES_MAX: u64 = 64 << 20;
/// Bytes of the WAL file from which each writer waits longer for that moment.
const WAL_BYTES_HARD_MAX: u64 = 512 << 20;
/// How long: readers that are under way have ended then, or hold up all writing to one request in this
/// time, so that the file grows no more than the disk can bear until they have.
const WAL_PATIENCE_HARD: Duration = Duration::from_secs(1);
/// How long a writer waits for the moment before that. Readers that are under way are done by then,
/// most of the time, and those that come wait for the writer.
const WAL_PATIENCE: Duration = Duration::from_millis(100);

/// The database of one shop: one file with the tables of all its plugins, one writer at a time,
/// several readers beside it. Open a file once and share it: turns are given out within one
/// `Database`, not between two.
pub struct Database {
    pub(crate) base: Arc<Base>,
    wal: PathBuf,
}

impl Database {
    /// Opens the database at `path`, creating it and its folder if they do not exist. Blocks the thread
    /// while it opens the file and recovers what a crash left behind.
    ///
    /// # Errors
    /// The folder or file cannot be created, or the file is not a database.
    pub fn open(path: &Path, clock: Clock) -> Result<Arc<Database>, Error> {
        spill::warn_where_nothing_is_told();
        create_folder_of(path)?;
        let owners = Arc::new(Owners::default());
        let opener = Opener::new(path, Arc::clone(&owners), clock.clone());
        let connection = opener.open(Role::Writer)?;
        let wal = opener.wal().to_owned();
        let tables = connection.as_host(|sqlite| {
            sqlite.execute_batch(owners::SCHEMA)?;
            for own in [tables::LATER, tables::ONCE, tables::FILES] {
                sqlite.execute_batch(own)?;
            }
            owners::recorded(sqlite)
        });
        owners.add(&tables.map_err(|error| Error::sqlite(path, error))?);
        let changes = Arc::<Changes>::default();
        let parts = (opener.clone(), Arc::clone(&changes));
        let writer = Writer::new(path.to_owned(), parts, clock.clone(), connection);
        let (readers, path, texts) = (Readers::new(opener), path.to_owned(), Texts::default());
        let (statistics, checkpoints, bell, files, unkept) = Default::default();
        let base = Base {
            path,
            clock,
            owners,
            writer,
            readers,
            texts,
            changes,
            statistics,
            checkpoints,
            bell,
            files,
            unkept,
        };
        Ok(Arc::new(Database { base: Arc::new(base), wal }))
    }

    /// A transaction that reads and writes. Waits for the turn at the one writer.
    ///
    /// # Errors
    /// [`Error::Deadline`] when the turn did not come in time, [`Error::Overloaded`] when too many
    /// requests of the plugin wait already, or the database cannot begin.
    pub async fn write(self: &Arc<Self>, turn: Turn<'_>) -> Result<Transaction, Error> {
        let mut seat = self.base.writer.turn(&turn).await?;
        let bytes = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        if bytes > WAL_BYTES_MAX && !seat.is_shared() {
            let patience = match bytes > WAL_BYTES_HARD_MAX {
                true => WAL_PATIENCE_HARD,
                false => WAL_PATIENCE,
            };
            let soon = turn.deadline.min(self.base.clock.instant() + patience);
            match self.base.readers.all_turns(soon).await {
                Ok(nobody_reads) => {
                    let restart = move || {
                        let _nobody_reads = nobody_reads;
                        seat.restart_wal().map(|()| seat)
                    };
                    seat = beside(turn.deadline, restart).await?;
                }
                // There is no such moment: the next writer tries again, and has less to take then.
                Err(_) => checkpoint::soon(&self.base, bytes),
            }
        } else {
            checkpoint::soon(&self.base, bytes);
        }
        Transaction::writing(Arc::clone(&self.base), seat, &turn)
    }

    /// A transaction that reads one snapshot, beside the writer and other readers.
    ///
    /// # Errors
    /// [`Error::Deadline`] when no reader was free in time, [`Error::Overloaded`] when too many wait
    /// already, or the database cannot begin.
    pub async fn read(self: &Arc<Self>, deadline: Instant) -> Result<Transaction, Error> {
        let (connection, permit) = self.base.readers.take(deadline).await?;
        Transaction::reading(Arc::clone(&self.base), connection, permit)
    }

    /// Applies those of the plugins' migrations that this database does not have yet, all in one
    /// transaction that stays open: nothing is changed until [`Migrated::commit`].
    ///
    /// # Errors
    /// [`Error::Migration`] names the migration that was changed after it was applied, is missing,
    /// or fails; and as for [`Database::write`].
    pub async fn migrate(
        self: &Arc<Self>,
        plugins: &[Steps<'_>],
        limit: Duration,
    ) -> Result<Migrated, Error> {
        let (host, function) = (Arc::from("quoin"), Arc::from("migrate"));
        let deadline = self.base.clock.instant() + limit;
        let turn = Turn { plugin: &host, function: &function, limit, alone: true, deadline };
        let transaction = self.write(turn).await?;
        blocking(|| migration::apply(transaction, plugins, deadline))
    }

    /// Bytes that the tables of `plugin` take.
    ///
    /// # Errors
    /// No reader is free in time, or the database fails.
    pub async fn bytes_of(
        self: &Arc<Self>,
        plugin: &Arc<str>,
        limit: Duration,
    ) -> Result<u64, Error> {
        let pages = self.look(limit, |sqlite| usage::pages(sqlite, plugin)).await?;
        Ok(pages.saturating_mul(PAGE_BYTES))
    }

    /// Reads for the host, with a connection that is free within this time.
    pub(crate) async fn look<T>(
        self: &Arc<Self>,
        limit: Duration,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let deadline = self.base.clock.instant() + limit;
        let (connection, _permit) = self.base.readers.take(deadline).await?;
        let seen = blocking(|| connection.as_host(work));
        self.base.readers.give_back(connection);
        seen.map_err(|error| Error::sqlite(&self.base.path, error))
    }

    /// Has `before` called before a later call is recorded, which fails if that fails, and `after` when some
    /// are durable, with the time at which the first of them is due. Who asked first for this stays.
    pub fn tell_of_later(
        &self,
        before: impl Fn() -> Result<(), String> + Send + Sync + 'static,
        after: impl Fn(u64) + Send + Sync + 'static,
    ) {
        let bell = Bell { before: Box::new(before), after: Box::new(after) };
        let _ = self.base.bell.set(bell);
    }

    /// How long the requests of `plugin` had the writer since this database was opened.
    pub fn held(&self, plugin: &str) -> Held {
        self.base.writer.held(plugin)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.base.path
    }
}

/// Creates the folder that `path` is in, so that it survives a power failure.
pub(crate) fn create_folder_of(path: &Path) -> Result<(), Error> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    if folder.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    // SQLite syncs the folder of its files, not the folder above.
    match folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        Some(above) => std::fs::File::open(above)
            .and_then(|above| above.sync_all())
            .map_err(|e| Error::io(above, e)),
        None => Ok(()),
    }
}

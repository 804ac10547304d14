//! One installation's database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use quoin_core::description::Migration;
use tokio::sync::OwnedSemaphorePermit;

use crate::blocking::blocking;
use crate::connection::{Connection, Role};
use crate::pool::Pool;
use crate::{Error, Migrated, Transaction, migration};

/// Readers at once. Each costs up to two megabytes of page cache; a call holds its reader until it
/// is done, also while it waits for another plugin.
const READERS_MAX: u32 = 8;
/// Bytes of the WAL file at which the next writer waits for a moment without readers. As long as
/// readers overlap, SQLite cannot start the file again from its beginning, and it would grow forever.
const WAL_BYTES_MAX: u64 = 64 << 20;

/// The database of one installation: one file, one writer at a time, several readers beside it.
/// Open a file once and share it: turns are given out within one `Database`, not between two.
pub struct Database {
    path: PathBuf,
    wal: PathBuf,
    writer: Pool,
    readers: Pool,
}

impl Database {
    /// Opens the database at `path`, creating it and its folder if they do not exist. It grows to at
    /// most `max_bytes`. Blocks the thread while it opens the file.
    ///
    /// # Errors
    /// The folder or file cannot be created, or the file is not a database.
    pub fn open(path: &Path, max_bytes: u64) -> Result<Arc<Database>, Error> {
        create_folder_of(path)?;
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let pool = |role, size| Pool::new(path.to_owned(), role, size, max_bytes);
        let database = Database {
            path: path.to_owned(),
            wal: wal.into(),
            writer: pool(Role::Writer, 1),
            readers: pool(Role::Reader, READERS_MAX),
        };
        // The first connection creates the file and recovers what a crash left in the WAL.
        database.writer.give_back(Connection::open(path, Role::Writer, max_bytes)?);
        Ok(Arc::new(database))
    }

    /// A transaction that reads and writes. Waits for the one writer, first come, first served.
    ///
    /// # Errors
    /// [`Error::Deadline`] when the turn did not come in time, [`Error::Overloaded`] when too many
    /// wait already, or SQLite cannot begin.
    pub async fn write(self: &Arc<Self>, deadline: Instant) -> Result<Transaction, Error> {
        let permit = self.writer.turn(deadline).await?;
        if std::fs::metadata(&self.wal).is_ok_and(|file| file.len() > WAL_BYTES_MAX) {
            self.restart_wal(deadline).await?;
        }
        self.begin(Role::Writer, permit, deadline)
    }

    /// A transaction that reads one snapshot, beside the writer and other readers.
    ///
    /// # Errors
    /// As for [`Database::write`].
    pub async fn read(self: &Arc<Self>, deadline: Instant) -> Result<Transaction, Error> {
        let permit = self.readers.turn(deadline).await?;
        self.begin(Role::Reader, permit, deadline)
    }

    /// Applies those of `migrations` that this database does not have yet, in a transaction that
    /// stays open: nothing is changed until [`Migrated::commit`].
    ///
    /// # Errors
    /// [`Error::Migration`] names the migration that was changed after it was applied, is missing,
    /// or fails; and as for [`Database::write`].
    pub async fn migrate(
        self: &Arc<Self>,
        migrations: &[Migration],
        deadline: Instant,
    ) -> Result<Migrated, Error> {
        let transaction = self.write(deadline).await?;
        blocking(|| migration::apply(transaction, migrations, deadline))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the file grow to at most `max_bytes`, from the next call on.
    pub fn set_max_bytes(&self, max_bytes: u64) {
        self.writer.set_max_bytes(max_bytes);
        self.readers.set_max_bytes(max_bytes);
    }

    pub(crate) fn pool(&self, role: Role) -> &Pool {
        match role {
            Role::Writer => &self.writer,
            Role::Reader => &self.readers,
        }
    }

    fn begin(
        self: &Arc<Self>,
        role: Role,
        permit: OwnedSemaphorePermit,
        deadline: Instant,
    ) -> Result<Transaction, Error> {
        let connection = self.pool(role).take()?;
        Transaction::begin(Arc::clone(self), connection, role, permit, deadline)
    }

    /// The caller holds the writer's permit.
    async fn restart_wal(&self, deadline: Instant) -> Result<(), Error> {
        let _nobody_reads = self.readers.all_turns(deadline).await?;
        let connection = self.writer.take()?;
        let checkpoint =
            |sqlite: &rusqlite::Connection| sqlite.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
        blocking(|| connection.as_host(checkpoint)).map_err(|e| Error::sqlite(&self.path, e))?;
        self.writer.give_back(connection);
        Ok(())
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

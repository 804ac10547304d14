//! The control database: which tenants there are and what each is made of.

mod error;
mod keys;
mod revisions;
mod schema;
mod secrets;
mod tenants;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::Error;
use crate::connection::{Role, open_sqlite};
use crate::database::create_folder_of;

pub use error::ControlError;
pub use keys::KeyRow;
pub use revisions::RevisionRow;
pub use secrets::SecretRow;
pub use tenants::{TenantRow, TenantSummary};

/// The control database of a host. Every method blocks its thread for the time of a transaction;
/// one that changes something returns when the change is durable.
pub struct Control {
    path: PathBuf,
    sqlite: Mutex<Connection>,
}

impl Control {
    /// Opens the control database at `path`, creating it and its folder if they do not exist.
    ///
    /// # Errors
    /// The file cannot be created, is damaged, or was written by a newer version.
    pub fn open(path: &Path) -> Result<Control, Error> {
        create_folder_of(path)?;
        let mut sqlite =
            open_sqlite(path, Role::Writer).map_err(|error| Error::sqlite(path, error))?;
        schema::bring_up(&mut sqlite, path)?;
        Ok(Control { path: path.to_owned(), sqlite: Mutex::new(sqlite) })
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let sqlite = self.sqlite.lock().unwrap_or_else(PoisonError::into_inner);
        work(&sqlite).map_err(|error| Error::sqlite(&self.path, error))
    }

    /// One transaction: all of `work`, or nothing when it fails.
    fn change<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, ControlError> {
        let mut sqlite = self.sqlite.lock().unwrap_or_else(PoisonError::into_inner);
        let result = (|| {
            let transaction = sqlite.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })();
        result.map_err(|failure| match failure {
            Failure::Sqlite(error) => ControlError::Storage(Error::sqlite(&self.path, error)),
            Failure::Refused(error) => error,
        })
    }
}

/// Why a change was not made.
enum Failure {
    Sqlite(rusqlite::Error),
    Refused(ControlError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Sqlite(error)
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Failure {
        Failure::Refused(error)
    }
}

/// SQLite has no unsigned integers; times and revision numbers stay far below the difference.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A column of text that was checked before it was stored.
fn parsed<T>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error| {
        let text = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(column, text, Box::new(error))
    })
}

//! What can go wrong, for the guest and for the host.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{ErrorCode, ffi};

use crate::authorizer::READ_ONLY;

/// Which constraint a statement would have broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// UNIQUE or PRIMARY KEY: there is already such a row.
    Unique,
    /// FOREIGN KEY: the row that it refers to does not exist, or a row that is referred to would go.
    ForeignKey,
    /// CHECK.
    Check,
    /// NOT NULL.
    NotNull,
    /// Any other, e.g. the type of a column of a STRICT table.
    Other,
}

/// Why a statement failed, told to the plugin that sent it. It changed nothing, and the transaction can
/// go on, unless the database had to roll back; then every later statement and the commit fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The data would break a constraint; the statement changed nothing.
    #[error("{message}")]
    Constraint {
        /// Which one.
        kind: ConstraintKind,
        /// SQLite's sentence, with table and column.
        message: String,
    },
    /// The statement does what a plugin may not.
    #[error("not allowed: {0}")]
    Denied(String),
    /// The statement cannot be compiled, or its parameters do not fit it.
    #[error("{0}")]
    Syntax(String),
    /// The statement, a value or the result is beyond a limit, which is named.
    #[error("too large: {0}")]
    TooLarge(String),
    /// The call's deadline came before the statement was done.
    #[error("the statement was not done before the deadline of the call")]
    Timeout,
    /// The plugin's tables have reached their largest size, or the disk is full.
    #[error(
        "there is no room: remove data, raise the installation's database-mib, or free space on the disk"
    )]
    Full,
    /// Anything else, in SQLite's words.
    #[error("{0}")]
    Other(String),
}

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> SqlError {
        let (failure, message) = match error {
            rusqlite::Error::SqliteFailure(failure, message) => {
                (failure, message.unwrap_or_else(|| failure.to_string()))
            }
            rusqlite::Error::SqlInputError { msg, offset, .. } => {
                return SqlError::Syntax(format!("{msg}, at byte {offset} of the statement"));
            }
            rusqlite::Error::MultipleStatement => {
                return SqlError::Denied("more than one statement in a call".into());
            }
            other => return SqlError::Other(other.to_string()),
        };
        match failure.code {
            ErrorCode::ConstraintViolation => {
                SqlError::Constraint { kind: constraint_kind(failure.extended_code), message }
            }
            ErrorCode::TypeMismatch => {
                SqlError::Constraint { kind: ConstraintKind::Other, message }
            }
            ErrorCode::AuthorizationForStatementDenied => SqlError::Denied(message),
            ErrorCode::ReadOnly => SqlError::Denied(READ_ONLY.into()),
            ErrorCode::OperationInterrupted => SqlError::Timeout,
            ErrorCode::DiskFull => SqlError::Full,
            ErrorCode::TooBig => SqlError::TooLarge(message),
            ErrorCode::OutOfMemory => {
                SqlError::TooLarge("the statement needs more memory than there is for SQL".into())
            }
            _ => SqlError::Other(message),
        }
    }
}

fn constraint_kind(extended_code: i32) -> ConstraintKind {
    match extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => ConstraintKind::Unique,
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => ConstraintKind::ForeignKey,
        ffi::SQLITE_CONSTRAINT_CHECK => ConstraintKind::Check,
        ffi::SQLITE_CONSTRAINT_NOTNULL => ConstraintKind::NotNull,
        _ => ConstraintKind::Other,
    }
}

/// Why the host could not do with a database what it wanted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The later call that was to be done was dropped, or another one was asked for in its place.
    #[error("the later call was dropped or replaced")]
    Gone,
    /// Too many requests wait for this database already; come back later.
    #[error("too many requests wait for the database; try again in a moment")]
    Overloaded,
    /// The deadline came while waiting for a turn.
    #[error("the deadline came while waiting for the database")]
    Deadline,
    /// The request had the writer for as long as its limit allows; nothing of it was kept.
    #[error(
        "the request had the database's writer for longer than its limit write-ms; do long work in slices, or raise the limit"
    )]
    WriterLimit,
    /// The transaction was lost through another one, and nothing of it was kept: it can be run again.
    #[error("the transaction was lost; try again")]
    Lost,
    /// A plugin's tables have reached their largest size, or the disk is full.
    #[error("{} is full: free space on the disk, or raise the limit database-mib", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The file is no SQLite database, or it is damaged.
    #[error("{} is damaged or is not a database ({message}): restore it from a backup, or put an empty file in its place to start without data", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// SQLite's sentence.
        message: String,
    },
    /// A file was written by a newer version of this program.
    #[error("{} has format {found}, this version knows formats up to {known}: use the newer version that wrote it", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// A migration cannot be applied; nothing was changed.
    #[error("{plugin}: migration {number} ({name}): {message}")]
    Migration {
        /// The plugin.
        plugin: String,
        /// Its number.
        number: u32,
        /// Its file name.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// The transaction had failed before, so nothing of it was kept.
    #[error("nothing was committed: {0}")]
    RolledBack(String),
    /// A file or folder could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: Arc<io::Error>,
    },
    /// Any other failure of SQLite.
    #[error("{}: {message}", .path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's sentence.
        message: String,
    },
}

impl Error {
    pub(crate) fn sqlite(path: &Path, error: rusqlite::Error) -> Error {
        let (path, message) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Error::Corrupt { path, message }
            }
            Some(ErrorCode::DiskFull) => Error::Full { path },
            _ => Error::Sqlite { path, message },
        }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Error {
        Error::Io { path: path.to_owned(), source: Arc::new(source) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some("why".into()))
    }

    #[test]
    fn a_plugin_is_told_each_fault_of_sqlite_in_its_own_words() {
        let why = || "why".to_owned();
        let other = SqlError::Constraint { kind: ConstraintKind::Other, message: why() };
        for (code, told) in [
            (ffi::SQLITE_CONSTRAINT, other.clone()),
            (ffi::SQLITE_MISMATCH, other),
            (ffi::SQLITE_AUTH, SqlError::Denied(why())),
            (ffi::SQLITE_READONLY, SqlError::Denied(READ_ONLY.into())),
            (ffi::SQLITE_INTERRUPT, SqlError::Timeout),
            (ffi::SQLITE_FULL, SqlError::Full),
            (ffi::SQLITE_TOOBIG, SqlError::TooLarge(why())),
            (ffi::SQLITE_IOERR, SqlError::Other(why())),
        ] {
            assert_eq!(SqlError::from(failure(code)), told);
        }
        let memory = SqlError::from(failure(ffi::SQLITE_NOMEM));
        assert!(matches!(memory, SqlError::TooLarge(why) if why.contains("memory")));
    }

    #[test]
    fn the_host_tells_a_full_disk_from_a_damaged_file_and_from_the_rest() {
        let told = |code| Error::sqlite(Path::new("shop.db"), failure(code)).to_string();
        assert!(told(ffi::SQLITE_FULL).starts_with("shop.db is full"));
        assert!(told(ffi::SQLITE_CORRUPT).starts_with("shop.db is damaged"));
        assert!(told(ffi::SQLITE_NOTADB).starts_with("shop.db is damaged"));
        assert_eq!(told(ffi::SQLITE_IOERR), "shop.db: why");
    }
}

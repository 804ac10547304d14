//! The database: connections that read, and the one that writes.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use rusqlite::Connection;

/// Compiled statements that a connection keeps: more than there are.
const STATEMENTS: usize = 64;

/// Why a request does not get what it asks for.
pub enum Fault {
    /// There is no such thing.
    Missing,
    /// It lacks something, or has something impossible.
    Invalid(&'static str),
    /// It does not fit what has happened meanwhile.
    Conflict(&'static str),
    /// The server's fault.
    Broken(anyhow::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        Fault::Broken(error.into())
    }
}

impl From<anyhow::Error> for Fault {
    fn from(error: anyhow::Error) -> Fault {
        Fault::Broken(error)
    }
}

/// A database with its connections.
pub struct Database {
    path: PathBuf,
    /// Those that read and that nobody uses.
    idle: Mutex<Vec<Connection>>,
    /// First come, first served.
    writer: tokio::sync::Mutex<Connection>,
}

impl Database {
    /// Opens the database.
    pub fn open(path: PathBuf) -> Result<Database> {
        let writer = connection(&path, "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL")?;
        Ok(Database { path, idle: Mutex::default(), writer: tokio::sync::Mutex::new(writer) })
    }

    /// Reads with a connection of this request's own.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => connection(&self.path, "PRAGMA query_only = ON")?,
        };
        let result = work(&connection)?;
        idle().push(connection);
        Ok(result)
    }

    /// Does the work in a transaction, and commits it if it succeeds.
    pub async fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut writer = self.writer.lock().await;
        tokio::task::block_in_place(|| {
            let transaction = writer.transaction()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }
}

fn connection(path: &Path, pragmas: &str) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch("PRAGMA journal_mode = WAL")?;
    connection.execute_batch(pragmas)?;
    Ok(connection)
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// An id that nobody has.
pub fn id(sqlite: &Connection, kind: &str) -> Result<String, Fault> {
    let mut random = sqlite.prepare_cached("SELECT lower(hex(randomblob(16)))")?;
    let random: String = random.query_row([], |row| row.get(0))?;
    Ok(format!("{kind}_{random}"))
}

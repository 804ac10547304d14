//! One SQLite connection: how it is opened, what bounds it, and whose statements it runs.

use std::path::Path;
use std::time::Duration;

use quoin_core::limits::SQL_PARAMS_MAX;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

use crate::authorizer::{Mode, Rules};
use crate::watch::Watch;
use crate::{Error, functions};

/// Bytes of a page, SQLite's default: what file systems and disks write at once.
pub(crate) const PAGE_BYTES: u64 = 4_096;
/// Prepared statements kept by a connection: more than a plugin has, at some kilobytes each.
const STATEMENTS_KEPT: usize = 64;
/// Bytes of a value and of a row. A statement makes several values at once, and looks at the clock
/// only between them; larger things belong into files.
pub(crate) const VALUE_BYTES_MAX: usize = 1 << 20;
/// How long SQLite waits for a lock of the file. The host hands out its one writer itself, so only
/// another process that looks into the file (a backup) is ever waited for.
const BUSY: Duration = Duration::from_millis(500);

/// What SQLite must never go beyond, whatever the statement.
const LIMITS: [(Limit, i32); 11] = [
    (Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX as i32),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, SQL_PARAMS_MAX as i32),
    // Each column of a result may hold a value of the largest size at once.
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    // The code for expressions is generated recursively, on the stack of a runtime thread.
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
    (Limit::SQLITE_LIMIT_PARSER_DEPTH, 500),
    // So is that for the parts of a UNION. A VALUES list is not one of them.
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50),
    // Compiling is not interrupted; this many instructions take milliseconds.
    (Limit::SQLITE_LIMIT_VDBE_OP, 250_000),
    // No function that is allowed needs more, but for concat.
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 50),
    // Matching looks at each character of the text as often as the pattern has characters.
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
    // A database is alone.
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    // A statement has the thread of its call, no more.
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

/// Settings of every connection.
///
/// - WAL lets readers go on beside the writer; FULL makes a commit durable when it returns.
/// - Memory: the page cache is bounded for each connection, and what a statement sorts or gathers
///   beyond that goes to temporary files. The heap limits are SQLite's own and for the whole process:
///   at the soft one caches stop growing; the hard one is a last resort, at which a statement fails
///   instead of the host.
/// - LIKE tells upper from lower case, as it does in PostgreSQL.
/// - The WAL file is cut back to `journal_size_limit` when it starts again from its beginning.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA mmap_size = 0;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = FILE;
    PRAGMA cache_size = -2000;
    PRAGMA soft_heap_limit = 536870912;
    PRAGMA hard_heap_limit = 2147483648;
    PRAGMA journal_size_limit = 8388608;
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA case_sensitive_like = ON;
";

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one connection that writes.
    Writer,
    /// One of several that read snapshots.
    Reader,
}

/// What begins and ends a transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Frame {
    Begin,
    /// Takes the writer's lock of the file at once.
    BeginImmediate,
    Commit,
    Rollback,
}

/// What begins each of the host's statements that stay compiled. A connection finds compiled
/// statements by their text and does not ask again what they may do, so no guest may send this.
const HOSTS: &str = "/* host */";

impl Frame {
    fn sql(self) -> &'static str {
        match self {
            Frame::Begin => "/* host */ BEGIN",
            Frame::BeginImmediate => "/* host */ BEGIN IMMEDIATE",
            Frame::Commit => "/* host */ COMMIT",
            Frame::Rollback => "/* host */ ROLLBACK",
        }
    }
}

/// Whether this text could be that of one of the host's compiled statements.
pub(crate) fn is_hosts(sql: &str) -> bool {
    sql.contains(HOSTS)
}

/// A connection that holds guests to their rules.
pub(crate) struct Connection {
    pub(crate) sqlite: rusqlite::Connection,
    pub(crate) rules: Rules,
    pub(crate) watch: Watch,
    max_bytes: u64,
}

impl Connection {
    /// Opens `path`, which the writer creates when it does not exist. The file grows to at most
    /// `max_bytes`, not counting the WAL file beside it.
    pub(crate) fn open(path: &Path, role: Role, max_bytes: u64) -> Result<Connection, Error> {
        Connection::try_open(path, role, max_bytes).map_err(|error| Error::sqlite(path, error))
    }

    fn try_open(path: &Path, role: Role, max_bytes: u64) -> rusqlite::Result<Connection> {
        let mut sqlite = open_sqlite(path, role)?;
        match role {
            Role::Writer => {
                let pages = i64::try_from((max_bytes / PAGE_BYTES).max(1)).unwrap_or(i64::MAX);
                sqlite.execute_batch(&format!(
                    "PRAGMA max_page_count = {}",
                    pages.min(0xffff_fffe)
                ))?;
            }
            Role::Reader => sqlite.execute_batch("PRAGMA query_only = ON")?,
        }
        for (limit, most) in LIMITS {
            sqlite.set_limit(limit, most)?;
        }
        sqlite.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        let mode = if role == Role::Writer { Mode::Write } else { Mode::Read };
        functions::install(&sqlite)?;
        let rules = Rules::install(&mut sqlite, mode)?;
        let watch = Watch::install(&mut sqlite)?;
        Ok(Connection { sqlite, rules, watch, max_bytes })
    }

    /// The size that the file may grow to, as it was when the connection was opened.
    pub(crate) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// Begins or ends a transaction, by a statement that is compiled once.
    pub(crate) fn frame(&self, statement: Frame) -> rusqlite::Result<()> {
        self.as_host(|sqlite| {
            let mut statement = sqlite.prepare_cached(statement.sql())?;
            statement.execute([]).map(drop)
        })
    }

    /// Runs the host's own statements, which no rule holds back. Only those that begin with [`HOSTS`]
    /// may stay compiled: a guest that sends the same text as another would get it.
    pub(crate) fn as_host<T>(&self, work: impl FnOnce(&rusqlite::Connection) -> T) -> T {
        self.watch.off();
        let mode = self.rules.switch(Mode::Host);
        let result = work(&self.sqlite);
        self.rules.switch(mode);
        result
    }
}

/// A connection with everything off that nobody here needs.
pub(crate) fn open_sqlite(path: &Path, role: Role) -> rusqlite::Result<rusqlite::Connection> {
    let create = match role {
        Role::Writer => OpenFlags::SQLITE_OPEN_CREATE,
        Role::Reader => OpenFlags::empty(),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let sqlite = rusqlite::Connection::open_with_flags(path, flags)?;
    sqlite.busy_timeout(BUSY)?;
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
    ] {
        sqlite.set_db_config(config, on)?;
    }
    sqlite.execute_batch(SETTINGS)?;
    Ok(sqlite)
}

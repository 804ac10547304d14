//! One SQLite connection: how it is opened, what bounds it, and whose statements it runs.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use quoin_core::Clock;
use quoin_core::limits::SQL_PARAMS_MAX;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

use crate::authorizer::{Mode, Rules};
use crate::owners::Owners;
use crate::spill::{Meter, Spilled};
use crate::value::VALUE_BYTES_MAX;
use crate::watch::Watch;
use crate::{Error, functions};

/// Bytes of a page, SQLite's default: what file systems and disks write at once.
pub(crate) const PAGE_BYTES: u64 = 4_096;
/// Compiled statements kept by a connection: what the plugins of a shop run often, some twenty each,
/// at some kilobytes.
const STATEMENTS_KEPT: usize = 256;
/// Bytes of compiled statements kept by a connection. What the plugins of a shop run often takes some two
/// megabytes; one that compiles many large ones makes all of its shop compile anew, and nobody else.
const STATEMENT_BYTES_KEPT: usize = 8 << 20;
/// Pages that a file can have at all.
const PAGES_MAX: u64 = 0xffff_fffe;
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
///   beyond that goes to temporary files. So are the statements that stay compiled. There is no limit
///   for the process, which would let one shop starve all others.
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
    PRAGMA journal_size_limit = 16777216;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA case_sensitive_like = ON;
";

/// Pages that an import changes lie all over a large file. What does not fit into the cache is written to
/// the WAL each time that it changes, and read again. What is committed is taken from there into the
/// database in turns of the host's own, and not within a commit.
const WRITER: &str = "PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 0";

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one connection that writes.
    Writer,
    /// One of several that read snapshots.
    Reader,
}

/// What begins and ends a transaction, or a part of one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Frame {
    Begin,
    /// Takes the writer's lock of the file at once.
    BeginImmediate,
    Commit,
    Rollback,
}

/// A part of a transaction that can be undone alone: a request behind others (0), or a call at a
/// depth of its request's tree (1 and more).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part(pub u32);

/// What begins each of the host's statements that stay compiled. A connection finds compiled
/// statements by their text and does not ask again what they may do; what a plugin sends begins with
/// its name in the same place, so that it can neither be the host's nor another plugin's.
const HOSTS: &str = "/*!*/";

impl Frame {
    fn sql(self) -> &'static str {
        match self {
            Frame::Begin => "/*!*/BEGIN",
            Frame::BeginImmediate => "/*!*/BEGIN IMMEDIATE",
            Frame::Commit => "/*!*/COMMIT",
            Frame::Rollback => "/*!*/ROLLBACK",
        }
    }
}

/// Pages of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pages {
    /// All of them.
    pub of_file: u64,
    /// Those that hold something.
    pub used: u64,
}

impl Pages {
    /// Those that hold nothing.
    pub fn free(self) -> u64 {
        self.of_file.saturating_sub(self.used)
    }
}

/// A connection that holds guests to their rules.
pub(crate) struct Connection {
    pub(crate) sqlite: rusqlite::Connection,
    pub(crate) rules: Rules,
    pub(crate) watch: Watch,
    /// Pages that the file may grow to, as it was last set.
    pages_max: Cell<u64>,
    /// Bytes of the statements that were compiled since all were last forgotten.
    compiled: Cell<usize>,
}

/// What opens the connections to a file.
#[derive(Clone)]
pub(crate) struct Opener {
    path: PathBuf,
    wal: PathBuf,
    owners: Arc<Owners>,
    spilled: Arc<Spilled>,
    clock: Clock,
}

impl Opener {
    /// Opens connections to the file at `path`. What its tables may be used by is asked of `owners`.
    pub(crate) fn new(path: &Path, owners: Arc<Owners>, clock: Clock) -> Opener {
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let (path, wal, spilled) = (path.to_owned(), wal.into(), Arc::default());
        Opener { path, wal, owners, spilled, clock }
    }

    /// The WAL file.
    pub(crate) fn wal(&self) -> &Path {
        &self.wal
    }

    /// Opens a connection. The writer creates the file when it does not exist.
    pub(crate) fn open(&self, role: Role) -> Result<Connection, Error> {
        self.try_open(role).map_err(|error| Error::sqlite(&self.path, error))
    }

    fn try_open(&self, role: Role) -> rusqlite::Result<Connection> {
        let mut sqlite = open_sqlite(&self.path, role)?;
        match role {
            Role::Reader => sqlite.execute_batch("PRAGMA query_only = ON")?,
            Role::Writer => sqlite.execute_batch(WRITER)?,
        }
        for (limit, most) in LIMITS {
            sqlite.set_limit(limit, most)?;
        }
        sqlite.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        functions::install(&sqlite)?;
        let rules = Rules::install(&mut sqlite, Arc::clone(&self.owners))?;
        let wal = (role == Role::Writer).then(|| self.wal.clone());
        let meter = Meter::new(Arc::clone(&self.spilled), wal);
        let watch = Watch::install(&mut sqlite, self.clock.clone(), meter)?;
        let (pages_max, compiled) = (Cell::new(PAGES_MAX), Cell::new(0));
        Ok(Connection { sqlite, rules, watch, pages_max, compiled })
    }
}

impl Connection {
    /// A statement that stays compiled was compiled, to so many bytes: forgets all before they are too many.
    pub(crate) fn compiled(&self, bytes: usize) {
        let all = self.compiled.get().saturating_add(bytes);
        if all <= STATEMENT_BYTES_KEPT {
            return self.compiled.set(all);
        }
        self.sqlite.flush_prepared_statement_cache();
        self.compiled.set(bytes);
    }

    /// Whether SQLite has rolled back by itself, or no transaction was begun.
    pub(crate) fn is_idle(&self) -> bool {
        self.sqlite.is_autocommit()
    }

    /// Begins or ends a transaction, by a statement that is compiled once.
    pub(crate) fn frame(&self, statement: Frame) -> rusqlite::Result<()> {
        self.run(statement.sql())
    }

    /// Begins a part.
    pub(crate) fn begin(&self, part: Part) -> rusqlite::Result<()> {
        self.run(&format!("{HOSTS}SAVEPOINT p{}", part.0))
    }

    /// Ends a part and those inside it. What they wrote belongs to what is around them.
    pub(crate) fn keep(&self, part: Part) -> rusqlite::Result<()> {
        self.run(&format!("{HOSTS}RELEASE p{}", part.0))
    }

    /// Ends a part and those inside it, and undoes what they wrote.
    pub(crate) fn undo(&self, part: Part) -> rusqlite::Result<()> {
        self.run(&format!("{HOSTS}ROLLBACK TO p{}", part.0))?;
        self.keep(part)
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.as_host(|sqlite| sqlite.prepare_cached(sql)?.execute([]).map(drop))
    }

    /// The pages of the file.
    pub(crate) fn pages(&self) -> rusqlite::Result<Pages> {
        let of_file = self.number("/*!*/PRAGMA page_count")?;
        let free = self.number("/*!*/PRAGMA freelist_count")?;
        Ok(Pages { of_file, used: of_file.saturating_sub(free) })
    }

    fn number(&self, sql: &str) -> rusqlite::Result<u64> {
        let number = self.as_host(|sqlite| {
            sqlite.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))
        })?;
        Ok(u64::try_from(number).unwrap_or(0))
    }

    /// Lets the file grow to `least` pages or more, and to `most` at most. Setting that costs compiling
    /// a statement, so it is not done while it is so already.
    pub(crate) fn let_grow_to(&self, least: u64, most: u64) -> rusqlite::Result<()> {
        if (least..=most).contains(&self.pages_max.get()) {
            return Ok(());
        }
        let pages = most.min(PAGES_MAX);
        self.as_host(|sqlite| sqlite.execute_batch(&format!("PRAGMA max_page_count = {pages}")))?;
        self.pages_max.set(pages);
        Ok(())
    }

    /// Runs the host's own statements, which no rule holds back. Only those that begin with [`HOSTS`]
    /// may stay compiled.
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
        // The plan of a statement does not hang on its parameters, for which it would be compiled anew.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
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

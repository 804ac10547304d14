//! The storage room from outside: what its promises mean for those who use it.

mod basis;
mod bytes;
mod calls;
mod connections;
mod control;
mod edges;
mod given_back;
mod kept;
mod limits;
mod log;
mod migrations;
mod overdue;
mod owners;
mod rules;
mod sharing;
mod spill;
mod statistics;
mod transactions;
mod turns;
mod waiting;
mod words;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use quoin_core::Clock;
use quoin_core::description::Migration;
use quoin_storage::{
    Answer, Database, Error, Rows, Scope, SqlError, Statement, Steps, Transaction, Turn, Value,
};
use tempfile::TempDir;

/// Bytes that a plugin's tables may take where a test does not say otherwise.
const ROOMY: u64 = 64 << 20;
/// How long a request may have the writer where a test does not say otherwise.
const MINUTE: Duration = Duration::from_secs(60);

/// A database in a folder that goes away with it.
struct Shelf {
    database: Arc<Database>,
    folder: TempDir,
}

impl Shelf {
    fn empty() -> Shelf {
        Shelf::with_clock(Clock::system())
    }

    fn with_clock(clock: Clock) -> Shelf {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("shop/data.db"), clock).unwrap();
        Shelf { database, folder }
    }

    /// With the plugin `widget`, its table and a table of their parts.
    async fn with_widgets() -> Shelf {
        let shelf = Shelf::empty();
        shelf.create_widgets().await;
        shelf
    }

    async fn create_widgets(&self) {
        let schema = "
            CREATE TABLE widget (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, size BIGINT CHECK (size > 0));
            CREATE TABLE widget_part (id BIGINT PRIMARY KEY, widget BIGINT NOT NULL REFERENCES widget ON DELETE CASCADE);";
        self.migrate(&[migration(1, schema)]).await.unwrap();
    }

    /// With plugins that have one table each, named as they are.
    async fn with_plugins(plugins: &[&str]) -> Shelf {
        let shelf = Shelf::empty();
        shelf.create_tables(plugins).await;
        shelf
    }

    async fn create_tables(&self, plugins: &[&str]) {
        let steps = plugins.iter().map(|plugin| {
            let table = plugin.replace('-', "_");
            let sql = format!("CREATE TABLE {table} (id BIGINT PRIMARY KEY, note TEXT)");
            (*plugin, vec![migration(1, &sql)])
        });
        self.migrate_all(&steps.collect::<Vec<_>>()).await.unwrap();
    }

    /// Closes the file and opens it again.
    fn reopened(self) -> Shelf {
        let Shelf { database, folder } = self;
        let path = database.path().to_owned();
        drop(database);
        Shelf { database: Database::open(&path, Clock::system()).unwrap(), folder }
    }

    fn wal(&self) -> PathBuf {
        let mut wal = self.database.path().as_os_str().to_owned();
        wal.push("-wal");
        wal.into()
    }

    /// Applies migrations of the plugin `widget` and returns how many it lacked.
    async fn migrate(&self, migrations: &[Migration]) -> Result<usize, Error> {
        self.migrate_all(&[("widget", migrations.to_vec())]).await
    }

    async fn migrate_all(&self, plugins: &[(&str, Vec<Migration>)]) -> Result<usize, Error> {
        let migrated = self.database.migrate(&steps(plugins), MINUTE).await?;
        let applied = migrated.applied().values().sum();
        migrated.commit().await?;
        Ok(applied)
    }

    async fn write(&self) -> Tx {
        self.write_as("widget").await
    }

    async fn write_as(&self, plugin: &str) -> Tx {
        write(&self.database, plugin, "change", false).await.unwrap()
    }

    /// The writer, for `limit` at most.
    async fn write_for(&self, limit: Duration) -> Tx {
        let (plugin, function) = (Arc::from("widget"), Arc::from("change"));
        let (alone, deadline) = (false, soon());
        let turn = Turn { plugin: &plugin, function: &function, limit, alone, deadline };
        Tx::new(self.database.write(turn).await.unwrap(), "widget", true)
    }

    async fn read(&self) -> Tx {
        self.read_as("widget").await
    }

    async fn read_as(&self, plugin: &str) -> Tx {
        Tx::new(self.database.read(soon()).await.unwrap(), plugin, false)
    }

    async fn insert(&self, name: &str) {
        let mut tx = self.write().await;
        insert(&mut tx, name).unwrap();
        tx.commit().await.unwrap();
    }

    async fn names(&self) -> Vec<String> {
        names(&mut self.read().await)
    }

    /// What the plugin's table has, of those that [`Shelf::with_plugins`] made.
    async fn notes(&self, plugin: &str) -> Vec<String> {
        notes(&mut self.read_as(plugin).await)
    }
}

/// A transaction, and on whose behalf its statements are sent.
struct Tx {
    inner: Transaction,
    plugin: Arc<str>,
    writes: bool,
    depth: u32,
    deadline: Instant,
    max_bytes: u64,
}

impl Tx {
    fn new(inner: Transaction, plugin: &str, writes: bool) -> Tx {
        let (plugin, deadline) = (Arc::from(plugin), soon());
        Tx { inner, plugin, writes, depth: 0, deadline, max_bytes: ROOMY }
    }

    /// From now on `plugin` sends, at this depth.
    fn at(&mut self, plugin: &str, depth: u32) -> &mut Tx {
        (self.plugin, self.depth) = (Arc::from(plugin), depth);
        self
    }

    fn end_call(&mut self, depth: u32, keep: bool) {
        at_once(self.inner.end_call(depth, keep)).unwrap();
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, SqlError> {
        let plugin = Arc::clone(&self.plugin);
        let scope = self.scope(&plugin);
        at_once(self.inner.query(&scope, sql, params))
    }

    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, SqlError> {
        let plugin = Arc::clone(&self.plugin);
        let scope = self.scope(&plugin);
        at_once(self.inner.execute(&scope, sql, params))
    }

    fn answer(&mut self, sql: &str, params: &[Value]) -> Result<Answer, SqlError> {
        let plugin = Arc::clone(&self.plugin);
        let scope = self.scope(&plugin);
        let statement = Statement { text: sql.into(), params: params.to_vec() };
        at_once(self.inner.answer(&scope, &statement))
    }

    fn scope<'a>(&self, plugin: &'a Arc<str>) -> Scope<'a> {
        let Tx { writes, depth, deadline, max_bytes, .. } = *self;
        Scope { plugin, depth, writes, deadline, max_bytes }
    }

    async fn commit(self) -> Result<(), Error> {
        self.inner.commit().await
    }
}

/// Waits for a turn at the writer.
async fn write(
    database: &Arc<Database>,
    plugin: &str,
    function: &str,
    alone: bool,
) -> Result<Tx, Error> {
    let (of, function) = (Arc::from(plugin), Arc::from(function));
    let turn = Turn { plugin: &of, function: &function, limit: MINUTE, alone, deadline: soon() };
    Ok(Tx::new(database.write(turn).await?, plugin, true))
}

fn steps<'a>(plugins: &'a [(&str, Vec<Migration>)]) -> Vec<Steps<'a>> {
    let step = |(plugin, migrations): &'a (&str, Vec<Migration>)| Steps {
        plugin: Arc::from(*plugin),
        migrations,
        max_bytes: ROOMY,
    };
    plugins.iter().map(step).collect()
}

fn migration(number: u32, sql: &str) -> Migration {
    Migration { number, name: format!("{number:04}_step.sql"), sql: sql.into() }
}

fn insert(tx: &mut Tx, name: &str) -> Result<u64, SqlError> {
    let sql = "INSERT INTO widget (id, name, size)
        VALUES ((SELECT coalesce(max(id), 0) + 1 FROM widget), ?1, 1)";
    tx.execute(sql, &[Value::Text(name.into())])
}

fn names(tx: &mut Tx) -> Vec<String> {
    texts(&tx.query("SELECT name FROM widget ORDER BY id", &[]).unwrap())
}

/// Adds a row to the table of the plugin that sends.
fn note(tx: &mut Tx, note: &str) -> Result<u64, SqlError> {
    let table = tx.plugin.replace('-', "_");
    let sql = format!(
        "INSERT INTO {table} (id, note) VALUES ((SELECT coalesce(max(id), 0) + 1 FROM {table}), ?1)"
    );
    tx.execute(&sql, &[Value::Text(note.into())])
}

/// Loses the transaction: SQLite takes it back where a statement finds the file full that cannot break
/// a constraint, and so was not prepared to be undone alone.
fn lose(tx: &mut Tx) {
    let table = tx.plugin.replace('-', "_");
    let sql = format!("UPDATE {table} SET note = ?1");
    let ids = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
        INSERT INTO {table} (id) SELECT i + 1000000 FROM n"
    );
    assert_eq!(tx.execute(&ids, &[]), Ok(10));
    let most = std::mem::replace(&mut tx.max_bytes, 2 << 20);
    assert_eq!(tx.execute(&sql, &[Value::Text("x".repeat(1_000_000))]), Err(SqlError::Full));
    assert!(tx.inner.is_lost());
    tx.max_bytes = most;
}

fn notes(tx: &mut Tx) -> Vec<String> {
    let sql = format!("SELECT note FROM {} ORDER BY id", tx.plugin.replace('-', "_"));
    texts(&tx.query(&sql, &[]).unwrap())
}

fn texts(rows: &Rows) -> Vec<String> {
    rows.values.iter().map(text).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => panic!("{other:?} is not text"),
    }
}

fn one(rows: Rows) -> Value {
    assert_eq!((rows.values.len(), rows.columns.len()), (1, 1));
    rows.values[0].clone()
}

/// A deadline that no passing test reaches.
fn soon() -> Instant {
    Instant::now() + MINUTE
}

/// Lets `future` run as far as it gets without waiting.
fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The outcome of what does not wait: statements of SQLite run where they are asked for.
fn at_once<F: Future>(future: F) -> F::Output {
    match poll_once(pin!(future)) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("it waits"),
    }
}

/// How often the log was committed to, read from the log itself: the frames that end a transaction.
fn commits(wal: &Path) -> usize {
    const PAGE: usize = 4_096;
    let log = std::fs::read(wal).unwrap_or_default();
    let Some((head, frames)) = log.split_at_checked(32) else { return 0 };
    let ends = |frame: &&[u8]| frame[8..16] == head[16..24] && frame[4..8] != [0; 4];
    frames.chunks_exact(24 + PAGE).filter(ends).count()
}

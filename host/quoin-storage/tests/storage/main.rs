//! The storage room from outside: what its promises mean for those who use it.

mod control;
mod limits;
mod migrations;
mod rules;
mod transactions;
mod waiting;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use quoin_core::description::Migration;
use quoin_storage::{Database, Rows, SqlError, Transaction, Value};
use tempfile::TempDir;

/// A database in a folder that goes away with it.
struct Shelf {
    database: Arc<Database>,
    folder: TempDir,
}

impl Shelf {
    fn empty() -> Shelf {
        Shelf::of_size(64 << 20)
    }

    fn of_size(max_bytes: u64) -> Shelf {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("inst/data.db"), max_bytes).unwrap();
        Shelf { database, folder }
    }

    /// With a table of widgets and a table of their parts.
    async fn with_widgets() -> Shelf {
        let shelf = Shelf::empty();
        shelf.create_widgets().await;
        shelf
    }

    async fn create_widgets(&self) {
        let schema = "
            CREATE TABLE widget (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER CHECK (size > 0));
            CREATE TABLE part (id INTEGER PRIMARY KEY, widget INTEGER NOT NULL REFERENCES widget ON DELETE CASCADE);";
        self.migrate(&[migration(1, schema)]).await.unwrap();
    }

    async fn migrate(&self, migrations: &[Migration]) -> Result<usize, quoin_storage::Error> {
        let migrated = self.database.migrate(migrations, soon()).await?;
        let applied = migrated.applied();
        migrated.commit()?;
        Ok(applied)
    }

    async fn write(&self) -> Transaction {
        self.database.write(soon()).await.unwrap()
    }

    async fn read(&self) -> Transaction {
        self.database.read(soon()).await.unwrap()
    }

    async fn insert(&self, name: &str) {
        let mut tx = self.write().await;
        insert(&mut tx, name).unwrap();
        tx.commit().unwrap();
    }

    async fn names(&self) -> Vec<String> {
        names(&mut self.read().await)
    }
}

fn migration(number: u32, sql: &str) -> Migration {
    Migration { number, name: format!("{number:04}_step.sql"), sql: sql.into() }
}

fn insert(tx: &mut Transaction, name: &str) -> Result<u64, SqlError> {
    tx.execute("INSERT INTO widget (name, size) VALUES (?1, 1)", &[Value::Text(name.into())])
}

fn names(tx: &mut Transaction) -> Vec<String> {
    let rows = tx.query("SELECT name FROM widget ORDER BY id", &[]).unwrap();
    rows.rows.into_iter().map(|row| text(&row[0])).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => panic!("{other:?} is not text"),
    }
}

fn one(rows: Rows) -> Value {
    assert_eq!((rows.rows.len(), rows.columns.len()), (1, 1));
    rows.rows[0][0].clone()
}

/// A deadline that no passing test reaches.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// Lets `future` run as far as it gets without waiting.
fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

//! Where data rests: one SQLite database for each shop, and the control database of the host.
//!
//! No other crate names an SQL driver. A [`Database`] gives out [`Transaction`]s, one for a request:
//! writers one after the other, readers in parallel on snapshots. All plugins of a shop have their
//! tables in its one database, and each reaches its own alone: that is decided by SQLite's authorizer
//! while it compiles a statement, never by looking at the text.

mod analysis;
mod authorizer;
mod base;
mod blocking;
mod changes;
mod checkpoint;
mod connection;
mod control;
mod database;
mod error;
mod files;
mod functions;
mod later;
mod loss;
mod migration;
mod once;
mod outstanding;
mod owners;
mod pool;
mod shared;
mod spill;
mod statement;
mod statistics;
mod tables;
mod texts;
mod transaction;
mod turn;
mod usage;
mod value;
mod wal;
mod watch;
mod writer;

pub use blocking::blocking;
pub use changes::Basis;
pub use control::{
    Control, ControlError, KeyRow, RevisionRow, SecretRow, TenantRow, TenantSummary,
};
pub use database::Database;
pub use error::{ConstraintKind, Error, SqlError};
pub use files::{File, Incoming, NotTaken};
pub use later::Asked;
pub use migration::{Migrated, Steps};
pub use once::{Once, OnceKey};
pub use outstanding::{Next, Tried};
pub use statement::Scope;
pub use transaction::{Overdue, Transaction};
pub use turn::{Held, Turn};
pub use value::{Answer, Rows, Statement, Value};

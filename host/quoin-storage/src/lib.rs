//! Where data rests: one SQLite database for each installation, and the control database of the host.
//!
//! No other crate names an SQL driver. A [`Database`] gives out [`Transaction`]s: writers one after
//! the other in the order they came, readers in parallel on snapshots. What a plugin's SQL may do is
//! decided by SQLite's authorizer while it compiles a statement, never by looking at the text.

mod authorizer;
mod blocking;
mod connection;
mod control;
mod database;
mod error;
mod functions;
mod migration;
mod pool;
mod statement;
mod transaction;
mod value;
mod watch;

pub use control::{Control, ControlError, KeyRow, RevisionRow, TenantRow};
pub use database::Database;
pub use error::{ConstraintKind, Error, SqlError};
pub use migration::Migrated;
pub use transaction::Transaction;
pub use value::{Rows, Value};

//! What a database shares with its transactions.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use quoin_core::Clock;

use crate::changes::Changes;
use crate::owners::Owners;
use crate::pool::Readers;
use crate::statistics::Statistics;
use crate::texts::Texts;
use crate::wal::Checkpoints;
use crate::writer::Writer;

/// What is told of later calls.
pub(crate) struct Bell {
    /// Before one is recorded, so that it is not forgotten after a crash.
    pub before: Box<dyn Fn() -> Result<(), String> + Send + Sync>,
    /// Once some are durable: when the first of them is due, milliseconds since 1970.
    pub after: Box<dyn Fn(u64) + Send + Sync>,
}

/// The parts of an open database.
pub(crate) struct Base {
    /// The file.
    pub path: PathBuf,
    pub clock: Clock,
    pub owners: Arc<Owners>,
    pub writer: Arc<Writer>,
    pub readers: Readers,
    pub texts: Texts,
    pub changes: Arc<Changes>,
    pub statistics: Statistics,
    pub checkpoints: Checkpoints,
    /// Told of later calls.
    pub bell: OnceLock<Bell>,
    /// Held by who adds or removes files.
    pub files: tokio::sync::Mutex<()>,
    /// Whether a plugin has let go of a file.
    pub unkept: AtomicBool,
}

//! What a database shares with its transactions.

use std::path::PathBuf;
use std::sync::Arc;

use quoin_core::Clock;

use crate::changes::Changes;
use crate::owners::Owners;
use crate::pool::Readers;
use crate::statistics::Statistics;
use crate::texts::Texts;
use crate::wal::Checkpoints;
use crate::writer::Writer;

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
}

//! Takes what was committed from the WAL file into the database, in turns of the host's own.
//!
//! SQLite would do it within the commit that makes the file long, whose request would be kept waiting
//! whatever its deadline. A turn at the writer keeps those waiting who want to write then, each until its
//! deadline. Without a turn, beside the writer, it would never come to the end of what is written
//! meanwhile, and the file could not begin again.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::Error;
use crate::base::Base;
use crate::turn::Turn;

/// How long it may wait for the writer; the next time comes.
const PATIENCE: Duration = Duration::from_secs(30);

const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// The WAL file has so many bytes. Takes it into the database after the caller, if it is time.
pub(crate) fn soon(base: &Arc<Base>, bytes: u64) {
    let Ok(runtime) = Handle::try_current() else { return };
    if !base.checkpoints.begins(bytes) {
        return;
    }
    let runs = Runs(Arc::clone(base));
    runtime.spawn(async move {
        // What fails here fails for the requests, too, and is told there; the next time comes.
        if let Err(error) = run(runs).await {
            tracing::warn!(%error, "the log was not taken into the database");
        }
    });
}

/// A checkpoint, until it has ended.
struct Runs(Arc<Base>);

impl Drop for Runs {
    fn drop(&mut self) {
        self.0.checkpoints.end();
    }
}

async fn run(runs: Runs) -> Result<(), Error> {
    let base = &runs.0;
    let (host, function) = (Arc::from("quoin"), Arc::from("checkpoint"));
    let deadline = base.clock.instant() + PATIENCE;
    let turn = Turn { plugin: &host, function: &function, limit: PATIENCE, alone: true, deadline };
    let seat = base.writer.turn(&turn).await?;
    let taken = tokio::task::spawn_blocking(move || {
        let taken = seat.checkpoint(PASSIVE);
        // Nobody else may use the database any more, which is closed with these, and that takes a while.
        drop((seat, runs));
        taken
    });
    taken.await.unwrap_or(Err(Error::Lost))
}

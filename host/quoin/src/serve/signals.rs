//! The signals that end the host.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failed::Failed;

/// SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From here on, these signals no longer end the process by themselves.
    pub fn new() -> Result<Signals, Failed> {
        let listen = |kind| {
            signal(kind).map_err(|e| Failed::refused(format!("no signals can be received: {e}")))
        };
        Ok(Signals {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// The name of the next one.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

//! A bounded HTTP/1.1 server: the shops' port and the admin port are both one of these.

mod body;
mod connection;
mod limits;
mod refusal;
mod service;
mod turn;
mod upload;
mod wire;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use quoin_core::Clock;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

pub use body::Body;
pub use limits::ServerLimits;
pub use service::{Answer, Service};
pub use upload::{Upload, UploadError};

use connection::Shared;

/// How long to wait after a failed accept. It fails when the process is out of file descriptors,
/// and trying again at once would only burn CPU.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How a listener ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Requests that were still running when the grace time was over, and were cut off.
    pub cut_off: usize,
}

/// Serves connections until `shutdown` completes. Then it accepts no more, closes the idle ones,
/// lets running requests finish within the grace time, and cuts off the rest.
pub async fn listen(
    listener: TcpListener,
    limits: ServerLimits,
    service: Arc<dyn Service>,
    clock: Clock,
    shutdown: impl Future<Output = ()> + Send,
) -> Drained {
    let slots = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
    let room = Arc::new(Semaphore::new(limits.bodies_bytes.min(Semaphore::MAX_PERMITS)));
    let shared = Arc::new(Shared { limits, service, clock, running: Arc::default(), room });
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, slot) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        while let Some(ended) = connections.try_join_next() {
            report(ended);
        }
        let (shared, stopping) = (shared.clone(), stopping.clone());
        connections.spawn(async move {
            connection::serve(stream, shared, stopping).await;
            drop(slot);
        });
    }
    drop(listener);
    // Nobody listening means that no connection is left.
    let _ = stop.send(true);
    drain(connections, &shared).await
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        // Beyond the limit, connections wait in the system's own bounded queue.
        let Ok(slot) = slots.clone().acquire_owned().await else {
            // Nobody closes the semaphore.
            return std::future::pending().await;
        };
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) => {
                tracing::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn drain(mut connections: JoinSet<()>, shared: &Shared) -> Drained {
    let all = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    let in_time = tokio::time::timeout(shared.limits.grace, all).await.is_ok();
    let cut_off = if in_time { 0 } else { shared.running.load(Ordering::Acquire) };
    connections.shutdown().await;
    Drained { cut_off }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!("a connection ended in a fault of the host: {error}");
    }
}

#[cfg(test)]
mod tests;

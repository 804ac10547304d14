//! Work away from the threads that serve requests.

use std::sync::Arc;

use quoin_supervisor::Supervisor;

use crate::answer::Refused;

/// Work that waits for the disk or takes long, away from the threads that serve requests.
pub(crate) async fn blocking<T: Send + 'static>(
    host: &Arc<Supervisor>,
    work: impl FnOnce(&Supervisor) -> T + Send + 'static,
) -> Result<T, Refused> {
    let host = host.clone();
    tokio::task::spawn_blocking(move || work(&host)).await.map_err(|error| {
        tracing::error!("the admin API failed: {error}");
        quoin_core::Problem::internal().into()
    })
}

//! Work that takes the thread for longer than its neighbours, or its request, should wait.

use std::time::Instant;

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::Error;

/// Runs `work` on this thread, telling the runtime first so that other tasks move to another one.
/// Outside of a multi-threaded runtime there is nobody to tell, and `work` just runs.
pub fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => {
            tokio::task::block_in_place(work)
        }
        _ => work(),
    }
}

/// Runs `work` on a thread of its own, and waits for it until `deadline` at most. It goes on then, and what
/// it comes to is dropped.
///
/// # Errors
/// [`Error::Deadline`] when it was not done in time.
pub(crate) async fn beside<T: Send + 'static>(
    deadline: Instant,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let work = tokio::task::spawn_blocking(work);
    match tokio::time::timeout_at(deadline.into(), work).await {
        Ok(Ok(done)) => done,
        // It fell over, or the host ends.
        Ok(Err(_)) => Err(Error::Lost),
        Err(_) => Err(Error::Deadline),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn slow_work_is_waited_for_until_the_deadline_and_goes_on_to_its_end() {
        let (release, held) = mpsc::channel::<()>();
        let (told, done) = mpsc::channel();
        let work = move || {
            let _ = held.recv();
            let _ = told.send(());
            Ok(())
        };
        let soon = Instant::now() + Duration::from_millis(5);
        assert!(matches!(beside(soon, work).await, Err(Error::Deadline)));
        drop(release);
        assert!(done.recv_timeout(Duration::from_secs(60)).is_ok());
        let later = Instant::now() + Duration::from_secs(60);
        assert!(matches!(beside(later, || Ok(7)).await, Ok(7)));
    }
}

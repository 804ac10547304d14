//! Work that takes the thread for longer than its neighbours should wait.

use tokio::runtime::{Handle, RuntimeFlavor};

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

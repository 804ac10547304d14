//! The cores that a thread, and the processes that it starts, may run on.

use anyhow::{Context as _, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The numbers of the cores that this thread may use.
pub fn cores() -> Result<Vec<usize>> {
    let may = sched_getaffinity(None).context("the system does not tell of cores")?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| may.is_set(*core)).collect())
}

/// Keeps this thread on one core, and the processes that it starts meanwhile, for as long as they run.
/// Dropped, it gives the thread the cores back that it had.
pub struct Pinned {
    before: CpuSet,
}

impl Pinned {
    /// Keeps this thread on this core.
    pub fn to(core: usize) -> Result<Pinned> {
        let before = sched_getaffinity(None).context("the system does not tell of cores")?;
        let mut one = CpuSet::new();
        one.set(core);
        sched_setaffinity(None, &one).with_context(|| format!("core {core} is not to be had"))?;
        Ok(Pinned { before })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // What it was is allowed still.
        let _ = sched_setaffinity(None, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_one_core_while_it_is_pinned_and_its_own_ones_again() {
        let all = cores().unwrap();
        let last = *all.last().unwrap();
        let pinned = Pinned::to(last).unwrap();
        assert_eq!(cores().unwrap(), [last]);
        drop(pinned);
        assert_eq!(cores().unwrap(), all);
    }
}

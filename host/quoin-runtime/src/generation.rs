//! Generations: a program running as an installation of a tenant.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::failure::{Failure, FailureKind};
use crate::installed::Installed;
use crate::instance::Live;
use crate::pool::Lot;
use crate::program::Program;
use crate::tree::Tree;

/// One immutable running version of an installation.
pub struct Generation {
    /// What it may do, and within which limits.
    pub installed: Arc<Installed>,
    /// What runs.
    pub program: Arc<Program>,
    /// The installation's name, as the database knows the owner of its tables.
    pub(crate) plugin: Arc<str>,
    permits: Semaphore,
    waiting: AtomicU32,
    /// Requests that have run and are being committed.
    committing: AtomicU32,
    idle: Arc<Lot>,
    calls: AtomicU64,
    failures: AtomicU64,
    kept: AtomicU64,
}

/// What a generation has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Calls that have begun.
    pub calls: u64,
    /// Calls that failed by the plugin's fault: traps, timeouts, limits; not errors that a function
    /// returned, and not the load or the host.
    pub failures: u64,
    /// Requests that were answered with what an earlier one had returned, without a call.
    pub kept: u64,
    /// Calls that run now, or are being committed.
    pub running: u32,
    /// Calls that wait for their turn.
    pub waiting: u32,
}

impl Generation {
    /// A generation of the installation that runs this program.
    pub fn new(installed: Installed, program: Arc<Program>) -> Generation {
        Generation {
            idle: Arc::new(program.engine.pool.shop(&installed.tenant).lot()),
            plugin: installed.name.as_str().into(),
            permits: Semaphore::new(installed.limits.concurrency as usize),
            installed: Arc::new(installed),
            program,
            waiting: AtomicU32::new(0),
            committing: AtomicU32::new(0),
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            kept: AtomicU64::new(0),
        }
    }

    /// Makes an instance and throws it away: proves that the program starts within the limits, and that
    /// the host can call what it exports for the host.
    ///
    /// # Errors
    /// It does not, or the host cannot.
    pub async fn warm(&self) -> Result<(), Failure> {
        let _ticking = self.program.engine.ticking();
        // In the room that requests leave: a shop that is busy can be changed.
        let mut live = self.start(false, self.deadline()).await?;
        live.check(&self.program, &self.installed)
    }

    /// What it has done so far.
    pub fn stats(&self) -> Stats {
        let free = u32::try_from(self.permits.available_permits()).unwrap_or(u32::MAX);
        let committing = self.committing.load(Ordering::Relaxed);
        Stats {
            calls: self.calls.load(Ordering::Acquire),
            failures: self.failures.load(Ordering::Relaxed),
            kept: self.kept.load(Ordering::Relaxed),
            running: self.installed.limits.concurrency.saturating_sub(free) + committing,
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    /// When a call that begins now must be done.
    pub(crate) fn deadline(&self) -> Instant {
        self.program.engine.clock.instant() + self.installed.deadline()
    }

    /// A place among the calls that run, at once or after waiting in the bounded queue.
    pub(crate) async fn admit(
        &self,
        function: &str,
        deadline: Instant,
    ) -> Result<SemaphorePermit<'_>, Failure> {
        if let Some(permit) = self.try_admit() {
            return Ok(permit);
        }
        let busy = |what| Failure::new(&self.installed.name, function, FailureKind::Overload(what));
        let queue = self.installed.limits.queue;
        let counted = Counted::of(&self.waiting);
        if counted.before >= queue {
            return Err(busy(format!("{queue} calls wait already")));
        }
        match tokio::time::timeout_at(deadline.into(), self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            // Nobody closes the semaphore: its time passed while others ran.
            Ok(Err(_)) | Err(_) => {
                Err(busy(format!("the time of {function} passed before its turn came")))
            }
        }
    }

    /// A place among the calls that run, if there is one.
    pub(crate) fn try_admit(&self) -> Option<SemaphorePermit<'_>> {
        let permit = self.permits.try_acquire().ok();
        // Whoever sees the call sees the place that it has, too.
        self.calls.fetch_add(1, Ordering::Release);
        permit
    }

    /// To be held while a request is committed that has run here.
    pub(crate) fn committing(&self) -> Counted<'_> {
        Counted::of(&self.committing)
    }

    /// A request was answered with what an earlier one had returned.
    pub fn count_kept(&self) {
        self.kept.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_failure(&self, failure: &Failure) {
        if failure.is_of_the_plugin() && failure.plugin == self.installed.name.as_str() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// An instance for a call: one that served this request before, an idle one, or a fresh one.
    pub(crate) async fn instance(
        &self,
        tree: &Tree,
        root: bool,
        deadline: Instant,
    ) -> Result<Live, Failure> {
        let reused = match self.reuse() {
            1 => None,
            _ => tree.instance(&self.idle).or_else(|| self.idle.unpark()),
        };
        match reused.and_then(|reused| reused.downcast::<Live>().ok()) {
            Some(live) => Ok(*live),
            // Boxed for those calls that need none.
            None => Box::pin(self.start(root, deadline)).await,
        }
    }

    async fn start(&self, root: bool, deadline: Instant) -> Result<Live, Failure> {
        Live::start(&self.program, (&self.installed, self.idle.shop()), root, deadline).await
    }

    /// The call of an instance ended well. Its request has it on, if it may serve another call and there
    /// is room for those that run.
    pub(crate) fn give_back(&self, tree: &Tree, live: Live) {
        if live.calls < self.reuse() && !self.idle.shop().is_short() {
            tree.give_back(&self.idle, Box::new(live));
        }
    }

    fn reuse(&self) -> u32 {
        self.program.description.manifest.instance.reuse
    }
}

/// One of several, counted as long as it lives.
pub(crate) struct Counted<'a> {
    count: &'a AtomicU32,
    /// How many there were before it.
    before: u32,
}

impl<'a> Counted<'a> {
    fn of(count: &'a AtomicU32) -> Counted<'a> {
        Counted { count, before: count.fetch_add(1, Ordering::AcqRel) }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::AcqRel);
    }
}

//! Generations: a program running as an installation of a tenant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use quoin_core::Name;
use quoin_core::limits::Limits;
use quoin_core::manifest::HostInterface;
use quoin_storage::Database;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::failure::Failure;
use crate::instance::Live;
use crate::log::Log;
use crate::program::Program;

/// Idle instances that a generation keeps. More callers than this at once are rare enough to pay for
/// a fresh instance, and each kept one holds a pool slot.
const IDLE_KEPT: usize = 8;

/// What a generation is made of.
pub struct GenerationSpec {
    /// The tenant.
    pub tenant: Name,
    /// The installation.
    pub installation: Name,
    /// Its number, growing with each generation of the installation.
    pub number: u64,
    /// What runs.
    pub program: Arc<Program>,
    /// The configuration, defaults included.
    pub config: BTreeMap<String, String>,
    /// The host interfaces that it may use.
    pub grants: BTreeSet<HostInterface>,
    /// Its limits.
    pub limits: Limits,
    /// Its database, if it keeps data.
    pub database: Option<Arc<Database>>,
    /// The tenant's log.
    pub log: Arc<Log>,
}

/// One immutable running version of an installation.
pub struct Generation {
    /// The tenant.
    pub tenant: Name,
    /// The installation.
    pub installation: Name,
    /// Its number, growing with each generation of the installation.
    pub number: u64,
    /// What runs.
    pub program: Arc<Program>,
    pub(crate) config: BTreeMap<String, String>,
    pub(crate) grants: BTreeSet<HostInterface>,
    pub(crate) limits: Limits,
    pub(crate) database: Option<Arc<Database>>,
    pub(crate) log: Arc<Log>,
    permits: Semaphore,
    waiting: AtomicU32,
    idle: Mutex<Vec<Live>>,
    calls: AtomicU64,
    failures: AtomicU64,
}

/// What a generation has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Calls that have begun.
    pub calls: u64,
    /// Calls that failed: traps, timeouts, limits; not errors that a function returned.
    pub failures: u64,
    /// Calls that run now.
    pub running: u32,
    /// Calls that wait for their turn.
    pub waiting: u32,
}

impl Generation {
    /// A generation that runs as `spec` says.
    pub fn new(spec: GenerationSpec) -> Generation {
        let GenerationSpec { tenant, installation, number, program, .. } = spec;
        Generation {
            tenant,
            installation,
            number,
            program,
            config: spec.config,
            grants: spec.grants,
            limits: spec.limits,
            database: spec.database,
            log: spec.log,
            permits: Semaphore::new(spec.limits.concurrency as usize),
            waiting: AtomicU32::new(0),
            idle: Mutex::new(Vec::new()),
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// Makes an instance and throws it away: proves that the program starts within the limits.
    ///
    /// # Errors
    /// It does not.
    pub async fn warm(self: &Arc<Self>) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_millis(u64::from(self.limits.deadline_ms));
        Live::start(self, deadline).await.map(drop)
    }

    /// What it has done so far.
    pub fn stats(&self) -> Stats {
        let free = u32::try_from(self.permits.available_permits()).unwrap_or(u32::MAX);
        Stats {
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            running: self.limits.concurrency.saturating_sub(free),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Throws away instances that have idled since before `then`.
    pub fn reclaim(&self, then: Instant) {
        // Dropped outside the lock: returning memory to the pool takes a while.
        let old: Vec<Live> = self.idle().extract_if(.., |live| live.since < then).collect();
        drop(old);
    }

    pub(crate) fn deadline_from(&self, now: Instant) -> Instant {
        now + Duration::from_millis(u64::from(self.limits.deadline_ms))
    }

    /// A place among the calls that run, at once or after waiting in the bounded queue.
    pub(crate) async fn admit(
        &self,
        function: &str,
        deadline: Instant,
    ) -> Result<SemaphorePermit<'_>, Failure> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if let Ok(permit) = self.permits.try_acquire() {
            return Ok(permit);
        }
        let queue = self.limits.queue;
        let _place = Place::take(&self.waiting, queue).ok_or_else(|| Failure::Overload {
            plugin: self.installation.to_string(),
            what: format!("{queue} calls wait already"),
        })?;
        match tokio::time::timeout_at(deadline.into(), self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            // Nobody closes the semaphore: its time passed while others ran.
            Ok(Err(_)) | Err(_) => Err(Failure::Overload {
                plugin: self.installation.to_string(),
                what: format!("the time of {function} passed before its turn came"),
            }),
        }
    }

    pub(crate) fn count_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn take_idle(&self) -> Option<Live> {
        if self.reuse() <= 1 {
            return None;
        }
        self.idle().pop()
    }

    pub(crate) fn keep_idle(&self, mut live: Live) {
        if live.calls >= self.reuse() {
            return;
        }
        live.since = Instant::now();
        let mut idle = self.idle();
        if idle.len() < IDLE_KEPT {
            idle.push(live);
        }
    }

    fn reuse(&self) -> u32 {
        self.program.description.manifest.instance.reuse
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Live>> {
        self.idle.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// A place in the queue, given back when dropped.
struct Place<'a>(&'a AtomicU32);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicU32, max: u32) -> Option<Place<'a>> {
        let place = Place(waiting);
        (waiting.fetch_add(1, Ordering::AcqRel) < max).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

//! Connections of one role, handed out in the order in which they are asked for.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;
use crate::blocking::blocking;
use crate::connection::{Connection, Role};

/// Calls that may wait for one pool. An installation runs at most 256 calls at once, and a swap
/// has two generations; beyond that something is wrong and waiting longer does not help.
const WAITING_MAX: usize = 512;

/// A bounded number of connections to one file, opened when they are first needed.
pub(crate) struct Pool {
    path: PathBuf,
    role: Role,
    max_bytes: AtomicU64,
    size: u32,
    /// One permit for each connection; tokio hands them out first come, first served.
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    pub(crate) fn new(path: PathBuf, role: Role, size: u32, max_bytes: u64) -> Pool {
        let permits = Arc::new(Semaphore::new(size as usize));
        let (idle, max_bytes) = (Mutex::new(Vec::new()), AtomicU64::new(max_bytes));
        Pool { path, role, max_bytes, size, permits, waiting: AtomicUsize::new(0), idle }
    }

    /// Waits for a turn. A caller that goes away while it waits leaves nothing behind.
    pub(crate) async fn turn(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Error> {
        self.turns(1, deadline).await
    }

    /// Waits until nobody has a connection, and keeps everybody from getting one.
    pub(crate) async fn all_turns(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Error> {
        self.turns(self.size, deadline).await
    }

    async fn turns(&self, count: u32, deadline: Instant) -> Result<OwnedSemaphorePermit, Error> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_many_owned(count) {
            return Ok(permit);
        }
        let _waiter = Waiter::enter(&self.waiting)?;
        let permit = Arc::clone(&self.permits).acquire_many_owned(count);
        match tokio::time::timeout_at(deadline.into(), permit).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed; if it were, nobody would get a turn any more.
            Ok(Err(_)) => Err(Error::Overloaded),
            Err(_) => Err(Error::Deadline),
        }
    }

    /// An idle connection, or a new one. The caller holds a permit.
    pub(crate) fn take(&self) -> Result<Connection, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => blocking(|| Connection::open(&self.path, self.role, self.max_bytes())),
        }
    }

    /// From the next connection on, the file grows to at most `max_bytes`.
    pub(crate) fn set_max_bytes(&self, max_bytes: u64) {
        if self.max_bytes.swap(max_bytes, Ordering::AcqRel) != max_bytes {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    fn max_bytes(&self) -> u64 {
        self.max_bytes.load(Ordering::Acquire)
    }

    /// Takes a connection back that is in no transaction. The caller still holds its permit.
    pub(crate) fn give_back(&self, connection: Connection) {
        if connection.max_bytes() != self.max_bytes() {
            return;
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// One of those who wait, counted as long as it lives.
struct Waiter<'a>(&'a AtomicUsize);

impl Waiter<'_> {
    fn enter(waiting: &AtomicUsize) -> Result<Waiter<'_>, Error> {
        let waiter = Waiter(waiting);
        match waiting.fetch_add(1, Ordering::Relaxed) < WAITING_MAX {
            true => Ok(waiter),
            false => Err(Error::Overloaded),
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

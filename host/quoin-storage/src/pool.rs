//! Connections that read, handed out in the order in which they are asked for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;
use crate::blocking::beside;
use crate::connection::{Connection, Opener, Role};

/// Readers at once. Each costs up to two megabytes of page cache; a request holds its reader until it
/// is done.
const READERS_MAX: u32 = 8;
/// Requests that may wait for a reader. An installation runs at most 256 calls at once, and a swap
/// has two generations; beyond that something is wrong and waiting longer does not help.
const WAITING_MAX: usize = 512;

/// A bounded number of connections that read one file, opened when they are first needed.
pub(crate) struct Readers {
    opener: Opener,
    /// One permit for each connection; tokio hands them out first come, first served.
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(crate) fn new(opener: Opener) -> Readers {
        let permits = Arc::new(Semaphore::new(READERS_MAX as usize));
        let (waiting, idle) = (AtomicUsize::new(0), Arc::default());
        Readers { opener, permits, waiting, idle }
    }

    /// Waits for a turn. A caller that goes away while it waits leaves nothing behind.
    async fn turn(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Error> {
        self.turns(1, deadline).await
    }

    /// Waits until nobody has a connection, and keeps everybody from getting one.
    pub(crate) async fn all_turns(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Error> {
        self.turns(READERS_MAX, deadline).await
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

    /// Waits for a turn and a connection: an idle one, or a new one. The caller keeps the permit until it
    /// has given the connection back. A file that is slow to open holds up nobody past the deadline, and
    /// what was opened then is there for the next.
    pub(crate) async fn take(
        &self,
        deadline: Instant,
    ) -> Result<(Connection, OwnedSemaphorePermit), Error> {
        let mut permit = self.turn(deadline).await?;
        loop {
            if let Some(connection) = locked(&self.idle).pop() {
                return Ok((connection, permit));
            }
            let (opener, idle) = (self.opener.clone(), Arc::clone(&self.idle));
            let open = move || {
                let connection = opener.open(Role::Reader)?;
                put(&idle, connection);
                Ok(permit)
            };
            permit = beside(deadline, open).await?;
        }
    }

    /// Takes a connection back that is in no transaction. The caller still holds its permit.
    pub(crate) fn give_back(&self, connection: Connection) {
        put(&self.idle, connection);
    }
}

/// Keeps a connection, unless there are as many as can be used at once.
fn put(idle: &Mutex<Vec<Connection>>, connection: Connection) {
    let mut idle = locked(idle);
    if idle.len() < READERS_MAX as usize {
        idle.push(connection);
    }
}

fn locked(idle: &Mutex<Vec<Connection>>) -> MutexGuard<'_, Vec<Connection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
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

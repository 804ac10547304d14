//! The end of a statement's time, looked at while SQLite runs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use quoin_core::Clock;

/// Instructions of SQLite's machine between two looks at the clock: a microsecond or two, of which
/// the look is a small part. An instruction on large values takes much longer.
const INSTRUCTIONS: i32 = 100;
/// The end that never comes.
const NEVER: u64 = u64::MAX;

/// When the running statement is interrupted. One for each connection.
pub(crate) struct Watch {
    start: Instant,
    /// Nanoseconds after `start`, so that the handler needs no lock.
    end: Arc<AtomicU64>,
}

impl Watch {
    /// Watches over everything that `sqlite` runs from now on.
    pub(crate) fn install(
        sqlite: &mut rusqlite::Connection,
        clock: Clock,
    ) -> rusqlite::Result<Watch> {
        let start = clock.instant();
        let end = Arc::new(AtomicU64::new(NEVER));
        let seen = Arc::clone(&end);
        let over = move || nanos_since(start, clock.instant()) >= seen.load(Ordering::Relaxed);
        sqlite.progress_handler(INSTRUCTIONS, Some(over))?;
        Ok(Watch { start, end })
    }

    /// Statements that run past `end` are interrupted.
    pub(crate) fn until(&self, end: Instant) {
        self.end.store(nanos_since(self.start, end), Ordering::Relaxed);
    }

    /// Nothing is interrupted any more.
    pub(crate) fn off(&self) {
        self.end.store(NEVER, Ordering::Relaxed);
    }
}

fn nanos_since(start: Instant, then: Instant) -> u64 {
    u64::try_from(then.saturating_duration_since(start).as_nanos()).unwrap_or(NEVER)
}

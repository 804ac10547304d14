//! The end of a statement's time and of its room for temporary files, looked at while SQLite runs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use quoin_core::Clock;

use crate::SqlError;
use crate::spill::{Meter, STATEMENT_MAX};

/// Instructions of SQLite's machine between two looks at the clock: a microsecond or two, of which
/// the look is a small part. An instruction on large values takes much longer.
const INSTRUCTIONS: i32 = 100;
/// The end that never comes.
const NEVER: u64 = u64::MAX;

/// When the running statement is interrupted. One for each connection.
pub(crate) struct Watch {
    start: Instant,
    bounds: Arc<Bounds>,
}

/// What the handler looks at, without a lock.
struct Bounds {
    /// Nanoseconds after the start.
    end: AtomicU64,
    meter: Meter,
}

impl Watch {
    /// Watches over everything that `sqlite` runs from now on.
    pub(crate) fn install(
        sqlite: &mut rusqlite::Connection,
        clock: Clock,
        meter: Meter,
    ) -> rusqlite::Result<Watch> {
        let start = clock.instant();
        let bounds = Arc::new(Bounds { end: AtomicU64::new(NEVER), meter });
        let seen = Arc::clone(&bounds);
        let over = move || {
            let now = nanos_since(start, clock.instant());
            now >= seen.end.load(Ordering::Relaxed) || seen.meter.stops(now)
        };
        sqlite.progress_handler(INSTRUCTIONS, Some(over))?;
        Ok(Watch { start, bounds })
    }

    /// The statement that begins is interrupted when it runs past `end`, or puts more into temporary files
    /// than a statement may.
    pub(crate) fn until(&self, end: Instant) {
        self.until_spilling(end, STATEMENT_MAX);
    }

    /// The same for one that may put `most` bytes into temporary files.
    pub(crate) fn until_spilling(&self, end: Instant, most: u64) {
        self.bounds.end.store(nanos_since(self.start, end), Ordering::Relaxed);
        self.bounds.meter.begin(most);
    }

    /// Nothing is interrupted any more.
    pub(crate) fn off(&self) {
        self.bounds.end.store(NEVER, Ordering::Relaxed);
        self.bounds.meter.end();
    }

    /// Whether the last statement was interrupted for what it put into temporary files.
    pub(crate) fn spilled(&self) -> bool {
        self.bounds.meter.stopped().is_some()
    }

    /// What the last statement failed with, told for what it was interrupted.
    pub(crate) fn told(&self, error: SqlError) -> SqlError {
        match (error, self.bounds.meter.stopped()) {
            (SqlError::Timeout, Some((bytes, most))) => SqlError::TooLarge(format!(
                "the statement put {} MiB into temporary files to sort or gather rows, and may put {} \
                 MiB, or less while others put much there: add an index that has the rows in their \
                 order, or go through them in parts",
                bytes >> 20,
                most >> 20
            )),
            (error, _) => error,
        }
    }
}

fn nanos_since(start: Instant, then: Instant) -> u64 {
    u64::try_from(then.saturating_duration_since(start).as_nanos()).unwrap_or(NEVER)
}

//! When it is looked again what SQLite's planner knows about how much the tables hold.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::connection::Connection;

/// Changed rows after which it is looked again which tables have outgrown what is known about them.
const CHANGED: u64 = 1_000;
/// How long fewer changed rows wait for that.
const SOON_OR_LATE: Duration = Duration::from_secs(3_600);
/// How long it is not looked again, however much is changed: looking takes a turn at the writer.
const APART: Duration = Duration::from_secs(5);
/// Pages of a file that needs any: in a smaller one SQLite is soon through, whatever the plan.
const PAGES_LARGE: u64 = 256;

/// When statistics are gathered next.
#[derive(Default)]
pub(crate) struct Statistics(Mutex<State>);

#[derive(Default)]
struct State {
    /// Rows that the writer's connection has changed since it was opened, as it told last.
    told: u64,
    /// Rows that were changed since it was looked last.
    changed: u64,
    looked: Option<Instant>,
    /// The file is large enough to need any.
    large: bool,
    /// Somebody looks, or waits for it.
    busy: bool,
}

impl Statistics {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what `connection` has written, before it is committed.
    pub fn note(&self, connection: &Connection) {
        let mut state = self.state();
        let all = connection.sqlite.total_changes();
        // A connection that was opened anew begins at zero.
        let new = all.checked_sub(state.told).unwrap_or(all);
        state.told = all;
        state.changed = state.changed.saturating_add(new);
        if !state.large && state.changed >= CHANGED {
            state.large = connection.pages().is_ok_and(|pages| pages.used >= PAGES_LARGE);
        }
    }

    /// The schema was changed: new indexes have no statistics yet.
    pub fn note_migration(&self) {
        self.state().changed = CHANGED;
    }

    /// How long to wait before looking, if it is time to look.
    pub fn due(&self, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        let since = state.looked.map(|looked| now.saturating_duration_since(looked));
        let late = state.changed > 0 && since.is_some_and(|since| since >= SOON_OR_LATE);
        if state.busy || !state.large || !(state.changed >= CHANGED || late) {
            return None;
        }
        state.busy = true;
        Some(since.map_or(Duration::ZERO, |since| APART.saturating_sub(since)))
    }

    /// It is looked now.
    pub fn begin(&self, now: Instant) {
        let mut state = self.state();
        state.changed = 0;
        state.looked = Some(now);
    }

    /// It was looked.
    pub fn end(&self) {
        self.state().busy = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_looked_when_much_was_changed_or_long_ago_and_by_one_at_a_time() {
        let statistics = Statistics::default();
        let start = Instant::now();
        statistics.note_migration();
        assert_eq!(statistics.due(start), None);
        statistics.state().large = true;
        assert_eq!(statistics.due(start), Some(Duration::ZERO));
        assert_eq!(statistics.due(start), None);
        statistics.begin(start);
        statistics.end();
        assert_eq!(statistics.due(start + SOON_OR_LATE), None);
        statistics.state().changed = 1;
        assert_eq!(statistics.due(start + SOON_OR_LATE - Duration::from_nanos(1)), None);
        assert_eq!(statistics.due(start + SOON_OR_LATE), Some(Duration::ZERO));
        statistics.end();
        statistics.note_migration();
        assert_eq!(statistics.due(start + APART / 5), Some(APART * 4 / 5));
    }
}

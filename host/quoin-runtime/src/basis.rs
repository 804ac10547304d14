//! What an answer of a reading request was made from, and so how long it holds.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use quoin_core::Clock;

/// The time at which something ends that does not.
const NEVER: u64 = u64::MAX;

/// What an answer was made from: tables of the shop's database as they were, and which of the times that
/// the request asked about had passed. Besides that it depends on nothing but the function, its
/// parameters, the configuration and the principal.
#[derive(Debug, Clone)]
pub struct Basis {
    data: Option<quoin_storage::Basis>,
    /// From when to before when, in milliseconds since 1970, if that matters.
    time: Option<(u64, u64)>,
    clock: Clock,
}

impl Basis {
    /// That of an answer which depends on nothing.
    pub fn always() -> Basis {
        Basis { data: None, time: None, clock: Clock::system() }
    }

    /// Whether the same request would be answered the same now.
    pub fn holds(&self) -> bool {
        let holds = |(from, until)| (from..until).contains(&self.clock.now_ms());
        self.time.is_none_or(holds) && self.data.as_ref().is_none_or(quoin_storage::Basis::holds)
    }
}

/// What the calls of a request use, besides what it is asked with.
pub(crate) struct Uses {
    /// Something that may be otherwise the next time: nobody can tell how long an answer holds.
    other: AtomicBool,
    /// The next of the times that the request asked about, if it asked about any.
    asked: AtomicBool,
    until: AtomicU64,
    data: Mutex<Option<quoin_storage::Basis>>,
}

impl Default for Uses {
    fn default() -> Uses {
        let (other, asked) = (AtomicBool::new(false), AtomicBool::new(false));
        Uses { other, asked, until: AtomicU64::new(NEVER), data: Mutex::default() }
    }
}

impl Uses {
    /// It uses what nobody watches.
    pub fn other(&self) {
        self.other.store(true, Ordering::Relaxed);
    }

    /// It asks at `now` whether `time` has passed, both in milliseconds since 1970.
    pub fn passed(&self, time: u64, now: u64) -> bool {
        self.asked.store(true, Ordering::Relaxed);
        let passed = time <= now;
        if !passed {
            self.until.fetch_min(time, Ordering::Relaxed);
        }
        passed
    }

    /// It has read this.
    pub fn read(&self, data: Option<quoin_storage::Basis>) {
        match data {
            Some(data) => *self.data.lock().unwrap_or_else(PoisonError::into_inner) = Some(data),
            None => self.other(),
        }
    }

    /// What the answer of a request was made from that ran at `now_ms`, if that can be told.
    pub fn basis(&self, now_ms: u64, clock: &Clock) -> Option<Basis> {
        if self.other.load(Ordering::Relaxed) {
            return None;
        }
        let asked = self.asked.load(Ordering::Relaxed);
        let time = asked.then(|| (now_ms, self.until.load(Ordering::Relaxed)));
        let data = self.data.lock().unwrap_or_else(PoisonError::into_inner).take();
        Some(Basis { data, time, clock: clock.clone() })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quoin_core::ManualClock;

    use super::*;

    #[test]
    fn an_answer_holds_until_the_next_time_that_was_asked_about() {
        let manual = ManualClock::at(1_000);
        let (clock, uses) = (manual.clock(), Uses::default());
        assert!(uses.passed(999, 1_000) && uses.passed(1_000, 1_000));
        assert!(!uses.passed(3_000, 1_000) && !uses.passed(2_000, 1_000));
        let basis = uses.basis(1_000, &clock).unwrap();
        assert!(basis.holds());
        manual.forward(Duration::from_millis(999));
        assert!(basis.holds());
        manual.forward(Duration::from_millis(1));
        assert!(!basis.holds());
    }

    #[test]
    fn an_answer_that_asks_for_no_time_holds_at_any() {
        let manual = ManualClock::at(1_000);
        let basis = Uses::default().basis(1_000, &manual.clock()).unwrap();
        manual.forward(Duration::from_secs(1_000_000));
        assert!(basis.holds());
    }

    #[test]
    fn what_uses_anything_else_cannot_be_kept() {
        let (clock, uses) = (ManualClock::at(1_000).clock(), Uses::default());
        uses.other();
        assert!(uses.basis(1_000, &clock).is_none());
        let uses = Uses::default();
        uses.read(None);
        assert!(uses.basis(1_000, &clock).is_none());
    }
}

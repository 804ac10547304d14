//! What time it is: the one place in the host that asks the system.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What time it is. Whoever needs to know is given one; clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(ManualClock),
}

impl Clock {
    /// The clock of the operating system.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// Milliseconds since 1970 in UTC: for people and for what is kept. It may jump, also backwards,
    /// when the machine's clock is set; 0 before 1970.
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            Source::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
            }
            Source::Manual(manual) => manual.time().now_ms,
        }
    }

    /// A time that only goes forward and means nothing outside this process: for deadlines and for
    /// how long something took.
    pub fn instant(&self) -> Instant {
        match &self.0 {
            Source::System => Instant::now(),
            Source::Manual(manual) => manual.time().instant,
        }
    }
}

/// The hand on a [`Clock`] that stands still unless it is moved: for tests. Clones move the same
/// clock.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Time>>);

#[derive(Debug)]
struct Time {
    now_ms: u64,
    instant: Instant,
}

impl ManualClock {
    /// A clock that stands at this many milliseconds since 1970.
    pub fn at(now_ms: u64) -> ManualClock {
        ManualClock(Arc::new(Mutex::new(Time { now_ms, instant: Instant::now() })))
    }

    /// The clock that this moves.
    pub fn clock(&self) -> Clock {
        Clock(Source::Manual(self.clone()))
    }

    /// Lets this much time pass.
    pub fn forward(&self, by: Duration) {
        let mut time = self.time();
        time.now_ms = time.now_ms.saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX));
        // What lies past the last instant stays at the one that it was.
        time.instant = time.instant.checked_add(by).unwrap_or(time.instant);
    }

    /// Sets the time of day, as somebody might set the machine's clock: no time passes by that.
    pub fn set(&self, now_ms: u64) {
        self.time().now_ms = now_ms;
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_clock_tells_the_systems_time() {
        let clock = Clock::system();
        let since = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let (before, now, after) = (since(), u128::from(clock.now_ms()), since());
        assert!((before..=after).contains(&now), "{before} {now} {after}");
        let (before, now, after) = (Instant::now(), clock.instant(), Instant::now());
        assert!((before..=after).contains(&now));
    }

    #[test]
    fn a_clock_moved_by_hand_stands_still_between_moves() {
        let hand = ManualClock::at(5_000);
        let (clock, start) = (hand.clock(), hand.clock().instant());
        assert_eq!((clock.now_ms(), clock.instant()), (5_000, start));
        hand.forward(Duration::from_millis(1_500));
        assert_eq!(
            (clock.now_ms(), clock.instant() - start),
            (6_500, Duration::from_millis(1_500))
        );
        assert_eq!(clock.clone().now_ms(), 6_500);
    }

    #[test]
    fn setting_the_time_of_day_lets_no_time_pass() {
        let hand = ManualClock::at(5_000);
        let (clock, start) = (hand.clock(), hand.clock().instant());
        hand.set(1_000);
        assert_eq!((clock.now_ms(), clock.instant()), (1_000, start));
    }

    #[test]
    fn no_move_is_too_far() {
        let hand = ManualClock::at(5_000);
        hand.forward(Duration::MAX);
        assert_eq!(hand.clock().now_ms(), u64::MAX);
    }
}

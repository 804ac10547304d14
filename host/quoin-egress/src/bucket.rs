//! How often something may be done.

use std::time::{Duration, Instant};

/// A token bucket of what a shop sends, told as the time until which all that was sent would have taken in
/// the long run.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Time that one takes in the long run.
    each: Duration,
    burst: u32,
    until: Option<Instant>,
}

impl Bucket {
    /// One for so many a second in the long run, and so many at once after a rest.
    pub fn new(rate: u32, burst: u32) -> Bucket {
        Bucket { each: Duration::from_secs(1) / rate.max(1), burst, until: None }
    }

    /// Whether there is room for one more at this time, which it takes then.
    pub fn take(&mut self, now: Instant) -> bool {
        let until = self.until.map_or(now, |until| until.max(now));
        let room = until.saturating_duration_since(now) < self.each * self.burst;
        if room {
            self.until = Some(until + self.each);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use quoin_core::limits::{HTTP_BURST_SHOP, HTTP_RATE_SHOP};

    use super::*;

    #[test]
    fn a_burst_goes_through_and_then_as_many_a_second_as_the_rate_allows() {
        let (rate, burst) = (HTTP_RATE_SHOP, HTTP_BURST_SHOP);
        let (mut bucket, start) = (Bucket::new(rate, burst), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut through = |now| (0..1_000).filter(|_| bucket.take(now)).count();
        assert_eq!(through(start), HTTP_BURST_SHOP as usize);
        assert_eq!(through(at(1)), HTTP_RATE_SHOP as usize);
        assert_eq!(through(at(2)), HTTP_RATE_SHOP as usize);
        // However long it was quiet.
        assert_eq!(through(at(1_000)), HTTP_BURST_SHOP as usize);
    }
}

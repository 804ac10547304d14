//! How often something may be done.

use std::time::{Duration, Instant};

use quoin_core::limits::{HTTP_BURST_SHOP, HTTP_RATE_SHOP};

/// Time that one request takes in the long run.
const EACH: Duration = Duration::from_nanos(1_000_000_000 / HTTP_RATE_SHOP as u64);

/// A token bucket of a shop's requests, told as the time until which all that were sent would have taken
/// in the long run.
#[derive(Debug, Default)]
pub(crate) struct Bucket(Option<Instant>);

impl Bucket {
    /// Whether there is room for one more request at this time, which it takes then.
    pub fn take(&mut self, now: Instant) -> bool {
        let until = self.0.map_or(now, |until| until.max(now));
        let room = until.saturating_duration_since(now) < EACH * HTTP_BURST_SHOP;
        if room {
            self.0 = Some(until + EACH);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_through_and_then_as_many_a_second_as_the_rate_allows() {
        let (mut bucket, start) = (Bucket::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut through = |now| (0..1_000).filter(|_| bucket.take(now)).count();
        assert_eq!(through(start), HTTP_BURST_SHOP as usize);
        assert_eq!(through(at(1)), HTTP_RATE_SHOP as usize);
        assert_eq!(through(at(2)), HTTP_RATE_SHOP as usize);
        // However long it was quiet.
        assert_eq!(through(at(1_000)), HTTP_BURST_SHOP as usize);
    }
}

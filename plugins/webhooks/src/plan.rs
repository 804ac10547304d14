//! When a delivery that failed is tried again.

/// Pauses of a plan.
const PAUSES_MAX: usize = 20;
/// A pause is at most this long, in milliseconds: a week.
const PAUSE_MS_MAX: u64 = 7 * 24 * 3_600_000;
/// An endpoint where one try after the other fails rests at most this long, in milliseconds.
const REST_MS_MAX: u64 = 300_000;

/// The pauses after each failed try, in milliseconds.
pub struct Plan(Vec<u64>);

impl Plan {
    /// Reads times such as `5s 30m 2h`; none where it is no plan.
    pub fn read(text: &str) -> Option<Plan> {
        let pauses = text.split_ascii_whitespace().map(pause).collect::<Option<Vec<_>>>()?;
        (1..=PAUSES_MAX).contains(&pauses.len()).then_some(Plan(pauses))
    }

    /// The pause after so many tries have failed; none where that was the last one.
    pub fn after(&self, tries: u32) -> Option<u64> {
        let index = usize::try_from(tries.checked_sub(1)?).ok()?;
        self.0.get(index).copied()
    }

    /// From the first try to the last, where every pause is as long as it may be.
    pub fn whole(&self) -> u64 {
        let sum: u64 = self.0.iter().sum();
        sum + sum / 5
    }

    /// How long nothing is sent to an endpoint where so many tries have failed one after the other. One
    /// failure may be that event's own.
    pub fn rest(&self, failures: u32) -> u64 {
        let Some(doublings) = failures.checked_sub(2) else { return 0 };
        let first = self.0.first().copied().unwrap_or(REST_MS_MAX).min(REST_MS_MAX);
        first.saturating_mul(1_u64.checked_shl(doublings).unwrap_or(u64::MAX)).min(REST_MS_MAX)
    }
}

fn pause(text: &str) -> Option<u64> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    let (number, unit) =
        units.into_iter().find_map(|(unit, ms)| Some((text.strip_suffix(unit)?, ms)))?;
    let ms = number.parse::<u64>().ok()?.checked_mul(unit)?;
    (1..=PAUSE_MS_MAX).contains(&ms).then_some(ms)
}

/// Between a fifth shorter and a fifth longer, so that what failed together is not tried together.
pub fn jittered(pause: u64, random: u8) -> u64 {
    pause - pause / 5 + pause * 2 / 5 * u64::from(random) / 255
}

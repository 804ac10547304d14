//! Times for people.

/// Milliseconds since 1970 as `2026-01-31 12:00:00.000Z`.
pub fn utc(ms: u64) -> String {
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let (year, month, day) = date(days);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// The date that lies `days` after 1970-01-01, counted in years that begin in March, so that a leap
/// day is the last day of its year.
fn date(days: u64) -> (u64, u64, u64) {
    // 0000-03-01 lies 719,468 days before 1970-01-01; 400 years have 146,097 days.
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Five months from March on have 153 days, and so have the next five.
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_days_and_new_years_are_right() {
        assert_eq!(utc(0), "1970-01-01 00:00:00.000Z");
        assert_eq!(utc(951_782_400_123), "2000-02-29 00:00:00.123Z");
        assert_eq!(utc(1_709_251_199_000), "2024-02-29 23:59:59.000Z");
        assert_eq!(utc(4_107_542_400_000), "2100-03-01 00:00:00.000Z");
        assert_eq!(utc(1_767_225_599_999), "2025-12-31 23:59:59.999Z");
    }
}

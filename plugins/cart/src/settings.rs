//! What the shop configured.

use quoin_sdk::host::configured;
use quoin_sdk::types::Error;

use crate::check;

const DAY_MS: u64 = 24 * 3_600_000;

/// The currency of carts that ask for none.
///
/// # Errors
/// The shop configured something else than a currency.
pub fn currency() -> Result<String, Error> {
    let currency = configured("currency");
    match check::currency_problem(&currency) {
        None => Ok(currency),
        Some(problem) => Err(misconfigured("currency", problem)),
    }
}

/// Milliseconds that a cart is kept after its last change.
///
/// # Errors
/// The shop configured something else than 1 to 365 days.
pub fn kept_ms() -> Result<u64, Error> {
    let days = configured("expire-days").parse().ok().filter(|days| (1..=365).contains(days));
    days.map(|days: u64| days * DAY_MS)
        .ok_or_else(|| misconfigured("expire-days", "must be a whole number from 1 to 365"))
}

fn misconfigured(key: &str, problem: &str) -> Error {
    Error::Unavailable(format!("the cart's configuration {key} {problem}"))
}

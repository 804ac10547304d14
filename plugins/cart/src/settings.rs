//! What the shop configured.

use quoin_sdk::currency;
use quoin_sdk::host::configured;
use quoin_sdk::types::Error;

const DAY_MS: f64 = 24.0 * 3_600_000.0;

/// The currency of carts that ask for none.
///
/// # Errors
/// The shop configured something else than a currency.
pub fn currency() -> Result<String, Error> {
    let configured = configured("currency");
    match currency::problem(&configured) {
        None => Ok(configured),
        Some(problem) => Err(misconfigured("currency", &problem)),
    }
}

/// Milliseconds that a cart is kept after its last change.
///
/// # Errors
/// The shop configured something else than up to 365 days.
pub fn kept_ms() -> Result<u64, Error> {
    let days = configured("expire-days").parse().ok().filter(|days| *days > 0.0 && *days <= 365.0);
    days.map(|days: f64| (days * DAY_MS) as u64)
        .ok_or_else(|| misconfigured("expire-days", "must be a number above 0, up to 365"))
}

fn misconfigured(key: &str, problem: &str) -> Error {
    Error::Unavailable(format!("the cart's configuration {key} {problem}"))
}

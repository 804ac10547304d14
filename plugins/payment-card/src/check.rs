//! What a request may contain.

use quoin_sdk::check::{Check, TITLE_MAX};
use quoin_sdk::text;
use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::payment::provider::{Authorization, Error};

/// # Errors
/// `invalid` with every field that cannot be used.
pub fn authorization(request: &Authorization) -> Result<(), Error> {
    let mut check = Check::default();
    check.id("request/key", &request.key);
    check.currency("request/amount/currency", &request.amount.currency);
    check.money("request/amount", &request.amount, &request.amount.currency);
    let problem = text::prose_problem(&request.description, TITLE_MAX);
    check.note("request/description", problem);
    if let Some(email) = &request.email {
        check.email("request/email", email);
    }
    check.done()
}

/// # Errors
/// `invalid` when the key or the amount of a capture or refund cannot be used.
pub fn movement(key: &str, amount: Option<&Money>, currency: &str) -> Result<(), Error> {
    let mut check = Check::default();
    check.id("key", key);
    if let Some(amount) = amount {
        check.money("amount", amount, currency);
        if amount.minor == 0 {
            check.fault("amount/minor", "must be above 0; leave out the amount for all");
        }
    }
    check.done()
}

//! The errors of other plugins as this one's.

use quoin_sdk::types;

use crate::bindings::exports::quoin::checkout::checkout::Error;
use crate::bindings::quoin::inventory::stock;
use crate::bindings::quoin::payment::provider;

/// # Errors
/// The one with this single faulty field.
pub fn invalid<T>(field: &str, problem: &str) -> Result<T, Error> {
    Err(Error::Invalid(vec![quoin_sdk::fault(field, problem)]))
}

/// A `conflict` with this text.
pub fn conflict(why: &str) -> Error {
    Error::Conflict(why.into())
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Error {
        match error {
            types::Error::NotFound(what) => Error::NotFound(what),
            types::Error::Invalid(faults) => Error::Invalid(faults),
            types::Error::Conflict(why) => Error::Conflict(why),
            types::Error::Denied(why) => Error::Denied(why),
            types::Error::Retryable(after) => Error::Retryable(after),
            types::Error::Unavailable(why) => Error::Unavailable(why),
        }
    }
}

impl From<stock::Error> for Error {
    fn from(error: stock::Error) -> Error {
        match error {
            stock::Error::NotFound(what) => Error::NotFound(what),
            stock::Error::Invalid(faults) => Error::Invalid(faults),
            stock::Error::Conflict(why) => Error::Conflict(why),
            stock::Error::Denied(why) => Error::Denied(why),
            stock::Error::Retryable(after) => Error::Retryable(after),
            stock::Error::Unavailable(why) => Error::Unavailable(why),
            stock::Error::InsufficientStock(shortages) => Error::InsufficientStock(shortages),
        }
    }
}

impl From<provider::Error> for Error {
    fn from(error: provider::Error) -> Error {
        match error {
            provider::Error::NotFound(what) => Error::NotFound(what),
            provider::Error::Invalid(faults) => Error::Invalid(faults),
            provider::Error::Conflict(why) => Error::Conflict(why),
            provider::Error::Denied(why) => Error::Denied(why),
            provider::Error::Retryable(after) => Error::Retryable(after),
            provider::Error::Unavailable(why) => Error::Unavailable(why),
            provider::Error::Declined(why) => Error::Declined(why),
        }
    }
}

//! The errors of other plugins as those of placing an order.

use quoin_sdk::types::Error;

use crate::bindings::exports::quoin::checkout::checkout::PlaceError;
use crate::bindings::quoin::inventory::allocations::AllocateError;

macro_rules! from {
    ($error:ident $(, $more:ident)?) => {
        impl From<$error> for PlaceError {
            fn from(error: $error) -> PlaceError {
                match error {
                    $error::NotFound(what) => PlaceError::NotFound(what),
                    $error::Invalid(faults) => PlaceError::Invalid(faults),
                    $error::Conflict(why) => PlaceError::Conflict(why),
                    $error::Denied(why) => PlaceError::Denied(why),
                    $error::Retryable(after) => PlaceError::Retryable(after),
                    $error::Unavailable(why) => PlaceError::Unavailable(why),
                    $($error::$more(what) => PlaceError::$more(what),)?
                }
            }
        }
    };
}
from!(Error);
from!(AllocateError, InsufficientStock);

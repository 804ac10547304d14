//! Asking for money.

use quoin_sdk::host::clock;
use quoin_sdk::id;

use crate::bindings::exports::quoin::payment::provider::{
    Authorization, EntryKind, Error, Payment, State,
};
use crate::payment::Stored;
use crate::{check, ledger, method, payment};

/// Authorizes by promise: nobody is asked. Beyond a method's maximum the payment is declined; a payment
/// in advance waits for its money.
///
/// # Errors
/// `not-found` for a method that the shop does not offer, `conflict` when the key was used for something
/// else.
pub fn authorize(name: &str, request: Authorization) -> Result<Payment, Error> {
    let method = method::offered(name)?;
    check::authorization(&request)?;
    if let Some(before) = payment::by_key(&request.key) {
        return if before.was_asked_by(name, &request) {
            Ok(before.view())
        } else {
            Err(Error::Conflict("this key was used for another payment".into()))
        };
    }
    let id = id::random("pay");
    let (state, message) = match method.refusal(&request.amount) {
        Some(why) => (State::Declined, Some(why)),
        // Nobody waits for nothing.
        None if method.in_advance && request.amount.minor > 0 => {
            (State::RequiresAction, Some(method::instructions(&id)))
        }
        None => (State::Authorized, None),
    };
    let Authorization { key, amount, description, email } = request;
    let made = Stored {
        id,
        key,
        method: name.into(),
        state,
        created_at: clock::now(),
        capture: method.capture,
        in_advance: state == State::RequiresAction,
        description,
        email,
        message,
        currency: amount.currency,
        amount: amount.minor,
        authorized: if state == State::Authorized { amount.minor } else { 0 },
        captured: 0,
        voided: 0,
        refunded: 0,
    };
    made.insert();
    if state == State::Authorized {
        ledger::append(&made, EntryKind::Authorize, &made.key, Some(made.amount), made.amount);
    }
    Ok(made.view())
}

impl Stored {
    fn was_asked_by(&self, method: &str, request: &Authorization) -> bool {
        self.method == method
            && self.amount == request.amount.minor
            && self.currency == request.amount.currency
            && self.description == request.description
            && self.email == request.email
    }
}

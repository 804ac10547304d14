//! What the shop's staff record of money that was to come first.

use crate::bindings::exports::quoin::payment::provider::{EntryKind, Error, Payment, State};
use crate::payment::Stored;
use crate::{check, ledger, payment, state};

/// The ledger key of money that came, which comes once.
const RECEIVED: &str = "received";

/// The money has come: it is authorized and captured.
///
/// # Errors
/// `not-found`, or `conflict` for a payment that does not wait.
pub fn receive(id: &str) -> Result<Payment, Error> {
    let mut payment = payment::by_id(id)?;
    if payment.in_advance && matches!(payment.state, State::Captured | State::Refunded) {
        return Ok(payment.view());
    }
    waits(&payment)?;
    payment.state = State::Captured;
    payment.message = None;
    (payment.authorized, payment.captured) = (payment.amount, payment.amount);
    payment.update();
    ledger::append(&payment, EntryKind::Authorize, &payment.key, None, payment.amount);
    ledger::append(&payment, EntryKind::Capture, RECEIVED, None, payment.amount);
    Ok(payment.view())
}

/// The money will not come.
///
/// # Errors
/// `not-found`, `invalid` without a reason, or `conflict` for a payment that does not wait.
pub fn decline(id: &str, reason: &str) -> Result<Payment, Error> {
    check::reason(reason)?;
    let mut payment = payment::by_id(id)?;
    if payment.in_advance && payment.state == State::Declined {
        return Ok(payment.view());
    }
    waits(&payment)?;
    payment.state = State::Declined;
    payment.message = Some(reason.into());
    payment.update();
    Ok(payment.view())
}

fn waits(payment: &Stored) -> Result<(), Error> {
    if payment.state == State::RequiresAction {
        return Ok(());
    }
    let state = state::name(payment.state);
    Err(Error::Conflict(format!("the payment is {state}; nobody waits for its money")))
}

//! Capture, void and refund: each is written down, once per key.

use quoin_sdk::currency;
use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::payment::provider::{EntryKind, Error, Payment, State};
use crate::operation::{self, Kind};
use crate::payment::{self, Stored};
use crate::{check, ledger, state, tell};

/// Writes down that the provider is to move `asked`, or all that is left.
///
/// # Errors
/// `not-found`; `invalid` for a bad key or amount; `conflict` when nothing or too little is left, or
/// when the key was used for something else.
pub fn ask(
    method: &str,
    id: &str,
    kind: Kind,
    key: &str,
    asked: Option<Money>,
) -> Result<Payment, Error> {
    let mut payment = payment::find(method, id)?;
    check::movement(key, asked.as_ref(), &payment.currency)?;
    let asked = asked.map(|a| a.minor);
    if let Some(before) = operation::by_key(&payment.id, key) {
        let same = before.kind == kind && before.asked == asked;
        return if same {
            Ok(payment.view())
        } else {
            Err(Error::Conflict("this key was used otherwise".into()))
        };
    }
    if operation::are_too_many(&payment.id) {
        return Err(Error::Conflict("there are too many operations on this payment".into()));
    }
    if payment.amount == 0 {
        return nothing(payment, kind, key);
    }
    let left = payment.left_of(kind);
    match asked {
        Some(amount) if amount <= left => {}
        None if left > 0 || kind == Kind::Void && payment.now() == State::RequiresAction => {}
        _ => return Err(too_much(&payment, kind, left)),
    }
    operation::add(&payment.id, kind, key, asked, "");
    payment.outstanding += 1;
    payment.refused = None;
    payment.keep();
    tell::work(&payment.id);
    Ok(payment.view())
}

impl Stored {
    /// What can still be asked for: beside what is outstanding only refunds, which may be many.
    fn left_of(&self, kind: Kind) -> i64 {
        if kind == Kind::Refund {
            let left = self.captured - self.refunded;
            return left - operation::outstanding_of(&self.id, Kind::Refund, left).min(left);
        }
        if self.now() == State::Authorized { self.left() } else { 0 }
    }
}

/// Of a free payment the provider knows nothing: it can be captured or voided, once.
fn nothing(mut payment: Stored, kind: Kind, key: &str) -> Result<Payment, Error> {
    let (entry, state) = match kind {
        Kind::Capture => (EntryKind::Capture, State::Captured),
        Kind::Void => (EntryKind::Void, State::Voided),
        _ => return Err(too_much(&payment, kind, 0)),
    };
    if payment.state != State::Authorized {
        return Err(too_much(&payment, kind, 0));
    }
    operation::add(&payment.id, kind, key, None, "");
    if let Some(added) = operation::by_key(&payment.id, key) {
        added.end(operation::End::Done);
    }
    payment.state = state;
    payment.keep();
    ledger::append(&payment.id, entry, key, 0);
    Ok(payment.view())
}

fn too_much(payment: &Stored, kind: Kind, left: i64) -> Error {
    let done = match kind {
        Kind::Refund => "refund",
        Kind::Void => "void",
        _ => "capture",
    };
    let left = currency::shown(&Money::new(left, payment.currency.as_str()));
    let state = state::name(payment.now());
    Error::Conflict(format!("the payment is {state} and has {left} left to {done}"))
}

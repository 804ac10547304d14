//! Capture, void and refund: each moves part of what is left, once per key.

use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::payment::provider::{EntryKind, Error, Payment, State};
use crate::payment::Stored;
use crate::{check, ledger, payment};

/// Moves `asked`, or all that is left, and records it under `key`.
///
/// # Errors
/// `not-found`; `invalid` for a bad key or amount; `conflict` when nothing or too little is left, or
/// when the key was used for something else.
pub fn record(
    method: &str,
    id: &str,
    kind: EntryKind,
    key: &str,
    asked: Option<Money>,
) -> Result<Payment, Error> {
    let mut payment = payment::find(method, id)?;
    check::movement(key, asked.as_ref(), &payment.currency)?;
    let asked = asked.map(|a| a.minor);
    if let Some(before) = ledger::by_key(&payment.id, key) {
        let same = before.kind == kind && before.asked == asked;
        return if same {
            Ok(payment.view())
        } else {
            Err(conflict("this key was used otherwise"))
        };
    }
    if ledger::is_full(&payment.id) {
        return Err(conflict("the ledger of this payment is full"));
    }
    let left = payment.left(kind);
    let amount = match asked {
        Some(amount) if amount > left => return Err(too_much(&payment, kind, left)),
        Some(amount) => amount,
        None if left > 0 || payment.is_free_of_charge(kind) => left,
        None => return Err(too_much(&payment, kind, 0)),
    };
    payment.apply(kind, amount);
    payment.update();
    ledger::append(&payment.id, kind, key, asked, amount);
    Ok(payment.view())
}

impl Stored {
    /// What can still be captured and voided, or refunded.
    fn left(&self, kind: EntryKind) -> i64 {
        match kind {
            EntryKind::Refund => self.captured - self.refunded,
            _ => self.authorized - self.captured - self.voided,
        }
    }

    /// A payment of nothing can still be captured or voided, once.
    fn is_free_of_charge(&self, kind: EntryKind) -> bool {
        self.authorized == 0 && self.state == State::Authorized && kind != EntryKind::Refund
    }

    fn apply(&mut self, kind: EntryKind, amount: i64) {
        match kind {
            EntryKind::Capture => {
                self.captured += amount;
                self.state = State::Captured;
            }
            EntryKind::Void => {
                self.voided += amount;
                if self.captured == 0 {
                    self.state = State::Voided;
                }
            }
            EntryKind::Refund => {
                self.refunded += amount;
                if self.refunded == self.captured {
                    self.state = State::Refunded;
                }
            }
            EntryKind::Authorize => {}
        }
    }
}

fn conflict(why: &str) -> Error {
    Error::Conflict(why.into())
}

fn too_much(payment: &Stored, kind: EntryKind, left: i64) -> Error {
    let done = match kind {
        EntryKind::Refund => "refund",
        EntryKind::Void => "void",
        _ => "capture",
    };
    let left = Money::new(left, payment.currency.as_str());
    Error::Conflict(format!("the payment has {left} left to {done}"))
}

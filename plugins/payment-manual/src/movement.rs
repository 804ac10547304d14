//! Capture, void and refund: each moves part of what is left, once per key.

use quoin_sdk::currency;
use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::payment::provider::{EntryKind, Error, Payment, State};
use crate::payment::Stored;
use crate::{check, ledger, payment, state};

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
            Err(Error::Conflict("this key was used otherwise".into()))
        };
    }
    if ledger::is_full(&payment.id) {
        return Err(Error::Conflict("the ledger of this payment is full".into()));
    }
    let left = payment.left(kind);
    let amount = match asked {
        Some(amount) if amount <= left => amount,
        None if left > 0 || payment.may_move_nothing(kind) => left,
        _ => return Err(too_much(&payment, kind, left)),
    };
    payment.apply(kind, amount);
    payment.update();
    ledger::append(&payment, kind, key, asked, amount);
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

    /// A free payment can be captured or voided, once; and what waits for the buyer can be given up.
    fn may_move_nothing(&self, kind: EntryKind) -> bool {
        match self.state {
            State::Authorized => self.authorized == 0 && kind != EntryKind::Refund,
            State::RequiresAction => kind == EntryKind::Void,
            _ => false,
        }
    }

    fn apply(&mut self, kind: EntryKind, amount: i64) {
        match kind {
            EntryKind::Capture => self.captured += amount,
            EntryKind::Void => self.voided += amount,
            EntryKind::Refund => self.refunded += amount,
            EntryKind::Authorize => {}
        }
        if self.left(EntryKind::Capture) > 0 {
            return;
        }
        self.state = if self.captured > 0 && self.refunded == self.captured {
            State::Refunded
        } else if kind == EntryKind::Void && self.captured == 0 {
            self.message = None;
            State::Voided
        } else {
            State::Captured
        };
    }
}

fn too_much(payment: &Stored, kind: EntryKind, left: i64) -> Error {
    let done = match kind {
        EntryKind::Refund => "refund",
        EntryKind::Void => "void",
        _ => "capture",
    };
    let left = currency::shown(&Money::new(left, payment.currency.as_str()));
    let state = state::name(payment.state);
    Error::Conflict(format!("the payment is {state} and has {left} left to {done}"))
}

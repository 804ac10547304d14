//! Asking for money.

use quoin_sdk::host::clock;
use quoin_sdk::id;

use crate::bindings::exports::quoin::payment::provider::{
    Authorization, EntryKind, Error, Payment, State,
};
use crate::operation::{self, Kind};
use crate::payment::{self, Stored};
use crate::psp::form;
use crate::{check, ledger, method, settings, tell};

/// What the buyer reads while the provider is asked.
const PREPARED: &str = "Your card payment is being prepared. It takes a moment.";

/// Writes down that the provider is to be asked for a page on which the buyer pays. Nothing has to be paid for
/// nothing.
///
/// # Errors
/// `not-found` for a method that the shop does not offer, `conflict` when the key was used for something
/// else.
pub fn authorize(name: &str, request: Authorization) -> Result<Payment, Error> {
    let capture = method::offered(name)?;
    check::authorization(&request)?;
    if let Some(before) = payment::by_key(&request.key) {
        return if before.was_asked_by(name, &request) {
            Ok(before.view())
        } else {
            Err(Error::Conflict("this key was used for another payment".into()))
        };
    }
    let (now, is_free) = (clock::now(), request.amount.minor == 0);
    let Authorization { key, amount, description, email } = request;
    let made = Stored {
        id: id::random("pay"),
        key,
        method: name.into(),
        state: if is_free { State::Authorized } else { State::Unknown },
        outstanding: i64::from(!is_free),
        created_at: now,
        capture,
        description,
        email,
        message: (!is_free).then(|| PREPARED.into()),
        next_url: None,
        refused: None,
        currency: amount.currency,
        amount: amount.minor,
        authorized: 0,
        captured: 0,
        voided: 0,
        refunded: 0,
        intent: None,
        ends_at: now + settings::time_to_pay(),
    };
    made.keep();
    if is_free {
        ledger::append(&made.id, EntryKind::Authorize, &made.key, 0);
    } else {
        operation::add(&made.id, Kind::Create, &made.key, Some(made.amount), &made.intent_asked());
        tell::work(&made.id);
        tell::watch(&made, now);
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

    /// What the provider is sent to make an intent.
    fn intent_asked(&self) -> String {
        let (amount, currency) = (self.amount.to_string(), self.currency.to_lowercase());
        let back = settings::return_url(&self.id);
        let fields = [
            ("amount", Some(amount.as_str())),
            ("currency", Some(&currency)),
            ("capture_method", Some("manual")),
            ("description", Some(&self.description)),
            ("receipt_email", self.email.as_deref()),
            ("return_url", back.as_deref()),
            ("metadata[payment]", Some(&self.id)),
        ];
        form(fields.into_iter().filter_map(|(name, value)| Some((name, value?))))
    }
}

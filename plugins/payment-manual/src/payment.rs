//! A payment as it is kept.

use quoin_sdk::db::{self, Row};
use quoin_sdk::host::trap;
use quoin_sdk::types::Money;
use quoin_sdk::{id, params};

use crate::bindings::exports::quoin::payment::provider::{
    Authorization, CaptureTime, EntryKind, Error, Payment, State,
};
use crate::{check, ledger, method};

/// A payment as it is kept; amounts in minor units.
pub struct Stored {
    pub id: String,
    pub method: String,
    pub state: State,
    pub currency: String,
    pub authorized: i64,
    pub captured: i64,
    pub voided: i64,
    pub refunded: i64,
    capture: CaptureTime,
    description: String,
    email: Option<String>,
}

/// Authorizes by promise: nobody is asked, a method's maximum aside.
///
/// # Errors
/// `not-found` for a method that the shop does not offer, `declined` beyond its maximum, `conflict` when
/// the key was used for something else.
pub fn authorize(name: &str, request: Authorization) -> Result<Payment, Error> {
    let method = method::known(name)?;
    check::authorization(&request)?;
    if let Some(before) = by_key(&request.key) {
        return if before.was_asked_by(name, &request) {
            Ok(before.view())
        } else {
            Err(Error::Conflict("this key was used for another payment".into()))
        };
    }
    if method.maximum.is_some_and(|maximum| request.amount.minor > maximum) {
        return Err(Error::Declined(format!(
            "This is more than can be paid by {name}. Please choose another way to pay."
        )));
    }
    let Authorization { key, amount, description, email } = request;
    let made = Stored {
        id: id::random("pay"),
        method: name.into(),
        state: State::Authorized,
        currency: amount.currency,
        authorized: amount.minor,
        captured: 0,
        voided: 0,
        refunded: 0,
        capture: method.capture,
        description,
        email,
    };
    made.insert(&key);
    ledger::append(&made.id, EntryKind::Authorize, &key, Some(made.authorized), made.authorized);
    Ok(made.view())
}

/// The payment with this id that was made by this method.
///
/// # Errors
/// `not-found`.
pub fn find(method: &str, id: &str) -> Result<Stored, Error> {
    method::known(method)?;
    let row =
        db::first("SELECT * FROM payment WHERE id = ?1 AND method = ?2", &params![id, method]);
    match row {
        Some(row) => Ok(Stored::read(&row)),
        None => Err(Error::NotFound(format!("there is no such payment by {method}"))),
    }
}

/// The payment that was authorized with this key.
pub fn by_key(key: &str) -> Option<Stored> {
    let row = db::first("SELECT * FROM payment WHERE key = ?1", &params![key])?;
    Some(Stored::read(&row))
}

impl Stored {
    fn read(row: &Row) -> Stored {
        let at_order = row.boolean("capture_at_order");
        Stored {
            id: row.text("id"),
            method: row.text("method"),
            state: state(&row.text("state")),
            currency: row.text("currency"),
            authorized: row.integer("authorized"),
            captured: row.integer("captured"),
            voided: row.integer("voided"),
            refunded: row.integer("refunded"),
            capture: if at_order { CaptureTime::AtOrder } else { CaptureTime::Later },
            description: row.text("description"),
            email: row.optional_text("email"),
        }
    }

    fn insert(&self, key: &str) {
        db::execute(
            "INSERT INTO payment (id, key, method, state, capture_at_order, description, email,
                 currency, authorized, captured, voided, refunded)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, 0)",
            &params![
                &self.id,
                key,
                &self.method,
                name(self.state),
                self.capture == CaptureTime::AtOrder,
                &self.description,
                self.email.as_deref(),
                &self.currency,
                self.authorized,
            ],
        );
    }

    /// Keeps state and totals as they are now.
    pub fn update(&self) {
        db::execute(
            "UPDATE payment SET state = ?2, captured = ?3, voided = ?4, refunded = ?5 WHERE id = ?1",
            &params![&self.id, name(self.state), self.captured, self.voided, self.refunded],
        );
    }

    /// The payment as callers see it.
    pub fn view(&self) -> Payment {
        let money = |minor| Money::new(minor, self.currency.as_str());
        Payment {
            id: self.id.clone(),
            method: self.method.clone(),
            state: self.state,
            capture: self.capture,
            authorized: money(self.authorized),
            captured: money(self.captured),
            voided: money(self.voided),
            refunded: money(self.refunded),
        }
    }

    fn was_asked_by(&self, method: &str, request: &Authorization) -> bool {
        self.method == method
            && self.authorized == request.amount.minor
            && self.currency == request.amount.currency
            && self.description == request.description
            && self.email == request.email
    }
}

fn name(state: State) -> &'static str {
    match state {
        State::RequiresAction => "requires-action",
        State::Authorized => "authorized",
        State::Captured => "captured",
        State::Voided => "voided",
        State::Refunded => "refunded",
        State::Declined => "declined",
        State::Unknown => "unknown",
    }
}

fn state(name: &str) -> State {
    match name {
        "authorized" => State::Authorized,
        "captured" => State::Captured,
        "voided" => State::Voided,
        "refunded" => State::Refunded,
        other => trap(&format!("a payment has the state {other}")),
    }
}

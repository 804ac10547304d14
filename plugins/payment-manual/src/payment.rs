//! A payment as it is kept.

use quoin_sdk::db::{self, Row};
use quoin_sdk::params;
use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::payment::provider::{CaptureTime, Error, Payment, State};
use crate::state;

/// A payment as it is kept; amounts in minor units.
pub struct Stored {
    pub id: String,
    pub key: String,
    pub method: String,
    pub state: State,
    /// Milliseconds since 1970.
    pub created_at: u64,
    pub capture: CaptureTime,
    pub in_advance: bool,
    pub description: String,
    pub email: Option<String>,
    /// For the buyer.
    pub message: Option<String>,
    pub currency: String,
    /// What was asked for.
    pub amount: i64,
    pub authorized: i64,
    pub captured: i64,
    pub voided: i64,
    pub refunded: i64,
}

/// The payment with this id that was made by this method, whether or not the shop still offers it.
///
/// # Errors
/// `not-found`.
pub fn find(method: &str, id: &str) -> Result<Stored, Error> {
    match by_id(id) {
        Ok(found) if found.method == method => Ok(found),
        _ => Err(Error::NotFound(format!("there is no such payment by {method}"))),
    }
}

/// The payment with this id, made by any method.
///
/// # Errors
/// `not-found`.
pub fn by_id(id: &str) -> Result<Stored, Error> {
    let row = db::first("SELECT * FROM payment_manual_payment WHERE id = ?1", &params![id]);
    let found = row.map(|row| Stored::read(&row));
    found.ok_or_else(|| Error::NotFound("there is no such payment".into()))
}

/// The payment that was authorized with this key.
pub fn by_key(key: &str) -> Option<Stored> {
    let row = db::first("SELECT * FROM payment_manual_payment WHERE key = ?1", &params![key])?;
    Some(Stored::read(&row))
}

impl Stored {
    /// The payment in this row.
    pub fn read(row: &Row) -> Stored {
        let at_order = row.boolean("capture_at_order");
        Stored {
            id: row.text("id"),
            key: row.text("key"),
            method: row.text("method"),
            state: state::read(&row.text("state")),
            created_at: row.number("created_at"),
            capture: if at_order { CaptureTime::AtOrder } else { CaptureTime::Later },
            in_advance: row.boolean("in_advance"),
            description: row.text("description"),
            email: row.optional_text("email"),
            message: row.optional_text("message"),
            currency: row.text("currency"),
            amount: row.integer("amount"),
            authorized: row.integer("authorized"),
            captured: row.integer("captured"),
            voided: row.integer("voided"),
            refunded: row.integer("refunded"),
        }
    }

    /// Keeps a new payment, of which nothing moved but what is authorized.
    pub fn insert(&self) {
        db::execute(
            "INSERT INTO payment_manual_payment (id, key, method, state, is_open, created_at,
                 capture_at_order, in_advance, description, email, message, currency, amount,
                 authorized, captured, voided, refunded)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0, 0, 0)",
            &params![
                &self.id,
                &self.key,
                &self.method,
                state::name(self.state),
                state::is_open(self.state),
                self.created_at,
                self.capture == CaptureTime::AtOrder,
                self.in_advance,
                &self.description,
                self.email.as_deref(),
                self.message.as_deref(),
                &self.currency,
                self.amount,
                self.authorized,
            ],
        );
    }

    /// Keeps state, message and totals as they are now.
    pub fn update(&self) {
        db::execute(
            "UPDATE payment_manual_payment SET state = ?2, is_open = ?3, message = ?4,
                 authorized = ?5, captured = ?6, voided = ?7, refunded = ?8
             WHERE id = ?1",
            &params![
                &self.id,
                state::name(self.state),
                state::is_open(self.state),
                self.message.as_deref(),
                self.authorized,
                self.captured,
                self.voided,
                self.refunded,
            ],
        );
    }

    /// The payment as callers see it.
    pub fn view(&self) -> Payment {
        let money = |minor| Money::new(minor, self.currency.as_str());
        Payment {
            id: self.id.clone(),
            method: self.method.clone(),
            key: self.key.clone(),
            description: self.description.clone(),
            created_at: self.created_at,
            state: self.state,
            capture: self.capture,
            amount: money(self.amount),
            message: self.message.clone(),
            next_url: None,
            refused: None,
            authorized: money(self.authorized),
            captured: money(self.captured),
            voided: money(self.voided),
            refunded: money(self.refunded),
        }
    }
}

//! A payment as it is kept.

use quoin_sdk::db::{self, Row};
use quoin_sdk::params;
use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::payment::provider::{CaptureTime, Error, Payment, State};
use crate::state;

/// A payment as it is kept; amounts in minor units, times in milliseconds since 1970.
#[derive(Clone)]
pub struct Stored {
    pub id: String,
    pub key: String,
    pub method: String,
    /// What the provider last said of it.
    pub state: State,
    /// How many operations are outstanding that somebody waits for.
    pub outstanding: i64,
    pub created_at: u64,
    pub capture: CaptureTime,
    pub description: String,
    pub email: Option<String>,
    /// For the buyer.
    pub message: Option<String>,
    pub next_url: Option<String>,
    pub refused: Option<String>,
    pub currency: String,
    /// What was asked for.
    pub amount: i64,
    pub authorized: i64,
    pub captured: i64,
    pub voided: i64,
    pub refunded: i64,
    /// The provider's name for it.
    pub intent: Option<String>,
    /// When it is given up, if the buyer has not paid.
    pub ends_at: u64,
}

/// The payment with this id that was made by this method, whether or not the shop still offers it.
///
/// # Errors
/// `not-found`.
pub fn find(method: &str, id: &str) -> Result<Stored, Error> {
    let found = by_id(id).filter(|found| found.method == method);
    found.ok_or_else(|| Error::NotFound(format!("there is no such payment by {method}")))
}

/// The payment with this id, made by any method.
pub fn by_id(id: &str) -> Option<Stored> {
    let row = db::first("SELECT * FROM payment_card_payment WHERE id = ?1", &params![id]);
    row.map(|row| Stored::read(&row))
}

/// The payment that was authorized with this key.
pub fn by_key(key: &str) -> Option<Stored> {
    let row = db::first("SELECT * FROM payment_card_payment WHERE key = ?1", &params![key]);
    row.map(|row| Stored::read(&row))
}

/// The payment that the provider calls so.
pub fn by_intent(intent: &str) -> Option<Stored> {
    let row = db::first("SELECT * FROM payment_card_payment WHERE intent = ?1", &params![intent]);
    row.map(|row| Stored::read(&row))
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
            outstanding: row.integer("outstanding"),
            created_at: row.number("created_at"),
            capture: if at_order { CaptureTime::AtOrder } else { CaptureTime::Later },
            description: row.text("description"),
            email: row.optional_text("email"),
            message: row.optional_text("message"),
            next_url: row.optional_text("next_url"),
            refused: row.optional_text("refused"),
            currency: row.text("currency"),
            amount: row.integer("amount"),
            authorized: row.integer("authorized"),
            captured: row.integer("captured"),
            voided: row.integer("voided"),
            refunded: row.integer("refunded"),
            intent: row.optional_text("intent"),
            ends_at: row.number("ends_at"),
        }
    }

    /// Keeps it as it is now, made anew or changed.
    pub fn keep(&self) {
        db::execute(
            "INSERT INTO payment_card_payment (id, key, method, state, outstanding, is_open, created_at,
                 capture_at_order, description, email, message, next_url, refused, currency, amount,
                 authorized, captured, voided, refunded, intent, ends_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
                 ?20, ?21)
             ON CONFLICT (id) DO UPDATE SET state = ?4, outstanding = ?5, is_open = ?6, message = ?11,
                 next_url = ?12, refused = ?13, authorized = ?16, captured = ?17, voided = ?18,
                 refunded = ?19, intent = ?20",
            &params![
                &self.id,
                &self.key,
                &self.method,
                state::name(self.state),
                self.outstanding,
                self.outstanding > 0 || state::is_open(self.state),
                self.created_at,
                self.capture == CaptureTime::AtOrder,
                &self.description,
                self.email.as_deref(),
                self.message.as_deref(),
                self.next_url.as_deref(),
                self.refused.as_deref(),
                &self.currency,
                self.amount,
                self.authorized,
                self.captured,
                self.voided,
                self.refunded,
                self.intent.as_deref(),
                self.ends_at,
            ],
        );
    }

    /// Its state: unknown, while something is outstanding.
    pub fn now(&self) -> State {
        if self.outstanding > 0 { State::Unknown } else { self.state }
    }

    /// What is authorized, and neither captured nor voided.
    pub fn left(&self) -> i64 {
        self.authorized - self.captured - self.voided
    }

    /// The payment as callers see it.
    pub fn view(&self) -> Payment {
        let money = |minor| Money::new(minor, self.currency.as_str());
        let state = self.now();
        let asks = state == State::RequiresAction;
        Payment {
            id: self.id.clone(),
            method: self.method.clone(),
            key: self.key.clone(),
            description: self.description.clone(),
            created_at: self.created_at,
            state,
            capture: self.capture,
            amount: money(self.amount),
            message: self.message.clone(),
            next_url: self.next_url.clone().filter(|_| asks),
            refused: self.refused.clone(),
            authorized: money(self.authorized),
            captured: money(self.captured),
            voided: money(self.voided),
            refunded: money(self.refunded),
        }
    }
}

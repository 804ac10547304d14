//! A payment as it is kept.

use quoin_sdk::db::{self, Row};
use quoin_sdk::types::{Error, Money};
use quoin_sdk::{id, params};

use crate::bindings::exports::quoin::payment::provider::{
    Authorization, CaptureTime, Payment, State,
};

const STATES: [(State, &str); 7] = [
    (State::RequiresAction, "requires-action"),
    (State::Authorized, "authorized"),
    (State::Captured, "captured"),
    (State::Voided, "voided"),
    (State::Refunded, "refunded"),
    (State::Declined, "declined"),
    (State::Unknown, "unknown"),
];

/// The state that the first word of a text names.
pub fn state(text: &str) -> State {
    match text.split('-').next() {
        Some("asks") => State::RequiresAction,
        Some("unknown") => State::Unknown,
        Some("captured") => State::Captured,
        Some("declined") => State::Declined,
        Some("voided") => State::Voided,
        _ => State::Authorized,
    }
}

/// Amounts in minor units.
pub struct Stored {
    pub method: String,
    id: String,
    key: String,
    state: State,
    amount: Money,
    authorized: i64,
    captured: i64,
    voided: i64,
    refunded: i64,
    /// The key of the first try of what is unsure.
    tried: String,
}

impl Stored {
    /// Keeps a new payment in this state, or finds the one with this key.
    pub fn insert(method: &str, request: Authorization, state: State) -> Stored {
        let sql = "SELECT * FROM strange_payments_payment WHERE key = ?1";
        if let Some(row) = db::first(sql, &params![&request.key]) {
            return Stored::read(&row);
        }
        let id = id::random("strange");
        db::execute(
            "INSERT INTO strange_payments_payment (id, key, method, state, currency, amount,
                 authorized, captured, voided, refunded, tried)
             VALUES (?1, ?2, ?3, 'unknown', ?4, ?5, 0, 0, 0, 0, '')",
            &params![&id, &request.key, method, &request.amount.currency, request.amount.minor],
        );
        let mut made = Stored {
            method: method.into(),
            id,
            key: request.key,
            state: State::Unknown,
            amount: request.amount,
            authorized: 0,
            captured: 0,
            voided: 0,
            refunded: 0,
            tried: String::new(),
        };
        made.set(state);
        made
    }

    pub fn find(id: &str) -> Result<Stored, Error> {
        let row = db::first("SELECT * FROM strange_payments_payment WHERE id = ?1", &params![id]);
        let found = row.map(|row| Stored::read(&row));
        found.ok_or_else(|| Error::NotFound("there is no such payment".into()))
    }

    /// All payments of a method, whatever their state.
    pub fn all(method: &str) -> Vec<Stored> {
        let sql = "SELECT * FROM strange_payments_payment WHERE method = ?1 ORDER BY id";
        db::rows(sql, &params![method]).iter().map(Stored::read).collect()
    }

    /// Brings the payment into a state, with the totals that it has there.
    pub fn set(&mut self, state: State) {
        let less = self.method.contains("less");
        let all = if less { self.amount.minor / 2 } else { self.amount.minor };
        match state {
            State::Authorized => self.authorized = all,
            State::Captured => (self.authorized, self.captured) = (all, all - self.voided),
            State::Voided => self.voided = self.authorized - self.captured,
            _ => {}
        }
        self.state = state;
        self.keep();
    }

    /// Captures so much, or all that is left.
    pub fn capture(&mut self, only: Option<Money>) {
        let left = self.authorized - self.captured - self.voided;
        self.captured += only.map_or(left, |only| only.minor);
        if self.captured + self.voided == self.authorized {
            self.state = State::Captured;
        }
        self.keep();
    }

    /// Gives up what is left.
    pub fn void(&mut self) {
        self.voided = self.authorized - self.captured;
        self.state = if self.captured > 0 { State::Captured } else { State::Voided };
        self.keep();
    }

    /// Gives so much back, or all that is left.
    pub fn refund(&mut self, only: Option<Money>) {
        self.refunded += only.map_or(self.captured - self.refunded, |only| only.minor);
        if self.refunded == self.captured {
            self.state = State::Refunded;
        }
        self.keep();
    }

    fn keep(&self) {
        db::execute(
            "UPDATE strange_payments_payment
             SET state = ?2, authorized = ?3, captured = ?4, voided = ?5, refunded = ?6
             WHERE id = ?1",
            &params![
                &self.id,
                self.word(),
                self.authorized,
                self.captured,
                self.voided,
                self.refunded
            ],
        );
    }

    /// Whether a try does something. Of a method whose name has this word, nobody knows what came of the first
    /// try, and the same try again changes nothing.
    pub fn succeeds(&mut self, key: &str, word: &str) -> bool {
        let first = self.method.contains(word) && self.tried.is_empty();
        if first {
            let sql = "UPDATE strange_payments_payment SET tried = ?2 WHERE id = ?1";
            db::execute(sql, &params![&self.id, key]);
            self.set(State::Unknown);
        }
        !first && self.tried != key
    }

    /// What comes of a payment that is not settled.
    pub fn refresh(&mut self) {
        if let Some((_, then)) = self.method.split_once("-then-")
            && matches!(self.state, State::RequiresAction | State::Unknown)
        {
            self.set(state(then));
        }
    }

    pub fn view(&self) -> Payment {
        let money = |minor| Money::new(minor, self.amount.currency.as_str());
        let asks = self.state == State::RequiresAction;
        let message = match self.state {
            State::RequiresAction => Some("Please confirm at your bank."),
            State::Declined => Some("The bank said no."),
            _ => None,
        };
        let at_order = self.method.contains("due");
        Payment {
            id: self.id.clone(),
            method: self.method.clone(),
            key: self.key.clone(),
            description: String::new(),
            created_at: 0,
            state: self.state,
            capture: if at_order { CaptureTime::AtOrder } else { CaptureTime::Later },
            amount: self.amount.clone(),
            message: message.map(str::to_owned),
            next_url: asks.then(|| format!("https://bank.example/{}", self.id)),
            refused: None,
            authorized: money(self.authorized),
            captured: money(self.captured),
            voided: money(self.voided),
            refunded: money(self.refunded),
        }
    }

    fn word(&self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self.state).map_or("unknown", |(_, word)| word)
    }

    fn read(row: &Row) -> Stored {
        let word = row.text("state");
        Stored {
            method: row.text("method"),
            id: row.text("id"),
            key: row.text("key"),
            state: STATES.iter().find(|(_, w)| *w == word).map_or(State::Unknown, |(s, _)| *s),
            amount: Money::new(row.integer("amount"), row.text("currency")),
            authorized: row.integer("authorized"),
            captured: row.integer("captured"),
            voided: row.integer("voided"),
            refunded: row.integer("refunded"),
            tried: row.text("tried"),
        }
    }
}

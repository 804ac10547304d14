//! What the provider is asked to do: written down first, then asked for until it is done or refused.

use quoin_sdk::db::{self, Row};
use quoin_sdk::host::{clock, trap};
use quoin_sdk::params;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Make the intent.
    Create,
    Capture,
    Void,
    Refund,
    /// See that no intent is left of a payment that was given up before one was known. Nobody waits for it.
    Sweep,
}

const KINDS: [(Kind, &str); 5] = [
    (Kind::Create, "create"),
    (Kind::Capture, "capture"),
    (Kind::Void, "void"),
    (Kind::Refund, "refund"),
    (Kind::Sweep, "sweep"),
];

/// How an operation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Done,
    Refused,
    /// Its payment was given up before it was known whether it was done.
    Dropped,
}

/// An operation on a payment.
#[derive(Debug, Clone)]
pub struct Operation {
    pub payment: String,
    pub position: i64,
    pub key: String,
    pub kind: Kind,
    /// What was asked for, minor units; none for all that is left.
    pub asked: Option<i64>,
    /// What the provider is sent.
    pub body: String,
    /// When it was written down, milliseconds since 1970.
    pub at: u64,
}

/// Operations on a payment: more partial refunds than anyone makes by hand.
const OPERATIONS_MAX: i64 = 1_000;

/// Writes an operation down. The caller asks for a later call that does it.
pub fn add(payment: &str, kind: Kind, key: &str, asked: Option<i64>, body: &str) {
    db::execute(
        "INSERT INTO payment_card_operation (payment_id, position, key, kind, asked, body, at, state)
         VALUES (?1, (SELECT coalesce(max(position), 0) + 1 FROM payment_card_operation
             WHERE payment_id = ?1), ?2, ?3, ?4, ?5, ?6, 'outstanding')",
        &params![payment, key, word(kind), asked, body, clock::now()],
    );
}

/// The oldest that is outstanding.
pub fn first_outstanding(payment: &str) -> Option<Operation> {
    let sql = "SELECT * FROM payment_card_operation WHERE payment_id = ?1 AND state = 'outstanding'
        ORDER BY position LIMIT 1";
    db::first(sql, &params![payment]).map(|row| Operation::read(&row))
}

/// What of this kind is outstanding, in minor units: of all that is left, all.
pub fn outstanding_of(payment: &str, kind: Kind, left: i64) -> i64 {
    let sql = "SELECT asked FROM payment_card_operation
        WHERE payment_id = ?1 AND state = 'outstanding' AND kind = ?2";
    let rows = db::rows(sql, &params![payment, word(kind)]);
    rows.iter().map(|row| row.optional_integer("asked").unwrap_or(left)).sum()
}

/// The one with this key.
pub fn by_key(payment: &str, key: &str) -> Option<Operation> {
    let sql = "SELECT * FROM payment_card_operation WHERE payment_id = ?1 AND key = ?2";
    db::first(sql, &params![payment, key]).map(|row| Operation::read(&row))
}

/// Whether there are so many that no more are taken.
pub fn are_too_many(payment: &str) -> bool {
    let sql = "SELECT max(position) AS last FROM payment_card_operation WHERE payment_id = ?1";
    let last = db::first(sql, &params![payment]).and_then(|row| row.optional_integer("last"));
    last.is_some_and(|last| last >= OPERATIONS_MAX)
}

impl Operation {
    /// Ends it. It returns whether it was outstanding until then.
    pub fn end(&self, end: End) -> bool {
        let word = match end {
            End::Done => "done",
            End::Refused => "refused",
            End::Dropped => "dropped",
        };
        let sql = "UPDATE payment_card_operation SET state = ?3
            WHERE payment_id = ?1 AND position = ?2 AND state = 'outstanding'";
        db::execute(sql, &params![&self.payment, self.position, word]) > 0
    }

    /// The key by which the provider does it once.
    pub fn idempotency_key(&self) -> String {
        format!("{}-{}", self.payment, self.position)
    }

    fn read(row: &Row) -> Operation {
        Operation {
            payment: row.text("payment_id"),
            position: row.integer("position"),
            key: row.text("key"),
            kind: kind(&row.text("kind")),
            asked: row.optional_integer("asked"),
            body: row.text("body"),
            at: row.number("at"),
        }
    }
}

fn word(kind: Kind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, word)| word)
}

fn kind(word: &str) -> Kind {
    match KINDS.iter().find(|(_, known)| *known == word) {
        Some((kind, _)) => *kind,
        None => trap(&format!("an operation is a {word}")),
    }
}

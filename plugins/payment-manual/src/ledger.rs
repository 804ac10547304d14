//! The append-only ledger of a payment.

use quoin_sdk::db::{self, Row};
use quoin_sdk::host::{clock, trap};
use quoin_sdk::params;
use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::payment::provider::{Entry, EntryKind};
use crate::payment::Stored;

/// An entry, as a repeated request is compared with it.
pub struct Recorded {
    pub kind: EntryKind,
    /// What was asked for, minor units; none for all that was left.
    pub asked: Option<i64>,
}

/// Adds an entry.
pub fn append(payment: &Stored, kind: EntryKind, key: &str, asked: Option<i64>, amount: i64) {
    db::execute(
        "INSERT INTO payment_manual_entry (payment_id, position, kind, key, asked, amount, at)
         VALUES (?1, (SELECT coalesce(max(position), 0) + 1 FROM payment_manual_entry
             WHERE payment_id = ?1), ?2, ?3, ?4, ?5, ?6)",
        &params![&payment.id, name(kind), key, asked, amount, clock::now()],
    );
}

/// The entry with this key.
pub fn by_key(payment: &str, key: &str) -> Option<Recorded> {
    let sql = "SELECT kind, asked FROM payment_manual_entry WHERE payment_id = ?1 AND key = ?2";
    let row = db::first(sql, &params![payment, key])?;
    Some(Recorded { kind: kind(&row), asked: row.optional_integer("asked") })
}

/// All entries, oldest first.
pub fn entries(payment: &str, currency: &str) -> Vec<Entry> {
    let sql = "SELECT kind, key, amount, at FROM payment_manual_entry WHERE payment_id = ?1 ORDER BY position";
    let entry = |row: &Row| Entry {
        kind: kind(row),
        key: row.text("key"),
        amount: Money::new(row.integer("amount"), currency),
        at: row.number("at"),
    };
    db::rows(sql, &params![payment]).iter().map(entry).collect()
}

/// Whether the ledger takes no more entries.
pub fn is_full(payment: &str) -> bool {
    let sql = "SELECT count(*) AS entries FROM payment_manual_entry WHERE payment_id = ?1";
    db::first(sql, &params![payment]).is_some_and(|row| row.integer("entries") >= ENTRIES_MAX)
}

/// Entries of a payment: more partial captures and refunds than anyone makes by hand.
const ENTRIES_MAX: i64 = 1_000;

fn name(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Authorize => "authorize",
        EntryKind::Capture => "capture",
        EntryKind::Void => "void",
        EntryKind::Refund => "refund",
    }
}

fn kind(row: &Row) -> EntryKind {
    match row.text("kind").as_str() {
        "authorize" => EntryKind::Authorize,
        "capture" => EntryKind::Capture,
        "void" => EntryKind::Void,
        "refund" => EntryKind::Refund,
        other => trap(&format!("an entry of the kind {other} is in the ledger")),
    }
}

//! The append-only ledger of a payment: what the provider said that it did.

use quoin_sdk::db::{self, Row};
use quoin_sdk::host::{clock, trap};
use quoin_sdk::params;
use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::payment::provider::{Entry, EntryKind};

/// Adds an entry.
pub fn append(payment: &str, kind: EntryKind, key: &str, amount: i64) {
    db::execute(
        "INSERT INTO payment_card_entry (payment_id, position, kind, key, amount, at)
         VALUES (?1, (SELECT coalesce(max(position), 0) + 1 FROM payment_card_entry
             WHERE payment_id = ?1), ?2, ?3, ?4, ?5)",
        &params![payment, name(kind), key, amount, clock::now()],
    );
}

/// All entries, oldest first.
pub fn entries(payment: &str, currency: &str) -> Vec<Entry> {
    let sql = "SELECT kind, key, amount, at FROM payment_card_entry WHERE payment_id = ?1 ORDER BY position";
    let entry = |row: &Row| Entry {
        kind: kind(row),
        key: row.text("key"),
        amount: Money::new(row.integer("amount"), currency),
        at: row.number("at"),
    };
    db::rows(sql, &params![payment]).iter().map(entry).collect()
}

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

//! Everything that changes what is on hand, and the history of it.

use std::collections::BTreeMap;

use quoin_sdk::db::{self, Value};
use quoin_sdk::types::Error;
use quoin_sdk::{batch, cursor, fault, params};

use crate::bindings::exports::quoin::inventory::stock_admin::{Movement, MovementPage};
use crate::level::{self, CHUNK};

/// A change of what is on hand.
pub struct Change {
    pub sku: String,
    pub location: String,
    pub delta: i64,
    pub reason: String,
}

/// The number of the last movement. Numbers are given here and not by the database, because SQLite
/// and PostgreSQL do it differently.
const LAST: &str = "SELECT coalesce(max(id), 0) AS id FROM movement";

/// Makes all changes and records them; levels that do not exist are made.
///
/// # Errors
/// One level would go below what is reserved or below nothing, although the caller looked: the
/// call must end in this error, which takes everything back.
pub fn apply(changes: &[Change], now: u64) -> Result<(), Error> {
    let mut deltas: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for c in changes {
        *deltas.entry((&c.sku, &c.location)).or_default() += c.delta;
    }
    let deltas: Vec<_> = deltas.into_iter().collect();
    for chunk in deltas.chunks(CHUNK) {
        level::ensure(chunk.iter().map(|(place, _)| *place));
        let row = |i| format!("(?{}, ?{}, CAST(?{} AS BIGINT))", 3 * i + 1, 3 * i + 2, 3 * i + 3);
        let rows: Vec<String> = (0..chunk.len()).map(row).collect();
        let mut params = Vec::with_capacity(3 * chunk.len());
        for ((sku, location), delta) in chunk {
            params.extend([Value::from(*sku), Value::from(*location), Value::from(*delta)]);
        }
        // `owed` follows down what is still beyond on hand, so that the CHECK stays as tight as it can.
        let changed = db::execute(
            &format!(
                "WITH change (sku, location, delta) AS (VALUES {})
                 UPDATE level SET on_hand = level.on_hand + c.delta,
                     owed = CASE WHEN level.reserved - level.on_hand - c.delta >= level.owed THEN level.owed
                         WHEN level.reserved - level.on_hand - c.delta > 0
                             THEN level.reserved - level.on_hand - c.delta
                         ELSE 0 END
                 FROM change AS c
                 WHERE c.sku = level.sku AND c.location = level.location
                     AND (c.delta >= 0 OR (level.on_hand + c.delta >= 0
                         AND (level.on_hand + c.delta >= level.reserved OR level.backorder = 1)))",
                rows.join(", ")
            ),
            &params,
        );
        if usize::try_from(changed) != Ok(chunk.len()) {
            return Err(Error::Retryable(20));
        }
    }
    record(changes, now);
    Ok(())
}

fn record(changes: &[Change], now: u64) {
    let mut id: u64 = db::first(LAST, &[]).map_or(0, |row| row.number("id"));
    let mut values = Vec::new();
    for c in changes.iter().filter(|c| c.delta != 0) {
        id += 1;
        values.extend(params![id, now, &c.sku, &c.location, c.delta, &c.reason]);
    }
    let insert = "INSERT INTO movement (id, at, sku, location, delta, reason) VALUES";
    batch::insert_many(insert, 6, &values, "");
}

/// Records that `owner`'s goods were sold, and returns how many movements that took.
pub fn record_sale(owner: &str, now: u64) -> u64 {
    db::execute(
        &format!(
            "INSERT INTO movement (id, at, sku, location, delta, reason)
             SELECT ({LAST}) + row_number() OVER (ORDER BY a.sku, a.location), CAST(?2 AS BIGINT),
                 a.sku, a.location, -a.quantity, 'sold: ' || ?1
             FROM allocation AS a WHERE a.owner = ?1"
        ),
        &params![owner, now],
    )
}

/// A page of the history, newest first.
pub fn page(
    sku: Option<&str>,
    from: Option<&str>,
    limit: Option<u32>,
) -> Result<MovementPage, Error> {
    let limit = cursor::limit(limit);
    let before = match from {
        None => i64::MAX,
        Some(from) => cursor::decode(from).and_then(|id| id.parse().ok()).ok_or_else(|| {
            Error::Invalid(vec![fault("cursor", "is not one that this list has given")])
        })?,
    };
    let of_sku = if sku.is_some() { "AND sku = ?3" } else { "" };
    let statement = format!(
        "SELECT id, at, sku, location, delta, reason FROM movement
         WHERE id < ?1 {of_sku} ORDER BY id DESC LIMIT ?2"
    );
    let mut params = params![before, limit + 1].to_vec();
    params.extend(sku.map(Value::from));
    let mut items: Vec<Movement> = (db::rows(&statement, &params).iter())
        .map(|row| Movement {
            id: row.number("id"),
            at: row.number("at"),
            sku: row.text("sku"),
            location: row.text("location"),
            delta: row.integer("delta"),
            reason: row.text("reason"),
        })
        .collect();
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(|last| cursor::encode(&last.id.to_string()));
    Ok(MovementPage { items, next })
}

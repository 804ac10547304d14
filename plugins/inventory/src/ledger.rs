//! The history of what is on hand, and what changes it.

use std::collections::{BTreeMap, HashSet};

use quoin_sdk::db::{self, Statement, Value};
use quoin_sdk::host::{clock, trap};
use quoin_sdk::types::Error;
use quoin_sdk::{batch, cursor, fault, params};

use crate::bindings::exports::quoin::inventory::stock_admin::{
    Change, Level, Movement, MovementKind, MovementPage,
};
use crate::level;

impl MovementKind {
    fn name(self) -> &'static str {
        match self {
            MovementKind::Ship => "ship",
            MovementKind::Restock => "restock",
            MovementKind::Adjust => "adjust",
            MovementKind::Import => "import",
        }
    }

    fn named(name: &str) -> MovementKind {
        use MovementKind::{Adjust, Import, Restock, Ship};
        let found = [Ship, Restock, Adjust, Import].into_iter().find(|kind| kind.name() == name);
        found.unwrap_or_else(|| trap(&format!("a movement is of the kind {name}")))
    }
}

/// Makes changes of what is on hand, and levels for them, and records them. A level that would have less
/// than is allocated traps: the caller must have looked.
pub fn apply(kind: MovementKind, changes: &[Change]) {
    let levels = level::of(changes.iter().map(|change| change.variant.as_str()));
    let known: HashSet<(&str, &str)> = levels.iter().map(Level::place).collect();
    let mut new: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let mut updates = Vec::new();
    for change in changes {
        let (variant, location) = (change.variant.as_str(), change.location.as_str());
        if !known.contains(&(variant, location)) {
            *new.entry((variant, location)).or_default() += change.delta;
        } else if change.delta != 0 {
            updates.push(level::change(variant, location, change.delta, 0));
        }
    }
    level::make(&new, &levels);
    batch::run(&updates);
    let last = "SELECT coalesce(max(id), 0) AS last FROM inventory_movement";
    let last = db::first(last, &[]).map_or(0, |row| row.integer("last"));
    let moved = changes.iter().filter(|change| change.delta != 0).zip(last + 1..);
    let now = clock::now();
    let values: Vec<Value> = moved
        .flat_map(|(change, id)| {
            let Change { variant, location, delta, reason } = change;
            params![id, now, kind.name(), variant, location, *delta, reason]
        })
        .collect();
    let head =
        "INSERT INTO inventory_movement (id, at, kind, variant, location, delta, reason) VALUES";
    batch::insert_many(head, 7, &values, "");
}

/// Records a change. Movements are numbered here and not by the database, because SQLite and PostgreSQL
/// do it differently.
pub fn record(kind: MovementKind, change: &Change) -> Statement {
    db::statement(
        "INSERT INTO inventory_movement (id, at, kind, variant, location, delta, reason)
         VALUES ((SELECT coalesce(max(id), 0) + 1 FROM inventory_movement), ?1, ?2, ?3, ?4, ?5, ?6)",
        &params![
            clock::now(),
            kind.name(),
            &change.variant,
            &change.location,
            change.delta,
            &change.reason
        ],
    )
}

/// A page of the history, newest first.
pub fn page(
    variant: Option<String>,
    from: Option<&str>,
    limit: Option<u32>,
) -> Result<MovementPage, Error> {
    let limit = cursor::limit(limit);
    let before: i64 = match from {
        None => i64::MAX,
        Some(from) => cursor::decode(from).and_then(|id| id.parse().ok()).ok_or_else(|| {
            Error::Invalid(vec![fault("cursor", "is not one that this list has given")])
        })?,
    };
    let of_variant = if variant.is_some() { "AND variant = ?3" } else { "" };
    let statement = format!(
        "SELECT id, at, kind, variant, location, delta, reason FROM inventory_movement
         WHERE id < ?1 {of_variant} ORDER BY id DESC LIMIT ?2"
    );
    let mut params = params![before, limit + 1].to_vec();
    params.extend(variant.map(Value::from));
    let mut items: Vec<Movement> = (db::rows(&statement, &params).iter())
        .map(|row| Movement {
            id: row.number("id"),
            at: row.number("at"),
            kind: MovementKind::named(&row.text("kind")),
            variant: row.text("variant"),
            location: row.text("location"),
            delta: row.integer("delta"),
            reason: row.text("reason"),
        })
        .collect();
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|last| cursor::encode(&last.id.to_string()));
    Ok(MovementPage { items, next })
}

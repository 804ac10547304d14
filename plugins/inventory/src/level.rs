//! What is where.

use std::collections::{BTreeMap, BTreeSet};

use quoin_sdk::db::{self, Row, Statement, Value};
use quoin_sdk::types::Error;
use quoin_sdk::{batch, fault, params};

use crate::bindings::exports::quoin::inventory::stock::Availability;
use crate::bindings::exports::quoin::inventory::stock_admin::Level;

/// Variants of one statement.
const VARIANTS_OF_STATEMENT: usize = 16;
/// Statements in one crossing: at fifty locations each, the variants' rows stay far below the host's 4 MiB.
const STATEMENTS_AT_ONCE: usize = 16;
/// Variants of one request, as the contract has it.
const ASKED_MAX: usize = 1_000;

impl Level {
    fn read(row: &Row) -> Level {
        Level {
            variant: row.text("variant"),
            location: row.text("location"),
            on_hand: row.integer("on_hand"),
            allocated: row.integer("allocated"),
            incoming: row.integer("incoming"),
            backorder: row.boolean("backorder"),
        }
    }

    /// What can be allocated here without backorder; never negative.
    pub fn free(&self) -> i64 {
        (self.on_hand - self.allocated).max(0)
    }

    /// Where it is.
    pub fn place(&self) -> (&str, &str) {
        (&self.variant, &self.location)
    }
}

/// The levels of these variants, by variant and location.
pub fn of<'a>(variants: impl IntoIterator<Item = &'a str>) -> Vec<Level> {
    let variants: BTreeSet<&str> = variants.into_iter().collect();
    let variants: Vec<&str> = variants.into_iter().collect();
    let statement = "SELECT variant, location, on_hand, allocated, incoming, backorder
         FROM inventory_level WHERE variant IN ({keys}) ORDER BY variant, location";
    let rows = batch::find(statement, &variants, VARIANTS_OF_STATEMENT, STATEMENTS_AT_ONCE);
    rows.iter().map(Level::read).collect()
}

/// What can be sold of each variant.
pub fn availability(variants: Vec<String>) -> Result<Vec<Availability>, Error> {
    if variants.len() > ASKED_MAX {
        let problem = format!("are {}; at most {ASKED_MAX} are possible", variants.len());
        return Err(Error::Invalid(vec![fault("variants", problem)]));
    }
    let mut known: BTreeMap<String, (i64, bool)> = BTreeMap::new();
    for level in of(variants.iter().map(String::as_str)) {
        let free = level.free();
        let (available, backorder) = known.entry(level.variant).or_default();
        *available += free;
        *backorder |= level.backorder;
    }
    let availability = |variant: String| {
        let (available, backorder) = known.get(&variant).copied().unwrap_or_default();
        let available = u32::try_from(available).unwrap_or(u32::MAX);
        Availability { variant, available, backorder }
    };
    Ok(variants.into_iter().map(availability).collect())
}

/// Makes levels that are not there, with so much on hand. `levels` are the others of their variants.
pub fn make(new: &BTreeMap<(&str, &str), i64>, levels: &[Level]) {
    let backorder = levels.iter().filter(|level| level.backorder);
    let backorder: BTreeSet<&str> = backorder.map(|level| level.variant.as_str()).collect();
    let values: Vec<Value> = (new.iter())
        .flat_map(|((variant, location), on_hand)| {
            params![*variant, *location, *on_hand, 0, 0, backorder.contains(variant), 0]
        })
        .collect();
    let head = "INSERT INTO inventory_level
        (variant, location, on_hand, allocated, incoming, backorder, owed) VALUES";
    batch::insert_many(head, 7, &values, "");
}

/// Makes the level where there is none, with nothing on hand.
pub fn ensure(variant: &str, location: &str) -> Statement {
    db::statement(
        "INSERT INTO inventory_level
             (variant, location, on_hand, allocated, incoming, backorder, owed)
         VALUES (?1, ?2, 0, 0, 0,
             (SELECT coalesce(max(backorder), 0) FROM inventory_level WHERE variant = ?1), 0)
         ON CONFLICT (variant, location) DO NOTHING",
        &params![variant, location],
    )
}

/// Adds to what is on hand and to what is allocated. A sum that must not be traps.
pub fn change(variant: &str, location: &str, on_hand: i64, allocated: i64) -> Statement {
    db::statement(
        "UPDATE inventory_level SET on_hand = on_hand + ?3, allocated = allocated + ?4
         WHERE variant = ?1 AND location = ?2",
        &params![variant, location, on_hand, allocated],
    )
}

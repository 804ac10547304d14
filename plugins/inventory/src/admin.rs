//! What the shop's staff do: locations, counts, backorder, what is announced.

use std::collections::{BTreeMap, BTreeSet};

use quoin_sdk::types::{Error, FieldFault};
use quoin_sdk::{db, fault, params, text};

use crate::bindings::exports::quoin::inventory::stock_admin::{self, Location};
use crate::check::{self, BATCH_MAX, LOCATIONS_MAX, PIECES_MAX};
use crate::expiry;
use crate::ledger::{self, Change};
use crate::level::{self, Level};

/// The location that every shop has.
pub const MAIN: &str = "main";

/// All of them: at most [`LOCATIONS_MAX`].
pub fn locations() -> Vec<Location> {
    let rows = db::rows("SELECT id, title FROM location ORDER BY id", &[]);
    rows.iter().map(|row| Location { id: row.text("id"), title: row.text("title") }).collect()
}

/// Makes or renames one.
pub fn upsert_location(id: String, title: String) -> Result<Location, Error> {
    let mut faults = Vec::new();
    faults.extend(text::slug_problem(&id, 40).map(|problem| fault("id", problem)));
    check::line(&mut faults, "title", &title, 200);
    check::done(faults, ()).map_err(Error::Invalid)?;
    let known = locations();
    if known.len() >= LOCATIONS_MAX && known.iter().all(|l| l.id != id) {
        return Err(Error::Conflict(format!("there are {LOCATIONS_MAX} locations already")));
    }
    db::execute(
        "INSERT INTO location (id, title) VALUES (?1, ?2)
         ON CONFLICT (id) DO UPDATE SET title = excluded.title",
        &params![id.as_str(), title.as_str()],
    );
    Ok(Location { id, title })
}

/// Why a level cannot have `on_hand`, if it cannot.
pub fn refusal(level: Option<&Level>, on_hand: i64) -> Option<String> {
    let (before, reserved) = level.map_or((0, 0), |l| (l.on_hand, l.reserved));
    if on_hand.abs() > PIECES_MAX {
        return Some(format!("more than {PIECES_MAX} pieces"));
    }
    if on_hand >= before {
        return None;
    }
    if on_hand < 0 {
        return Some(format!("only {} are on hand", before.max(0)));
    }
    let backorder = level.is_some_and(|l| l.backorder);
    (on_hand < reserved && !backorder).then(|| format!("{reserved} are reserved"))
}

/// Gives back what has expired where levels still count it and `on_hand` needs it.
pub fn sweep_for<'a>(places: impl Iterator<Item = (&'a Level, i64)>, now: u64) {
    let needed =
        places.filter(|(level, on_hand)| level.due > 0 && *on_hand < level.reserved + level.due);
    let skus: BTreeSet<&str> = needed.map(|(level, _)| level.sku.as_str()).collect();
    let skus: Vec<String> = skus.into_iter().map(str::to_owned).collect();
    for chunk in skus.chunks(level::CHUNK) {
        expiry::sweep_holding(chunk, now);
    }
}

/// Changes what is on hand: all of it, or nothing.
pub fn adjust(
    changes: Vec<stock_admin::Change>,
    now: u64,
) -> Result<Vec<stock_admin::Level>, Error> {
    let changes: Vec<Change> = check_changes(changes).map_err(Error::Invalid)?;
    let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for c in &changes {
        *sums.entry((&c.sku, &c.location)).or_default() += c.delta;
    }
    let levels = level::at(sums.keys().copied(), now);
    let mut refusals = Vec::new();
    let mut targets = Vec::new();
    for (&(sku, location), delta) in &sums {
        let found = levels.get(&(sku.to_owned(), location.to_owned()));
        let on_hand = found.map_or(0, |l| l.on_hand) + delta;
        if let Some(why) = refusal(found, on_hand) {
            refusals.push(format!("{sku} at {location} cannot be changed by {delta}: {why}"));
        }
        targets.extend(found.map(|level| (level, on_hand)));
    }
    if !refusals.is_empty() {
        let more = refusals.len().saturating_sub(10);
        refusals.truncate(10);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Err(Error::Conflict(format!("nothing was changed: {}{more}", refusals.join("; "))));
    }
    sweep_for(targets.into_iter(), now);
    ledger::apply(&changes, now)?;
    Ok(level::at(sums.keys().copied(), now).into_values().map(Level::told).collect())
}

fn check_changes(changes: Vec<stock_admin::Change>) -> Result<Vec<Change>, Vec<FieldFault>> {
    if changes.is_empty() || changes.len() > BATCH_MAX {
        return Err(vec![fault("changes", format!("must have 1 to {BATCH_MAX} entries"))]);
    }
    let mut faults = Vec::new();
    let mut checked = Vec::with_capacity(changes.len());
    let known = locations();
    for (i, change) in changes.into_iter().enumerate() {
        let stock_admin::Change { sku, location, delta, reason } = change;
        check::sku(&mut faults, format!("changes/{i}/sku"), &sku);
        check::line(&mut faults, format!("changes/{i}/reason"), &reason, 200);
        if delta == 0 || delta.unsigned_abs() > PIECES_MAX.unsigned_abs() {
            let problem = format!("must be 1 to {PIECES_MAX} pieces more or less");
            faults.push(fault(format!("changes/{i}/delta"), problem));
            continue;
        }
        if known.iter().all(|l| l.id != location) {
            faults.push(fault(format!("changes/{i}/location"), "is not a location of this shop"));
        }
        checked.push(Change { sku, location, delta, reason });
    }
    check::done(faults, checked)
}

/// Whether a SKU may be sold beyond what is on hand.
pub fn set_backorder(sku: &str, backorder: bool) -> Result<(), Error> {
    let mut faults = Vec::new();
    check::sku(&mut faults, "sku", sku);
    check::done(faults, ()).map_err(Error::Invalid)?;
    let changed = db::execute(
        "UPDATE level SET backorder = ?2,
             owed = CASE WHEN ?2 = 0 AND reserved > on_hand THEN reserved - on_hand ELSE 0 END
         WHERE sku = ?1 AND backorder <> ?2",
        &params![sku, backorder],
    );
    let known = changed > 0
        || db::first("SELECT 1 AS known FROM level WHERE sku = ?1 LIMIT 1", &params![sku])
            .is_some();
    match (known, backorder) {
        (true, _) => Ok(()),
        (false, false) => Err(Error::NotFound(format!("{sku} was never stocked"))),
        (false, true) => {
            // The flag lives in the SKU's levels; one that is yet to come in gets its first.
            require_location(MAIN)?;
            level::ensure([(sku, MAIN)].into_iter());
            db::execute("UPDATE level SET backorder = 1 WHERE sku = ?1", &params![sku]);
            Ok(())
        }
    }
}

/// Sets what is announced to arrive.
pub fn set_incoming(
    sku: String,
    location: String,
    quantity: u32,
    now: u64,
) -> Result<stock_admin::Level, Error> {
    let mut faults = Vec::new();
    check::sku(&mut faults, "sku", &sku);
    if i64::from(quantity) > PIECES_MAX {
        faults.push(fault("quantity", format!("must be at most {PIECES_MAX}")));
    }
    check::done(faults, ()).map_err(Error::Invalid)?;
    require_location(&location)?;
    let place = (sku.as_str(), location.as_str());
    level::ensure([place].into_iter());
    db::execute(
        "UPDATE level SET incoming = ?3 WHERE sku = ?1 AND location = ?2",
        &params![place.0, place.1, quantity],
    );
    let level = level::at([place].into_iter(), now).into_values().next();
    level.map(Level::told).ok_or_else(|| Error::NotFound(format!("{sku} is not at {location}")))
}

fn require_location(id: &str) -> Result<(), Error> {
    match db::first("SELECT id FROM location WHERE id = ?1", &params![id]) {
        Some(_) => Ok(()),
        None => Err(Error::NotFound(format!("there is no location {id}"))),
    }
}

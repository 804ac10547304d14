//! What the shop's staff do: locations, counts, backorder, what is announced.

use std::collections::{BTreeMap, HashSet};

use quoin_sdk::check::Check;
use quoin_sdk::types::Error;
use quoin_sdk::{batch, db, fault, params, text};

use crate::bindings::exports::quoin::inventory::stock_admin::{
    Change, Level, Location, MovementKind,
};
use crate::bindings::quoin::catalog::variants;
use crate::{ledger, level};

/// The location that every shop has.
pub const MAIN: &str = "main";
/// Pieces at one place. Sums of a thousand such numbers stay far from the end of 64 bits.
pub const PIECES_MAX: i64 = 1_000_000_000;
/// Locations of a shop.
const LOCATIONS_MAX: usize = 50;
/// Changes of one request, as the contract has it.
const CHANGES_MAX: usize = 1_000;
/// Refusals that one answer tells; more help nobody.
const REFUSALS_MAX: usize = 10;
const UNKNOWN: &str = "is not the id of a variant";

/// All of them: at most [`LOCATIONS_MAX`].
pub fn locations() -> Vec<Location> {
    let rows = db::rows("SELECT id, title FROM inventory_location ORDER BY id", &[]);
    rows.iter().map(|row| Location { id: row.text("id"), title: row.text("title") }).collect()
}

/// Makes or renames one.
pub fn upsert_location(id: String, title: String) -> Result<Location, Error> {
    let mut check = Check::default();
    check.note("id", text::slug_problem(&id, 40));
    check.title("title", &title);
    check.done()?;
    let known = locations();
    if known.len() >= LOCATIONS_MAX && known.iter().all(|l| l.id != id) {
        return Err(Error::Conflict(format!("there are {LOCATIONS_MAX} locations already")));
    }
    db::execute(
        "INSERT INTO inventory_location (id, title) VALUES (?1, ?2)
         ON CONFLICT (id) DO UPDATE SET title = excluded.title",
        &params![&id, &title],
    );
    Ok(Location { id, title })
}

/// Why a level cannot have `on_hand`, if it cannot.
pub fn refusal(level: Option<&Level>, on_hand: i64) -> Option<String> {
    let (before, allocated) = level.map_or((0, 0), |l| (l.on_hand, l.allocated));
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
    (on_hand < allocated && !backorder).then(|| format!("{allocated} are allocated"))
}

/// Changes what is on hand: all of it, or nothing.
pub fn adjust(changes: &[Change]) -> Result<Vec<Level>, Error> {
    let levels = level::of(changes.iter().take(CHANGES_MAX).map(|c| c.variant.as_str()));
    check(changes, &levels)?;
    let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for change in changes {
        *sums.entry((&change.variant, &change.location)).or_default() += change.delta;
    }
    let found: BTreeMap<(&str, &str), &Level> = levels.iter().map(|l| (l.place(), l)).collect();
    let refused = |(place, delta): (&(&str, &str), &i64)| {
        let level = found.get(place).copied();
        let why = refusal(level, level.map_or(0, |l| l.on_hand) + delta)?;
        Some(format!("{} at {} cannot be changed by {delta}: {why}", place.0, place.1))
    };
    let mut refusals: Vec<String> = sums.iter().filter_map(refused).collect();
    if !refusals.is_empty() {
        let more = refusals.len().saturating_sub(REFUSALS_MAX);
        refusals.truncate(REFUSALS_MAX);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Err(Error::Conflict(format!("nothing was changed: {}{more}", refusals.join("; "))));
    }
    ledger::apply(MovementKind::Adjust, changes);
    let mut changed = level::of(sums.keys().map(|(variant, _)| *variant));
    changed.retain(|level| sums.contains_key(&level.place()));
    Ok(changed)
}

fn check(changes: &[Change], levels: &[Level]) -> Result<(), Error> {
    let mut check = Check::default();
    if changes.is_empty() {
        check.fault("changes", "are empty");
    }
    let changes = check.list("changes", changes, CHANGES_MAX);
    let stocked: HashSet<&str> = levels.iter().map(|level| level.variant.as_str()).collect();
    let named = changes.iter().map(|change| change.variant.as_str());
    let known = batch::ask(named.filter(|variant| !stocked.contains(variant)), variants::by_id)?;
    let known: HashSet<&str> = known.iter().map(|variant| variant.id.as_str()).collect();
    let locations = locations();
    for (i, change) in changes.iter().enumerate() {
        let variant = change.variant.as_str();
        if !stocked.contains(variant) && !known.contains(variant) {
            check.fault(format!("changes/{i}/variant"), UNKNOWN);
        }
        check.title(format!("changes/{i}/reason"), &change.reason);
        if change.delta == 0 || change.delta.unsigned_abs() > PIECES_MAX.unsigned_abs() {
            let problem = format!("must be 1 to {PIECES_MAX} pieces more or less");
            check.fault(format!("changes/{i}/delta"), problem);
        }
        if locations.iter().all(|l| l.id != change.location) {
            check.fault(format!("changes/{i}/location"), "is not a location of this shop");
        }
    }
    check.done()
}

/// Whether a variant may be sold beyond what is on hand.
pub fn set_backorder(variant: &str, backorder: bool) -> Result<(), Error> {
    if level::of([variant]).is_empty() {
        if !backorder {
            return Err(Error::NotFound("this variant was never stocked".into()));
        }
        // The variant's levels say it; one that is yet to come in gets its first.
        make(variant, MAIN)?;
    }
    db::execute(
        "UPDATE inventory_level SET backorder = ?2,
             owed = CASE WHEN ?2 = 0 AND allocated > on_hand THEN allocated - on_hand ELSE 0 END
         WHERE variant = ?1",
        &params![variant, backorder],
    );
    Ok(())
}

/// Sets what is announced to arrive.
pub fn set_incoming(variant: &str, location: &str, quantity: u32) -> Result<Level, Error> {
    if i64::from(quantity) > PIECES_MAX {
        let problem = format!("must be at most {PIECES_MAX}");
        return Err(Error::Invalid(vec![fault("quantity", problem)]));
    }
    if locations().iter().all(|l| l.id != location) {
        return Err(Error::NotFound("there is no such location".into()));
    }
    let find = || level::of([variant]).into_iter().find(|level| level.location == location);
    if find().is_none() {
        make(variant, location)?;
    }
    db::execute(
        "UPDATE inventory_level SET incoming = ?3 WHERE variant = ?1 AND location = ?2",
        &params![variant, location, quantity],
    );
    find().ok_or_else(|| Error::NotFound("this variant was never stocked".into()))
}

/// Makes a level of a variant that the catalogue knows.
fn make(variant: &str, location: &str) -> Result<(), Error> {
    if variants::by_id(&[variant.to_owned()])?.is_empty() {
        return Err(Error::Invalid(vec![fault("variant", UNKNOWN)]));
    }
    db::batch(&[level::ensure(variant, location)]);
    Ok(())
}

//! Reserving, holding on, buying and giving back.

use std::collections::BTreeMap;

use quoin_sdk::db::{self, Value};
use quoin_sdk::host::trap;
use quoin_sdk::{batch, params};

use crate::bindings::exports::quoin::inventory::stock::{
    self, Error, ReservationState as State, Shortage,
};
use crate::level::{self, Level};
use crate::reservation::{self, Reservation};
use crate::{expiry, ledger};

/// The goods that a line gets from one location.
struct Allocation {
    sku: String,
    location: String,
    quantity: i64,
}

/// There is no reservation of this owner.
pub fn none(owner: &str) -> Error {
    Error::NotFound(format!("nothing is reserved for {owner}"))
}

/// Reserves `wanted` for `owner`, or nothing.
pub fn reserve(
    owner: &str,
    wanted: &BTreeMap<String, i64>,
    seconds: u32,
    now: u64,
) -> Result<stock::Reservation, Error> {
    let until = now + u64::from(seconds) * 1_000;
    match reservation::find(owner) {
        Some(r) if r.state == State::Committed && r.lines == *wanted => return Ok(r.told(now)),
        Some(r) if r.state == State::Committed => {
            let why = format!("{owner} has taken other goods already; use another owner for more");
            return Err(Error::Conflict(why));
        }
        // Nobody has swept it, so it still has its goods, even where its time is over.
        Some(r) if r.state == State::Held && r.lines == *wanted => {
            return Ok(held_until(r, |old| old.max(until)).told(now));
        }
        // Its own hold must not stand in the owner's way.
        Some(r) if r.state == State::Held => expiry::release(owner),
        _ => {}
    }
    expiry::sweep(now);
    hold(owner, wanted, until, now)?;
    told(owner, now)
}

/// Holds for `seconds` from now.
pub fn extend(owner: &str, seconds: u32, now: u64) -> Result<stock::Reservation, Error> {
    let until = now + u64::from(seconds) * 1_000;
    let found = reservation::find(owner).ok_or_else(|| none(owner))?;
    match found.state {
        State::Held => Ok(held_until(found, |_| until).told(now)),
        State::Expired => {
            hold(owner, &found.lines, until, now)?;
            told(owner, now)
        }
        State::Released => Err(released(owner)),
        State::Committed => {
            Err(Error::Conflict(format!("the goods of {owner} are out of stock already")))
        }
    }
}

/// Takes what `owner` has reserved out of stock.
pub fn commit(owner: &str, now: u64) -> Result<stock::Reservation, Error> {
    let found = reservation::find(owner).ok_or_else(|| none(owner))?;
    match found.state {
        State::Committed => return Ok(found.told(now)),
        State::Released => return Err(released(owner)),
        // Too late, and swept: others may have the goods by now.
        State::Expired => hold(owner, &found.lines, found.expires_at, now)?,
        State::Held => {}
    }
    let taken = db::execute(
        "UPDATE level SET on_hand = level.on_hand - a.quantity, reserved = level.reserved - a.quantity
         FROM allocation AS a
         WHERE a.owner = ?1 AND a.sku = level.sku AND a.location = level.location",
        &params![owner],
    );
    if taken != ledger::record_sale(owner, now) {
        trap("a reservation's goods are not where they were reserved");
    }
    db::execute("UPDATE reservation SET state = 'committed' WHERE owner = ?1", &params![owner]);
    told(owner, now)
}

/// Gives back what `owner` holds, if it holds anything.
pub fn release(owner: &str) {
    match reservation::find(owner).map(|r| r.state) {
        Some(State::Held) => expiry::release(owner),
        // Its goods are back already; from now on it cannot come back to them.
        Some(State::Expired) => {
            let end = "UPDATE reservation SET state = 'released' WHERE owner = ?1";
            db::execute(end, &params![owner]);
        }
        Some(State::Committed | State::Released) | None => {}
    }
}

fn released(owner: &str) -> Error {
    Error::Conflict(format!("the goods of {owner} were released; reserve them again"))
}

fn told(owner: &str, now: u64) -> Result<stock::Reservation, Error> {
    reservation::find(owner).map(|r| r.told(now)).ok_or_else(|| none(owner))
}

fn held_until(found: Reservation, until: impl Fn(u64) -> u64) -> Reservation {
    let expires_at = until(found.expires_at);
    if expires_at != found.expires_at {
        let set = "UPDATE reservation SET expires_at = ?2 WHERE owner = ?1";
        db::execute(set, &params![found.owner.as_str(), expires_at]);
    }
    Reservation { expires_at, ..found }
}

/// Makes `owner`'s reservation of `wanted`, which must not be held at the moment.
fn hold(owner: &str, wanted: &BTreeMap<String, i64>, until: u64, now: u64) -> Result<(), Error> {
    let skus: Vec<String> = wanted.keys().cloned().collect();
    let levels = level::of(&skus, now);
    if levels.iter().any(|l| l.due > 0) {
        expiry::sweep_holding(&skus, now);
    }
    let allocations = allocate(wanted, &levels)?;
    db::execute(
        "INSERT INTO reservation (owner, state, expires_at) VALUES (?1, 'held', ?2)
         ON CONFLICT (owner) DO UPDATE SET state = 'held', expires_at = excluded.expires_at",
        &params![owner, until],
    );
    db::execute("DELETE FROM allocation WHERE owner = ?1", &params![owner]);
    let values: Vec<Value> = (allocations.iter())
        .flat_map(|a| [owner.into(), (&a.sku).into(), (&a.location).into(), a.quantity.into()])
        .collect();
    let insert = "INSERT INTO allocation (owner, sku, location, quantity) VALUES";
    batch::insert_many(insert, 4, &values, "");
    // What decides is this condition, not what was read above.
    let reserved = db::execute(
        "UPDATE level SET reserved = level.reserved + a.quantity
         FROM allocation AS a
         WHERE a.owner = ?1 AND a.sku = level.sku AND a.location = level.location
             AND (level.on_hand - level.reserved >= a.quantity OR level.backorder = 1)",
        &params![owner],
    );
    // Another writer took some since they were read: the call ends in an error and leaves nothing.
    if usize::try_from(reserved) != Ok(allocations.len()) {
        return Err(Error::Retryable(20));
    }
    Ok(())
}

/// Spreads `wanted` over the levels, in their order. Where backorder allows it, what is beyond them
/// goes to the SKU's first.
fn allocate(wanted: &BTreeMap<String, i64>, levels: &[Level]) -> Result<Vec<Allocation>, Error> {
    let mut allocations: Vec<Allocation> = Vec::with_capacity(wanted.len());
    let mut shortages = Vec::new();
    for (sku, &quantity) in wanted {
        let mut missing = quantity;
        let begin = allocations.len();
        let allocation = |level: &Level, quantity| Allocation {
            sku: level.sku.clone(),
            location: level.location.clone(),
            quantity,
        };
        for level in levels.iter().filter(|l| l.sku == *sku) {
            let part = level.free().min(missing);
            if part > 0 {
                allocations.push(allocation(level, part));
                missing -= part;
            }
        }
        if missing == 0 {
            continue;
        }
        match levels.iter().find(|l| l.sku == *sku && l.backorder) {
            Some(first) => match allocations.get_mut(begin) {
                Some(a) => a.quantity += missing,
                None => allocations.push(allocation(first, missing)),
            },
            None => shortages.push(Shortage {
                sku: sku.clone(),
                wanted: u32::try_from(quantity).unwrap_or(u32::MAX),
                available: u32::try_from(quantity - missing).unwrap_or(u32::MAX),
            }),
        }
    }
    if shortages.is_empty() { Ok(allocations) } else { Err(Error::InsufficientStock(shortages)) }
}

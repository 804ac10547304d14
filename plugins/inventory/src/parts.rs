//! What becomes of allocated goods, wholly or in part: they are released, shipped, restocked.

use quoin_sdk::check::Check;
use quoin_sdk::db::{self, Statement};
use quoin_sdk::types::{Error, Part};
use quoin_sdk::{fault, params};

use crate::bindings::exports::quoin::inventory::allocations::Allocated;
use crate::bindings::exports::quoin::inventory::stock_admin::{Change, MovementKind};
use crate::{admin, allocations, ledger, level};

/// Parts of one request: a part at each of five locations for the lines of the largest owner.
const PARTS_MAX: usize = 1_000;
/// Statements of one crossing, as many as the host takes.
const BATCH_MAX: usize = 1_000;

/// What is done with goods.
#[derive(Clone, Copy, PartialEq)]
pub enum Step {
    Release,
    Ship,
    Restock,
}

/// Pieces that are moved, from where or to where.
struct Move {
    /// Which of the owner's they are.
    of: usize,
    location: String,
    quantity: u32,
}

impl Step {
    /// With how many pieces it can still be done.
    fn left(self, of: &Allocated) -> u32 {
        match self {
            Step::Release | Step::Ship => of.open(),
            Step::Restock => of.shipped.saturating_sub(of.restocked),
        }
    }

    fn count(self, of: &mut Allocated, quantity: u32) {
        match self {
            Step::Release => of.released += quantity,
            Step::Ship => of.shipped += quantity,
            Step::Restock => of.restocked += quantity,
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Step::Release => "release",
            Step::Ship => "ship",
            Step::Restock => "restock",
        }
    }

    /// What each piece adds to what is on hand, with the kind of its movement, and to what is allocated.
    fn effect(self) -> (Option<(MovementKind, i64)>, i64) {
        match self {
            Step::Release => (None, -1),
            Step::Ship => (Some((MovementKind::Ship, -1)), -1),
            Step::Restock => (Some((MovementKind::Restock, 1)), 0),
        }
    }
}

/// Does it with these parts, or with all that is left; all of it, or nothing.
pub fn take(step: Step, owner: &str, parts: Option<Vec<Part>>) -> Result<Vec<Allocated>, Error> {
    let mut all = allocations::of(owner)?;
    let mut moves = Vec::new();
    if let Some(parts) = parts {
        check(&parts, &all)?;
        for (i, part) in parts.iter().enumerate() {
            spread(step, i, part, &mut all, &mut moves)?;
        }
    } else {
        for (of, one) in all.iter_mut().enumerate() {
            pick(step, of, one, u32::MAX, None, &mut moves);
        }
    }
    let mut statements: Vec<Statement> =
        moves.iter().flat_map(|one| self::statements(step, owner, one, &all)).collect();
    if !moves.is_empty() {
        statements.push(allocations::mark(owner, &all));
    }
    statements.chunks(BATCH_MAX).for_each(|some| drop(db::batch(some)));
    Ok(all)
}

fn check(parts: &[Part], all: &[Allocated]) -> Result<(), Error> {
    let mut check = Check::default();
    let locations = admin::locations();
    for (i, part) in check.list("lines", parts, PARTS_MAX).iter().enumerate() {
        if all.iter().all(|one| one.line != part.line) {
            check.fault(format!("lines/{i}/line"), "is not a line of this owner");
        }
        check.quantity(format!("lines/{i}/quantity"), part.quantity, 1);
        let known = |id: &String| locations.iter().any(|location| location.id == *id);
        if !part.location.as_ref().is_none_or(known) {
            check.fault(format!("lines/{i}/location"), "is not a location of this shop");
        }
    }
    check.done()
}

/// Finds the pieces of a part.
fn spread(
    step: Step,
    place: usize,
    part: &Part,
    all: &mut [Allocated],
    moves: &mut Vec<Move>,
) -> Result<(), Error> {
    let mut from: Vec<(usize, &mut Allocated)> = (all.iter_mut().enumerate())
        .filter(|(_, one)| one.line == part.line && step.left(one) > 0)
        .collect();
    match &part.location {
        // Goods are restocked at any location: those first that were shipped from there.
        Some(to) if step == Step::Restock => from.sort_by_key(|(_, one)| one.location != *to),
        Some(at) => from.retain(|(_, one)| one.location == *at),
        None => {}
    }
    let left: u32 = from.iter().map(|(_, one)| step.left(one)).sum();
    if left < part.quantity {
        let (line, wanted, verb) = (&part.line, part.quantity, step.verb());
        return Err(Error::Conflict(format!(
            "of the line {line} only {left} of {wanted} are left to {verb}"
        )));
    }
    // Nobody but who has them in his hands knows where these are.
    if step == Step::Restock && part.location.is_none() && from.len() > 1 && left > part.quantity {
        let places: Vec<&str> = from.iter().map(|(_, one)| one.location.as_str()).collect();
        let problem = format!("is missing: the line was shipped from {}", places.join(", "));
        return Err(Error::Invalid(vec![fault(format!("lines/{place}/location"), problem)]));
    }
    let to = part.location.as_ref().filter(|_| step == Step::Restock);
    let mut missing = part.quantity;
    for (of, one) in from {
        missing -= pick(step, of, one, missing, to, moves);
    }
    Ok(())
}

/// Takes as many pieces as there are and are wanted, and answers how many.
fn pick(
    step: Step,
    of: usize,
    one: &mut Allocated,
    wanted: u32,
    to: Option<&String>,
    moves: &mut Vec<Move>,
) -> u32 {
    let quantity = step.left(one).min(wanted);
    if quantity > 0 {
        step.count(one, quantity);
        moves.push(Move { of, location: to.unwrap_or(&one.location).clone(), quantity });
    }
    quantity
}

fn statements(step: Step, owner: &str, one: &Move, all: &[Allocated]) -> Vec<Statement> {
    let Some(of) = all.get(one.of) else { return Vec::new() };
    let quantity = i64::from(one.quantity);
    let (on_hand, allocated) = step.effect();
    let delta = on_hand.map_or(0, |(_, delta)| delta * quantity);
    let mut statements = vec![db::statement(
        "UPDATE inventory_allocated SET shipped = ?4, released = ?5, restocked = ?6
         WHERE owner = ?1 AND line = ?2 AND location = ?3",
        &params![owner, &of.line, &of.location, of.shipped, of.released, of.restocked],
    )];
    // Goods may come back to where none of them ever were; the others are somewhere.
    if step == Step::Restock {
        statements.push(level::ensure(&of.variant, &one.location));
    }
    statements.push(level::change(&of.variant, &one.location, delta, allocated * quantity));
    if let Some((kind, _)) = on_hand {
        let change = Change {
            variant: of.variant.clone(),
            location: one.location.clone(),
            delta,
            reason: owner.to_owned(),
        };
        statements.push(ledger::record(kind, &change));
    }
    statements
}

//! Goods that get an owner.

use std::collections::BTreeMap;

use quoin_sdk::check::{Check, LINES_MAX};
use quoin_sdk::db::{self, Statement};
use quoin_sdk::host::clock;
use quoin_sdk::params;
use quoin_sdk::types::{Error, Refusal};
use serde_json::{Value as Json, json};

use crate::bindings::exports::quoin::inventory::allocations::{Allocated, Line};
use crate::bindings::exports::quoin::inventory::stock_admin::Level;
use crate::{allocations, level};

/// Statements of one crossing, as many as the host takes.
const BATCH_MAX: usize = 1_000;

/// Allocates all lines, or nothing.
pub fn allocate(owner: &str, lines: &[Line]) -> Result<Vec<Allocated>, Error> {
    check(owner, lines)?;
    let before = allocations::find(owner);
    if before.iter().any(|one| one.released < one.quantity) {
        return match is_same(&before, lines) {
            true => Ok(before),
            false => Err(Error::Conflict("the owner has other goods already".into())),
        };
    }
    let mut levels: BTreeMap<String, Vec<Level>> = BTreeMap::new();
    for level in level::of(lines.iter().map(|line| line.variant.as_str())) {
        levels.entry(level.variant.clone()).or_default().push(level);
    }
    let shortages = shortages(lines, &levels);
    if !shortages.is_empty() {
        return Err(Error::Refused(Refusal {
            code: "insufficient-stock".into(),
            message: "there is not enough of what was asked for".into(),
            data: Some(Json::from(shortages).to_string()),
        }));
    }
    // Those with most to give come first: a line then comes from few places.
    levels.values_mut().for_each(|of_one| of_one.sort_by_key(|level| -level.free()));
    let mut statements = vec![
        db::statement("DELETE FROM inventory_allocated WHERE owner = ?1", &params![owner]),
        db::statement(
            "INSERT INTO inventory_owner (id, since, open) VALUES (?1, ?2, 1)
             ON CONFLICT (id) DO UPDATE SET since = excluded.since, open = 1",
            &params![owner, clock::now()],
        ),
    ];
    let mut all = Vec::with_capacity(lines.len());
    for (place, line) in lines.iter().enumerate() {
        let given = levels.get_mut(&line.variant).map_or(Vec::new(), |levels| take(line, levels));
        for one in given {
            statements.push(insert(owner, place, &one));
            statements.push(level::change(&one.variant, &one.location, 0, one.quantity.into()));
            all.push(one);
        }
    }
    statements.chunks(BATCH_MAX).for_each(|some| drop(db::batch(some)));
    Ok(all)
}

fn check(owner: &str, lines: &[Line]) -> Result<(), Error> {
    let mut check = Check::default();
    check.id("owner", owner);
    if lines.is_empty() {
        check.fault("lines", "are empty");
    }
    for (i, line) in check.list("lines", lines, LINES_MAX).iter().enumerate() {
        check.id(format!("lines/{i}/id"), &line.id);
        check.id(format!("lines/{i}/variant"), &line.variant);
        check.quantity(format!("lines/{i}/quantity"), line.quantity, 1);
    }
    check.distinct("lines", lines.iter().map(|line| &line.id));
    check.done()
}

/// Whether an owner's goods are those of the lines.
fn is_same(all: &[Allocated], lines: &[Line]) -> bool {
    let mut there: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for one in all {
        *there.entry((&one.line, &one.variant)).or_default() += one.quantity;
    }
    there == lines.iter().map(|l| ((l.id.as_str(), l.variant.as_str()), l.quantity)).collect()
}

/// The variants of which the lines want more, all together, than there is.
fn shortages(lines: &[Line], levels: &BTreeMap<String, Vec<Level>>) -> Vec<Json> {
    let mut wanted: BTreeMap<&str, u32> = BTreeMap::new();
    for line in lines {
        *wanted.entry(&line.variant).or_default() += line.quantity;
    }
    let shortage = |(variant, wanted): (&str, u32)| {
        let levels = levels.get(variant).map_or(&[][..], Vec::as_slice);
        let available = levels.iter().map(Level::free).sum::<i64>();
        let available = u32::try_from(available).unwrap_or(u32::MAX);
        let enough = available >= wanted || levels.iter().any(|level| level.backorder);
        (!enough).then(|| json!({ "variant": variant, "wanted": wanted, "available": available }))
    };
    wanted.into_iter().filter_map(shortage).collect()
}

/// Spreads a line over the levels of its variant, in their order. What is beyond them goes to the first:
/// only backorder lets it come to that.
fn take(line: &Line, levels: &mut [Level]) -> Vec<Allocated> {
    let free: i64 = levels.iter().map(Level::free).sum();
    let mut beyond = (i64::from(line.quantity) - free).max(0);
    let mut missing = i64::from(line.quantity) - beyond;
    let mut given = Vec::with_capacity(1);
    for level in levels {
        let here = level.free().min(missing);
        missing -= here;
        let here = here + std::mem::take(&mut beyond);
        if here > 0 {
            level.allocated += here;
            given.push(Allocated {
                line: line.id.clone(),
                variant: level.variant.clone(),
                location: level.location.clone(),
                // Not more than the line's quantity.
                quantity: u32::try_from(here).unwrap_or(u32::MAX),
                shipped: 0,
                released: 0,
                restocked: 0,
            });
        }
    }
    given
}

fn insert(owner: &str, place: usize, one: &Allocated) -> Statement {
    db::statement(
        "INSERT INTO inventory_allocated
             (owner, line, location, place, variant, quantity, shipped, released, restocked)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0)",
        &params![owner, &one.line, &one.location, place as u64, &one.variant, one.quantity],
    )
}

//! Counts from a CSV file.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use quoin_sdk::batch;
use quoin_sdk::report::Faults;
use quoin_sdk::sheet::Sheet;
use quoin_sdk::types::{Error, ImportReport};

use crate::admin::{self, MAIN, PIECES_MAX};
use crate::bindings::exports::quoin::inventory::stock_admin::{Change, Level, MovementKind};
use crate::bindings::quoin::catalog::variants;
use crate::{ledger, level};

/// Rows of a file, as the contract has it: all of them are one transaction.
const ROWS_MAX: usize = 20_000;
const COLUMNS: [&str; 3] = ["sku", "on_hand", "location"];

/// What a row says is on hand.
struct Count {
    line: u32,
    on_hand: i64,
}

/// The counts by SKU, or variant, and location.
type Counts = BTreeMap<(String, String), Count>;

/// Sets what is on hand to what the file says: all rows, or none where one has a fault.
pub fn import(csv: &str, dry_run: bool) -> Result<ImportReport, Error> {
    let mut faults = Faults::default();
    let counts = identify(read(csv, &mut faults), &mut faults)?;
    let levels = level::of(counts.keys().map(|(variant, _)| variant.as_str()));
    let levels: BTreeMap<(&str, &str), &Level> = levels.iter().map(|l| (l.place(), l)).collect();
    let (mut created, mut updated, mut unchanged) = (0, 0, 0);
    let mut changes = Vec::new();
    for ((variant, location), count) in &counts {
        let found = levels.get(&(variant.as_str(), location.as_str())).copied();
        if let Some(why) = admin::refusal(found, count.on_hand) {
            faults.add(count.line, format!("on_hand cannot be {}: {why}", count.on_hand));
        }
        let delta = count.on_hand - found.map_or(0, |l| l.on_hand);
        *match found {
            None => &mut created,
            Some(_) if delta != 0 => &mut updated,
            Some(_) => &mut unchanged,
        } += 1;
        if delta != 0 || found.is_none() {
            let (variant, location) = (variant.clone(), location.clone());
            changes.push(Change { variant, location, delta, reason: "import".into() });
        }
    }
    if faults.is_empty() && !dry_run {
        ledger::apply(MovementKind::Import, &changes);
    }
    faults.report(dry_run, created, updated, unchanged)
}

/// Puts the variants that have the SKUs now in their place. Unknown ones are told and left out.
fn identify(counts: Counts, faults: &mut Faults) -> Result<Counts, Error> {
    let known = batch::ask(counts.keys().map(|(sku, _)| sku.as_str()), variants::by_sku)?;
    let ids: HashMap<String, String> = known.into_iter().map(|v| (v.sku, v.id)).collect();
    let mut identified = Counts::new();
    for ((sku, location), count) in counts {
        match ids.get(&sku) {
            Some(id) => drop(identified.insert((id.clone(), location), count)),
            None => faults.add(count.line, "sku is not of a variant of this shop"),
        }
    }
    Ok(identified)
}

/// Reads the file. Rows with a fault are told and left out.
fn read(csv: &str, faults: &mut Faults) -> Counts {
    let sheet = Sheet::read(csv, ROWS_MAX, faults);
    sheet.refuse_others(&COLUMNS, &[], faults);
    let sku = sheet.required("sku", faults);
    let on_hand = sheet.required("on_hand", faults);
    let location = sheet.column("location");
    let locations: BTreeSet<String> = admin::locations().into_iter().map(|l| l.id).collect();
    let mut counts = Counts::new();
    if sku.max(on_hand) == usize::MAX {
        return counts;
    }
    for row in &sheet.rows {
        let place = location.map(|column| row.cell(column)).filter(|cell| !cell.is_empty());
        let place = place.unwrap_or(MAIN);
        if !locations.contains(place) {
            faults.add(row.line, "location is not one of this shop");
        }
        let pieces = row.cell(on_hand).parse().ok().filter(|n| (0..=PIECES_MAX).contains(n));
        let Some(on_hand) = pieces else {
            let problem = format!("on_hand must be a whole number from 0 to {PIECES_MAX}");
            faults.add(row.line, problem);
            continue;
        };
        let count = Count { line: row.line, on_hand };
        let key = (row.cell(sku).to_owned(), place.to_owned());
        if let Some(before) = counts.insert(key, count) {
            let problem = format!("sku and location are the same as in line {}", before.line);
            faults.add(row.line, problem);
        }
    }
    counts
}

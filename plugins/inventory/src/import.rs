//! Counts from a CSV file.

use std::collections::{BTreeMap, BTreeSet};

use quoin_sdk::report::Faults;
use quoin_sdk::sheet::{Row, Sheet};
use quoin_sdk::types::{Error, ImportReport};

use crate::admin::{self, MAIN};
use crate::check::{self, PIECES_MAX};
use crate::ledger::{self, Change};
use crate::level;

/// Rows of a file. An import is one transaction that keeps reservations waiting; this many take
/// about a second.
const ROWS_MAX: usize = 20_000;
const COLUMNS: [&str; 3] = ["sku", "on_hand", "location"];

/// What a row says is on hand.
struct Count {
    line: u32,
    on_hand: i64,
}

/// The counts by SKU and location.
type Counts = BTreeMap<(String, String), Count>;

/// Sets what is on hand to what the file says: all rows, or none where one has a fault.
pub fn import(csv: &str, dry_run: bool, now: u64) -> Result<ImportReport, Error> {
    let mut faults = Faults::default();
    let counts = read(csv, &mut faults);
    let levels = level::at(counts.keys().map(|(s, l)| (s.as_str(), l.as_str())), now);
    let (mut created, mut updated, mut unchanged) = (0, 0, 0);
    let mut changes = Vec::new();
    let mut targets = Vec::new();
    for (place, count) in &counts {
        let found = levels.get(place);
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
            let (sku, location) = place.clone();
            changes.push(Change { sku, location, delta, reason: "import".into() });
        }
        targets.extend(found.map(|level| (level, count.on_hand)));
    }
    if faults.is_empty() && !dry_run {
        admin::sweep_for(targets.into_iter(), now);
        ledger::apply(&changes, now)?;
    }
    Ok(faults.report(dry_run, created, updated, unchanged))
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
        if let Some(problem) = check::sku_problem(row.cell(sku)) {
            faults.add(row.line, format!("sku {problem}"));
        }
        if !locations.contains(place) {
            faults.add(row.line, "location is not one of this shop");
        }
        let Some(on_hand) = pieces(row, on_hand) else {
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

fn pieces(row: &Row, column: usize) -> Option<i64> {
    row.cell(column).parse().ok().filter(|n| (0..=PIECES_MAX).contains(n))
}

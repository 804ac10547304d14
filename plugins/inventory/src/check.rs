//! What a request may contain.

use std::collections::BTreeMap;

use quoin_sdk::types::FieldFault;
use quoin_sdk::{fault, text};

use crate::bindings::exports::quoin::inventory::stock::Line;

/// Pieces on hand, reserved or wanted at one place. Sums of a thousand such numbers stay far from
/// the end of 64 bits.
pub const PIECES_MAX: i64 = 1_000_000_000;
/// Lines of a reservation. With [`LOCATIONS_MAX`] their levels fit one query's 10,000 rows.
pub const LINES_MAX: usize = 200;
/// Locations of a shop.
pub const LOCATIONS_MAX: usize = 50;
/// SKUs or changes in one request.
pub const BATCH_MAX: usize = 1_000;
/// Seconds of a hold: 30 days, as long as somebody may take to pay an invoice.
const SECONDS_MAX: u32 = 30 * 24 * 3_600;

/// Characters of a SKU, as the catalogue has it.
const SKU_MAX: usize = 64;

/// What is wrong with a SKU, if anything, as the rest of a sentence.
pub fn sku_problem(sku: &str) -> Option<String> {
    text::line_problem(sku, SKU_MAX)
}

/// Adds a fault unless this can be a SKU.
pub fn sku(faults: &mut Vec<FieldFault>, field: impl Into<String>, sku: &str) {
    faults.extend(sku_problem(sku).map(|problem| fault(field, problem)));
}

/// Adds a fault unless `line` is one line of visible text with at most `max` characters.
pub fn line(faults: &mut Vec<FieldFault>, field: impl Into<String>, line: &str, max: usize) {
    faults.extend(text::line_problem(line, max).map(|problem| fault(field, problem)));
}

/// `value`, or the faults where there are some.
pub fn done<T>(faults: Vec<FieldFault>, value: T) -> Result<T, Vec<FieldFault>> {
    if faults.is_empty() { Ok(value) } else { Err(faults) }
}

/// A list of SKUs to ask for.
pub fn skus(skus: &[String]) -> Result<(), Vec<FieldFault>> {
    if skus.len() > BATCH_MAX {
        return Err(vec![fault("skus", format!("has more than {BATCH_MAX} entries"))]);
    }
    let mut faults = Vec::new();
    for (i, s) in skus.iter().enumerate() {
        sku(&mut faults, format!("skus/{i}"), s);
    }
    done(faults, ())
}

/// How long to hold.
pub fn seconds(seconds: u32) -> Result<(), Vec<FieldFault>> {
    if (1..=SECONDS_MAX).contains(&seconds) {
        return Ok(());
    }
    Err(vec![fault("seconds", format!("must be 1 to {SECONDS_MAX}"))])
}

/// A wish to reserve: the quantities by SKU, those of one SKU added up.
pub fn reserve(
    owner: &str,
    lines: &[Line],
    hold: u32,
) -> Result<BTreeMap<String, i64>, Vec<FieldFault>> {
    let mut faults = seconds(hold).err().unwrap_or_default();
    self::line(&mut faults, "owner", owner, 200);
    if lines.is_empty() || lines.len() > LINES_MAX {
        faults.push(fault("lines", format!("must have 1 to {LINES_MAX} entries")));
        return Err(faults);
    }
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    for (i, line) in lines.iter().enumerate() {
        sku(&mut faults, format!("lines/{i}/sku"), &line.sku);
        let sum = wanted.entry(line.sku.clone()).or_default();
        *sum += i64::from(line.quantity);
        if line.quantity == 0 || *sum > PIECES_MAX {
            let problem = format!("must be 1 to {PIECES_MAX}, all lines of the SKU together");
            faults.push(fault(format!("lines/{i}/quantity"), problem));
        }
    }
    done(faults, wanted)
}

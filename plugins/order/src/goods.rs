//! Which pieces of an order move.

use std::collections::BTreeMap;

use quoin_sdk::check::{Check, LINES_MAX};
use quoin_sdk::types::Part;
use quoin_sdk::{db, params};

use crate::bindings::exports::quoin::order::orders::{Error, Order, Pieces};

/// A way that goods go.
#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    Out,
    Back,
}

/// Counts these parts as moved, in the order and in its rows. Returns how many pieces they are.
///
/// # Errors
/// `invalid` for a line that the order does not have, for no pieces, and for more than can still go
/// this way.
pub fn move_parts(order: &mut Order, way: Way, parts: &[Part]) -> Result<u64, Error> {
    let mut left = left(order, way);
    let mut check = Check::default();
    if parts.is_empty() {
        check.fault("lines", "is empty");
    }
    // A line may be named once for each place that its pieces are at.
    for (i, part) in check.list("lines", parts, LINES_MAX * 50).iter().enumerate() {
        match left.get_mut(part.line.as_str()) {
            None => check.fault(format!("lines/{i}/line"), "is not a line of the order"),
            Some(left) if part.quantity == 0 || part.quantity > *left => {
                let problem = match (*left, way) {
                    (0, Way::Out) => "all of it was shipped".into(),
                    (0, Way::Back) => "nothing of it is out any more".into(),
                    _ => format!("must be 1 to {left}, what is left of it"),
                };
                check.fault(format!("lines/{i}/quantity"), problem);
            }
            Some(left) => *left -= part.quantity,
        }
    }
    check.done()?;
    for part in parts {
        let (shipped, returned) =
            if way == Way::Out { (part.quantity, 0) } else { (0, part.quantity) };
        db::execute(
            "UPDATE order_line SET shipped = shipped + ?3, returned = returned + ?4
             WHERE order_id = ?1 AND id = ?2",
            &params![&order.id, &part.line, shipped, returned],
        );
        add(order, way, part);
    }
    Ok(parts.iter().map(|part| u64::from(part.quantity)).sum())
}

/// All that was not shipped yet.
pub fn unshipped(order: &Order) -> Vec<Part> {
    let part = |(line, quantity)| Part { line, location: None, quantity };
    left(order, Way::Out).into_iter().filter(|(_, left)| *left > 0).map(part).collect()
}

/// What can still go this way, by line.
fn left(order: &Order, way: Way) -> BTreeMap<String, u32> {
    let part = |moved: &Pieces| (moved.line.clone(), moved.quantity);
    let ordered = order.snapshot.lines.iter().map(|line| (line.id.clone(), line.quantity));
    let (mut left, moved): (BTreeMap<_, _>, _) = match way {
        Way::Out => (ordered.collect(), &order.shipped),
        Way::Back => (order.shipped.iter().map(part).collect(), &order.returned),
    };
    for part in moved {
        left.entry(part.line.clone()).and_modify(|left| *left -= part.quantity);
    }
    left
}

/// Adds to what moved, in the order of lines.
fn add(order: &mut Order, way: Way, part: &Part) {
    let moved = if way == Way::Out { &mut order.shipped } else { &mut order.returned };
    match moved.iter_mut().find(|there| there.line == part.line) {
        Some(there) => there.quantity += part.quantity,
        None => moved.push(Pieces { line: part.line.clone(), quantity: part.quantity }),
    }
    let lines = &order.snapshot.lines;
    moved.sort_by_key(|part| lines.iter().position(|line| line.id == part.line));
}

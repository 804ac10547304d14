//! Which pieces of an order move.

use std::collections::BTreeMap;

use quoin_sdk::check::Check;
use quoin_sdk::types::{Line, Money, Part};
use quoin_sdk::{db, params};

use crate::bindings::exports::quoin::order::orders::{Error, Order, OrderState, Pieces};

/// Parts of one request, which go to the host as one batch: a part at each of five locations for the lines
/// of the largest order, as many as the stock moves at once.
const PARTS_MAX: usize = 1_000;

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
    for (i, part) in check.list("lines", parts, PARTS_MAX).iter().enumerate() {
        match left.get_mut(part.line.as_str()) {
            None => check.fault(format!("lines/{i}/line"), "is not a line of the order"),
            Some(left) if part.quantity == 0 || part.quantity > *left => {
                let problem = match (*left, way) {
                    (0, Way::Out) => "nothing of it is left to ship".into(),
                    (0, Way::Back) => "nothing of it is out any more".into(),
                    _ => format!("must be 1 to {left}, what is left of it"),
                };
                check.fault(format!("lines/{i}/quantity"), problem);
            }
            Some(left) => *left -= part.quantity,
        }
    }
    check.done()?;
    let count = |part: &Part| {
        let (shipped, returned) =
            if way == Way::Out { (part.quantity, 0) } else { (0, part.quantity) };
        db::statement(
            "UPDATE order_line SET shipped = shipped + ?3, returned = returned + ?4
             WHERE order_id = ?1 AND id = ?2",
            &params![&order.id, &part.line, shipped, returned],
        )
    };
    db::batch(&Vec::from_iter(parts.iter().map(count)));
    let moved = if way == Way::Out { &mut order.shipped } else { &mut order.returned };
    parts.iter().for_each(|part| add(moved, part));
    in_order_of_lines(moved, &order.snapshot.lines);
    Ok(pieces(parts))
}

/// All that was not shipped yet, and is not cancelled.
pub fn unshipped(order: &Order) -> Vec<Part> {
    let part = |(line, quantity)| Part { line, location: None, quantity };
    left(order, Way::Out).into_iter().filter(|(_, left)| *left > 0).map(part).collect()
}

/// Whether the buyer has anything: it was shipped, and has not come back.
pub fn is_out(order: &Order) -> bool {
    left(order, Way::Back).values().any(|left| *left > 0)
}

/// Counts all that was not shipped as cancelled. Returns how many pieces they are.
pub fn cancel_rest(order: &mut Order) -> u64 {
    let rest = unshipped(order);
    let cancelled = |part: &Part| Pieces { line: part.line.clone(), quantity: part.quantity };
    order.cancelled.extend(rest.iter().map(cancelled));
    in_order_of_lines(&mut order.cancelled, &order.snapshot.lines);
    db::execute(
        "UPDATE order_line SET cancelled = quantity - shipped WHERE order_id = ?1",
        &params![&order.id],
    );
    pieces(&rest)
}

/// What the order costs without what is cancelled: for each line its share of the total, rounded for the
/// buyer.
pub fn due(order: &Order) -> Money {
    let grand = &order.snapshot.grand;
    let cancelled = |pieces: &Pieces| {
        let line = order.snapshot.lines.iter().find(|line| line.id == pieces.line);
        line.map_or(0, |line| {
            let kept = i128::from(line.quantity.saturating_sub(pieces.quantity));
            let due = i128::from(line.total.minor) * kept / i128::from(line.quantity.max(1));
            line.total.minor - i64::try_from(due).unwrap_or(line.total.minor)
        })
    };
    let cancelled = match order.state {
        OrderState::Cancelled => grand.minor,
        _ => order.cancelled.iter().map(cancelled).sum(),
    };
    Money::new((grand.minor - cancelled).max(0), grand.currency.as_str())
}

fn pieces(parts: &[Part]) -> u64 {
    parts.iter().map(|part| u64::from(part.quantity)).sum()
}

/// What can still go this way, by line.
fn left(order: &Order, way: Way) -> BTreeMap<String, u32> {
    let part = |moved: &Pieces| (moved.line.clone(), moved.quantity);
    let ordered = order.snapshot.lines.iter().map(|line| (line.id.clone(), line.quantity));
    let (mut left, moved): (BTreeMap<_, _>, [&[Pieces]; 2]) = match way {
        Way::Out => (ordered.collect(), [&order.shipped, &order.cancelled]),
        Way::Back => (order.shipped.iter().map(part).collect(), [&order.returned, &[]]),
    };
    for part in moved.into_iter().flatten() {
        left.entry(part.line.clone()).and_modify(|left| *left -= part.quantity);
    }
    left
}

/// Adds to what moved.
fn add(moved: &mut Vec<Pieces>, part: &Part) {
    match moved.iter_mut().find(|there| there.line == part.line) {
        Some(there) => there.quantity += part.quantity,
        None => moved.push(Pieces { line: part.line.clone(), quantity: part.quantity }),
    }
}

fn in_order_of_lines(parts: &mut [Pieces], lines: &[Line]) {
    parts.sort_by_key(|part| lines.iter().position(|line| line.id == part.line));
}

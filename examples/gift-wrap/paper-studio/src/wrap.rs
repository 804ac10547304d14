//! How much paper and work a gift is.

use std::f64::consts::PI;

use crate::bindings::exports::acme::gifts::wrapping::{
    Extras, Gift, Paper, Refusal, Shape, Wrapped,
};

/// The widest roll, millimetres.
const SIDE_MAX: u32 = 1_500;
/// Square metres of a bag for what has no edges.
const BAG: f64 = 0.35;
/// Where sheets overlap, a fifth is added.
const OVERLAP: f64 = 1.2;

/// Wraps a gift; `hour` is what an hour of work costs, in cents.
///
/// # Errors
/// This gift cannot be wrapped.
pub fn wrap(gift: Gift, paper: &Paper, extras: Extras, hour: u32) -> Result<Wrapped, Refusal> {
    let square_metres = area(&gift)?;
    let minutes = minutes(&gift, extras);
    let sheet = (square_metres * f64::from(paper.cents_per_square_metre)).ceil() as u32;
    let pace = if extras.contains(Extras::RUSH) { 2 } else { 1 };
    // At most 20 minutes at 100,000 cents an hour, twice.
    let work = minutes * pace * hour / 60;
    let letter = |name: &String| name.chars().find(|c| c.is_alphabetic());
    Ok(Wrapped {
        initial: gift
            .recipient
            .as_ref()
            .and_then(letter)
            .filter(|_| extras.contains(Extras::WAX_SEAL)),
        gift: gift.name,
        paper: paper.clone(),
        square_metres,
        minutes,
        cents: sheet + work + trimmings(extras),
    })
}

fn area(gift: &Gift) -> Result<f64, Refusal> {
    let metres = |millimetres: u32| f64::from(millimetres) / 1_000.0;
    let (sides, area) = match &gift.shape {
        Shape::Box((w, h, d)) => {
            let (x, y, z) = (metres(*w), metres(*h), metres(*d));
            ([*w, *h, *d].to_vec(), 2.0 * (x * y + x * z + y * z))
        }
        Shape::Tube(tube) => {
            let (length, diameter) = (metres(tube.length), metres(tube.diameter));
            (vec![tube.length, tube.diameter], PI * diameter * (length + diameter / 2.0))
        }
        Shape::Soft if gift.fragile => return Err(Refusal::NeedsABox),
        Shape::Soft => return Ok(BAG),
    };
    if sides.contains(&0) {
        return Err(Refusal::NothingThere);
    }
    if sides.iter().any(|side| *side > SIDE_MAX) {
        return Err(Refusal::TooLarge(SIDE_MAX));
    }
    Ok(area * OVERLAP)
}

fn minutes(gift: &Gift, extras: Extras) -> u32 {
    let mut minutes = match gift.shape {
        Shape::Box(_) => 4,
        Shape::Tube(_) => 7,
        Shape::Soft => 2,
    };
    if gift.fragile {
        minutes += 3;
    }
    for (extra, more) in [(Extras::RIBBON, 2), (Extras::CARD, 1), (Extras::WAX_SEAL, 5)] {
        if extras.contains(extra) {
            minutes += more;
        }
    }
    minutes
}

fn trimmings(extras: Extras) -> u32 {
    let prices = [(Extras::RIBBON, 90), (Extras::CARD, 250), (Extras::WAX_SEAL, 120)];
    prices.iter().filter(|(extra, _)| extras.contains(*extra)).map(|(_, cents)| cents).sum()
}

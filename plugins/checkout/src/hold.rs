//! The goods of a cart. Their owner is the cart's id, so that a cart never waits for its own hold.

use std::collections::BTreeMap;

use quoin_sdk::host::{configured, trap};

use crate::basket::Basket;
use crate::bindings::exports::quoin::checkout::checkout::Error;
use crate::bindings::quoin::cart::carts;
use crate::bindings::quoin::inventory::stock::{self, Line, ReservationState};
use crate::error::conflict;

/// What is held for a basket.
pub enum Hold {
    /// All of it.
    Mine,
    /// Another checkout of this cart, running or interrupted, has its hands on it: only the lock tells.
    Contested,
}

/// Reserves the goods without the lock. What is held for other lines of this cart is left alone:
/// another checkout may be about to take it out of stock.
///
/// # Errors
/// `insufficient-stock`, with nothing reserved.
pub fn reserve(basket: &Basket) -> Result<Hold, Error> {
    let lines = lines(basket);
    match stock::get_reservation(&basket.cart_id) {
        Ok(found) if found.state == ReservationState::Committed => return Ok(Hold::Contested),
        Ok(found)
            if found.state == ReservationState::Held && sums(&found.lines) != sums(&lines) =>
        {
            return Ok(Hold::Contested);
        }
        Ok(_) | Err(stock::Error::NotFound(_)) => {}
        Err(other) => return Err(other.into()),
    }
    stock::reserve(&basket.cart_id, &lines, seconds())?;
    Ok(Hold::Mine)
}

/// Makes sure under the lock that exactly these goods are held.
///
/// # Errors
/// `insufficient-stock` when another checkout of this cart gave them back and others took them.
pub fn ensure(basket: &Basket) -> Result<(), Error> {
    let lines = lines(basket);
    match stock::get_reservation(&basket.cart_id) {
        Ok(found) if sums(&found.lines) == sums(&lines) => match found.state {
            ReservationState::Held => return Ok(()),
            ReservationState::Committed => {
                return Err(conflict("the goods of this cart were sold already; start a new cart"));
            }
            _ => {}
        },
        Ok(_) | Err(stock::Error::NotFound(_)) => {}
        Err(other) => return Err(other.into()),
    }
    stock::reserve(&basket.cart_id, &lines, seconds())?;
    Ok(())
}

/// Takes the goods of an order out of stock, once. A hold that is gone is tried for again.
///
/// # Errors
/// `insufficient-stock` when others have them by now.
pub fn commit(cart_id: &str, lines: &[Line]) -> Result<(), Error> {
    match stock::commit(cart_id) {
        Ok(_) => return Ok(()),
        Err(stock::Error::NotFound(_) | stock::Error::Conflict(_)) => {}
        Err(other) => return Err(other.into()),
    }
    stock::reserve(cart_id, lines, seconds())?;
    stock::commit(cart_id)?;
    Ok(())
}

fn lines(basket: &Basket) -> Vec<Line> {
    let line = |line: &carts::Line| Line { sku: line.sku.clone(), quantity: line.quantity };
    basket.lines.iter().map(line).collect()
}

fn sums(lines: &[Line]) -> BTreeMap<&str, u64> {
    let mut sums = BTreeMap::new();
    for line in lines {
        *sums.entry(line.sku.as_str()).or_default() += u64::from(line.quantity);
    }
    sums
}

fn seconds() -> u32 {
    match configured("reservation-seconds").parse() {
        Ok(seconds @ 60..=86_400) => seconds,
        _ => trap("the configuration key reservation-seconds must be a number from 60 to 86400"),
    }
}

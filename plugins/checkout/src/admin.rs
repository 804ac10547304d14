//! What the shop's staff do with the money of an order. Each takes the lock, and first completes a
//! checkout that was interrupted.

use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::checkout::checkout::Error;
use crate::bindings::quoin::inventory::stock;
use crate::bindings::quoin::order::orders::{self, Order, OrderState};
use crate::bindings::quoin::payment::provider;
use crate::error::{conflict, invalid};
use crate::finish::{CAPTURE, finish, give_back, order_of};
use crate::journal::Journal;
use crate::money;

/// Captures all that is authorized, once.
pub fn capture(order_id: &str) -> Result<Order, Error> {
    let (mut journal, order) = open(order_id)?;
    let order = finish(&mut journal, order, None)?;
    if order.state == OrderState::Cancelled {
        return Err(conflict("the order is cancelled"));
    }
    let (method, id) = (&order.snapshot.payment_method, &order.snapshot.payment_id);
    let mut payment = provider::get(method, id)?;
    if money::is_open(&payment) {
        payment = provider::capture(method, id, CAPTURE, None)?;
    }
    money::record(order, &payment)
}

/// Cancels the order, then voids or refunds. Goods that were taken out of stock stay out.
pub fn cancel(order_id: &str, reason: &str) -> Result<Order, Error> {
    let (journal, _) = open(order_id)?;
    let order = orders::cancel(order_id, reason)?;
    if !journal.is_complete() {
        stock::release(&order.snapshot.cart_id)?;
    }
    give_back(order)
}

/// Gives back `amount`, or all that is captured, once per key.
pub fn refund(order_id: &str, key: &str, amount: Option<Money>) -> Result<Order, Error> {
    if key.is_empty() || key.len() > 100 {
        return invalid("key", "must have 1 to 100 bytes");
    }
    let (_journal, order) = open(order_id)?;
    let (method, id) = (&order.snapshot.payment_method, &order.snapshot.payment_id);
    let payment = provider::refund(method, id, &format!("refund/{key}"), amount.as_ref())?;
    money::record(order, &payment)
}

/// The order as it is once no other call decides about it.
fn open(order_id: &str) -> Result<(Journal, Order), Error> {
    let cart_id = orders::get(order_id)?.snapshot.cart_id;
    let journal = Journal::lock(&cart_id);
    match order_of(&cart_id)? {
        Some(order) if order.id == order_id => Ok((journal, order)),
        _ => Err(conflict("the order was not made by this checkout")),
    }
}

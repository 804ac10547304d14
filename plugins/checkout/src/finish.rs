//! What follows once there is an order: each step can be repeated, and is until all are done.

use quoin_sdk::types;

use crate::bindings::exports::quoin::checkout::checkout::Error;
use crate::bindings::quoin::cart::carts;
use crate::bindings::quoin::inventory::stock::Line;
use crate::bindings::quoin::order::orders::{self, Order, OrderState};
use crate::bindings::quoin::payment::provider::{self, CaptureTime, Payment};
use crate::error::conflict;
use crate::journal::Journal;
use crate::{hold, money, pay};

/// The ledger key of capturing a payment in full: it is captured once.
pub const CAPTURE: &str = "capture";

/// The key of a cart's order, which makes it the only one.
pub fn order_key(cart_id: &str) -> String {
    format!("checkout/{cart_id}")
}

/// The order that was made of this cart, if any.
///
/// # Errors
/// The order plugin cannot tell.
pub fn order_of(cart_id: &str) -> Result<Option<Order>, Error> {
    match orders::get_by_key(&order_key(cart_id)) {
        Ok(order) => Ok(Some(order)),
        Err(types::Error::NotFound(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// Takes the goods out of stock, closes the cart and captures, as far as that is not done yet.
///
/// # Errors
/// A step failed: asked again, it goes on from there. `insufficient-stock` when the checkout was
/// interrupted for so long that others have the goods; the order is cancelled then.
pub fn finish(journal: &mut Journal, order: Order, key: Option<&str>) -> Result<Order, Error> {
    if journal.is_complete() {
        return Ok(order);
    }
    if order.state == OrderState::Cancelled {
        return Err(conflict("the order of this cart was cancelled; start a new cart"));
    }
    let cart_id = order.snapshot.cart_id.clone();
    let lines: Vec<Line> = (order.snapshot.lines.iter())
        .map(|line| Line { sku: line.sku.clone(), quantity: line.quantity })
        .collect();
    match hold::commit(&cart_id, &lines) {
        Err(Error::InsufficientStock(shortages)) => {
            give_up(order)?;
            return Err(Error::InsufficientStock(shortages));
        }
        committed => committed?,
    }
    match carts::mark_ordered(&cart_id, &order.id) {
        // A cart that expired meanwhile needs no closing.
        Ok(_) | Err(types::Error::NotFound(_)) => {}
        Err(other) => return Err(other.into()),
    }
    let order = capture_at_order(order)?;
    journal.complete(&order.id, key);
    Ok(order)
}

/// Captures if the money is due with the order. An order whose capture failed is a good order: the shop
/// captures later.
fn capture_at_order(order: Order) -> Result<Order, Error> {
    let (method, id) = (&order.snapshot.payment_method, &order.snapshot.payment_id);
    let captured = provider::get(method, id).and_then(|payment| match payment.capture {
        CaptureTime::AtOrder if money::is_open(&payment) => {
            provider::capture(method, id, CAPTURE, None)
        }
        _ => Ok(payment),
    });
    match captured {
        Ok(payment) => money::record(order, &payment),
        Err(error) => {
            pay::warn(&format!("the payment {id} by {method} was not captured: {error:?}"));
            Ok(order)
        }
    }
}

/// Cancels an order whose goods are gone.
fn give_up(order: Order) -> Result<(), Error> {
    let order = orders::cancel(&order.id, "sold out before the checkout was complete")?;
    give_back(order)?;
    Ok(())
}

/// Voids what is authorized for a cancelled order and refunds what is captured.
///
/// # Errors
/// A step failed: asked again, it goes on from there.
pub fn give_back(order: Order) -> Result<Order, Error> {
    let (method, id) = (&order.snapshot.payment_method, &order.snapshot.payment_id);
    let mut payment: Payment = provider::get(method, id)?;
    if money::is_open(&payment) {
        payment = provider::void(method, id, pay::VOID)?;
    }
    if payment.captured.minor > payment.refunded.minor {
        payment = provider::refund(method, id, "cancel", None)?;
    }
    money::record(order, &payment)
}

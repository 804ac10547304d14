//! What the shop's staff do with orders.

use quoin_sdk::types::{Error, Money};

use crate::Plugin;
use crate::bindings::exports::quoin::checkout::checkout_admin::{Guest, ParcelLine};
use crate::bindings::quoin::inventory::allocations;
use crate::bindings::quoin::order::order_steps;
use crate::bindings::quoin::order::orders::{self, Order, OrderState, Part, PaymentState};
use crate::bindings::quoin::payment::provider::{self, State};
use crate::money::{capture_key, give_back, record};

impl Guest for Plugin {
    fn capture(order_id: String) -> Result<Order, Error> {
        let order = orders::get(&order_id)?;
        if order.state == OrderState::Cancelled {
            return Err(Error::Conflict("the order is cancelled".into()));
        }
        if order.payment == PaymentState::Pending {
            return Err(Error::Conflict("the payment is pending: confirm the order first".into()));
        }
        let (method, id) = (&order.snapshot.payment_method, &order.snapshot.payment_id);
        let mut payment = provider::get(method, id)?;
        if payment.state == State::Authorized {
            payment = provider::capture(method, id, &capture_key(&order), None)?;
        }
        record(&order, &payment)
    }

    fn cancel(order_id: String, reason: String) -> Result<Order, Error> {
        let order = order_steps::cancel(&order_id, &reason)?;
        allocations::release(&order.snapshot.cart_id, None)?;
        let payment = provider::get(&order.snapshot.payment_method, &order.snapshot.payment_id)?;
        give_back(&order, payment)
    }

    fn refund(order_id: String, key: String, amount: Option<Money>) -> Result<Order, Error> {
        let order = orders::get(&order_id)?;
        let (method, id) = (&order.snapshot.payment_method, &order.snapshot.payment_id);
        // Beside the keys that the checkout itself uses.
        let key = format!("refund/{key}");
        let payment = provider::refund(method, id, &key, amount.as_ref())?;
        record(&order, &payment)
    }

    fn ship(
        order_id: String,
        lines: Option<Vec<ParcelLine>>,
        revision: Option<u64>,
    ) -> Result<Order, Error> {
        let order = orders::get(&order_id)?;
        let lines = lines.unwrap_or_else(|| unshipped(&order));
        let part = |line: &ParcelLine| Part { line: line.line.clone(), quantity: line.quantity };
        let shipped = Vec::from_iter(lines.iter().map(part));
        let order = order_steps::ship(&order_id, &shipped, revision)?;
        allocations::ship(&order.snapshot.cart_id, Some(&lines))?;
        Ok(order)
    }

    fn take_back(
        order_id: String,
        lines: Vec<Part>,
        reason: String,
        restock: Option<bool>,
        revision: Option<u64>,
    ) -> Result<Order, Error> {
        let order = order_steps::take_back(&order_id, &lines, &reason, revision)?;
        if restock.unwrap_or(true) {
            let back =
                |Part { line, quantity }| allocations::Part { line, location: None, quantity };
            let back = Vec::from_iter(lines.into_iter().map(back));
            allocations::restock(&order.snapshot.cart_id, Some(&back))?;
        }
        Ok(order)
    }
}

/// All that was not shipped yet.
fn unshipped(order: &Order) -> Vec<ParcelLine> {
    let shipped = |id: &str| order.shipped.iter().find(|p| p.line == id).map_or(0, |p| p.quantity);
    let left = |line: &orders::Line| ParcelLine {
        line: line.id.clone(),
        quantity: line.quantity.saturating_sub(shipped(&line.id)),
        location: None,
    };
    let lines = order.snapshot.lines.iter().map(left);
    lines.filter(|line| line.quantity > 0).collect()
}

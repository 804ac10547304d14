//! What the shop's staff do with orders.

use quoin_sdk::types::{Error, Money, Part};

use crate::bindings::exports::quoin::checkout::checkout_admin::Guest;
use crate::orders::{Order, OrderState};
use crate::paid::{By, ask, capture, fell, record, settle};
use crate::provider::State;
use crate::{Plugin, allocations, order_steps, orders, provider};

impl Guest for Plugin {
    fn capture(id: String) -> Result<Order, Error> {
        let before = orders::get(&id)?;
        let revision = before.revision;
        let payment = ask(&before)?;
        let (order, mut payment) = settle(before, payment, 0, By::Staff)?;
        if payment.state == State::Authorized {
            payment = capture(payment, &order.due)?;
            let fell = fell(&order, &payment);
            return match fell {
                true => Ok(settle(order, payment, 0, By::Staff)?.0),
                false => record(&order, &payment),
            };
        }
        match payment.state {
            State::Captured | State::Unknown => Ok(order),
            // What was learnt of the payment is kept.
            _ if order.revision != revision => Ok(order),
            _ => Err(Error::Conflict("the payment is not authorized".into())),
        }
    }

    fn cancel(id: String, reason: String) -> Result<Order, Error> {
        let due = orders::get(&id)?.due.minor;
        let order = order_steps::cancel(&id, &reason)?;
        // Of an order that is cancelled as a whole, settling gives the goods back.
        if order.state != OrderState::Cancelled {
            allocations::release(&order.snapshot.cart_id, None)?;
        }
        let rest = due - order.due.minor;
        let payment = ask(&order)?;
        Ok(settle(order, payment, rest, By::Staff)?.0)
    }

    fn refund(id: String, key: String, amount: Option<Money>) -> Result<Order, Error> {
        let order = orders::get(&id)?;
        let (method, payment) = (&order.payment_method, &order.payment_id);
        record(&order, &provider::refund(method, payment, &key, amount.as_ref())?)
    }

    fn ship(id: String, lines: Option<Vec<Part>>, revision: Option<u64>) -> Result<Order, Error> {
        let order = order_steps::ship(&id, lines.as_deref(), revision)?;
        allocations::ship(&order.snapshot.cart_id, lines.as_deref())?;
        Ok(order)
    }

    fn take_back(
        id: String,
        lines: Vec<Part>,
        reason: String,
        restock: Option<bool>,
        revision: Option<u64>,
    ) -> Result<Order, Error> {
        let order = order_steps::take_back(&id, &lines, &reason, revision)?;
        if restock.unwrap_or(true) {
            allocations::restock(&order.snapshot.cart_id, Some(&lines))?;
        }
        Ok(order)
    }
}

//! What happens to an order after it was placed.

use quoin_sdk::types::{Money, Part};
use quoin_sdk::{db, params};

use crate::bindings::exports::quoin::order::orders::{
    Error, FulfilmentState, Order, OrderState, PaymentState,
};
use crate::goods::{Way, cancel_rest, due, is_out, move_parts, unshipped};
use crate::state::{Word, is_complete, may_ship, payment_can_become};
use crate::{check, events, history, read};

/// Records what is true of the money now.
///
/// # Errors
/// `not-found`, `invalid` for sums that cannot be, or `conflict` for a state that cannot follow the
/// present one and for sums that shrink.
pub fn record_payment(
    id: &str,
    payment: PaymentState,
    captured: &Money,
    refunded: &Money,
) -> Result<Order, Error> {
    let mut order = read::by("id", id)?;
    check::sums(captured, refunded, &order.captured.currency)?;
    let taken = captured.minor - order.captured.minor;
    let given = refunded.minor - order.refunded.minor;
    let (from, to) = (order.payment.word(), payment.word());
    if order.payment == payment && taken == 0 && given == 0 {
        return Ok(order);
    }
    if order.payment != payment && !payment_can_become(order.payment, payment) {
        return Err(conflict(format!("the payment is {from}; it cannot become {to}")));
    }
    if taken < 0 || given < 0 {
        return Err(conflict("money that was captured or given back cannot be less than before"));
    }
    (order.payment, order.captured, order.refunded) = (payment, captured.clone(), refunded.clone());
    if taken > 0 {
        let what = if payment == PaymentState::Paid { "payment paid" } else { "payment captured" };
        history::append(&mut order, what, taken);
    }
    if given > 0 || taken == 0 {
        history::append(&mut order, &format!("payment {to}"), given);
    }
    let order = keep(order);
    if taken > 0 {
        events::paid(&order, taken);
    }
    if given > 0 {
        events::refunded(&order, given);
    }
    Ok(order)
}

/// Records what was shipped: these parts, or all that is left.
///
/// # Errors
/// `not-found`; `conflict` for a cancelled order, a payment that is not there, or another revision;
/// `invalid` for more than was ordered.
pub fn ship(id: &str, lines: Option<Vec<Part>>, revision: Option<u64>) -> Result<Order, Error> {
    let mut order = at_revision(id, revision)?;
    if order.state == OrderState::Cancelled {
        return Err(conflict("the order is cancelled"));
    }
    if !may_ship(order.payment) {
        let payment = order.payment.word();
        return Err(conflict(format!("the payment is {payment}; nothing may be shipped")));
    }
    let lines = lines.unwrap_or_else(|| unshipped(&order));
    let before = order.shipped.clone();
    let pieces = move_parts(&mut order, Way::Out, &lines)?;
    order.fulfilment = if unshipped(&order).is_empty() {
        FulfilmentState::Fulfilled
    } else {
        FulfilmentState::PartiallyFulfilled
    };
    let what = format!("{pieces} shipped, {}", order.fulfilment.word());
    history::append(&mut order, &what, 0);
    let order = keep(order);
    events::shipped(&order, &before);
    Ok(order)
}

/// Records what came back.
///
/// # Errors
/// `not-found`; `conflict` for another revision; `invalid` without a reason, or for more than is out.
pub fn take_back(
    id: &str,
    lines: &[Part],
    reason: &str,
    revision: Option<u64>,
) -> Result<Order, Error> {
    check::reason(reason)?;
    let mut order = at_revision(id, revision)?;
    let pieces = move_parts(&mut order, Way::Back, lines)?;
    history::append(&mut order, &format!("{pieces} came back: {reason}"), 0);
    Ok(keep(order))
}

/// Cancels what was not shipped of an order, and the whole order where the buyer has nothing of it.
///
/// # Errors
/// `not-found`, `invalid` without a reason, or `conflict` when nothing is left to cancel.
pub fn cancel(id: &str, reason: &str) -> Result<Order, Error> {
    check::reason(reason)?;
    let mut order = read::by("id", id)?;
    if order.state == OrderState::Cancelled {
        return Ok(order);
    }
    let (left, out) = (!unshipped(&order).is_empty(), is_out(&order));
    if order.state == OrderState::Completed || (out && !left) {
        return Err(conflict("all of the order was shipped; nothing is left to cancel"));
    }
    let before = order.cancelled.clone();
    let pieces = cancel_rest(&mut order);
    if out {
        order.fulfilment = FulfilmentState::Fulfilled;
        history::append(&mut order, &format!("{pieces} not shipped, cancelled: {reason}"), 0);
    } else {
        order.state = OrderState::Cancelled;
        history::append(&mut order, &format!("order cancelled: {reason}"), 0);
    }
    order.due = due(&order);
    let order = keep(order);
    events::cancelled(&order, &before, reason);
    Ok(order)
}

fn at_revision(id: &str, expected: Option<u64>) -> Result<Order, Error> {
    let order = read::by("id", id)?;
    if expected.is_some_and(|expected| expected != order.revision) {
        return Err(conflict(format!("the order has the revision {} now", order.revision)));
    }
    Ok(order)
}

/// Keeps the states as they are now, and completes the order where nothing is left to do.
fn keep(mut order: Order) -> Order {
    if order.state == OrderState::Open && is_complete(&order) {
        order.state = OrderState::Completed;
        history::append(&mut order, "order completed", 0);
    }
    order.revision += 1;
    db::execute(
        "UPDATE order_placed SET revision = ?2, state = ?3, payment = ?4, captured = ?5, refunded = ?6,
             fulfilment = ?7
         WHERE id = ?1",
        &params![
            &order.id,
            order.revision,
            order.state.word(),
            order.payment.word(),
            order.captured.minor,
            order.refunded.minor,
            order.fulfilment.word(),
        ],
    );
    order
}

fn conflict(why: impl Into<String>) -> Error {
    Error::Conflict(why.into())
}

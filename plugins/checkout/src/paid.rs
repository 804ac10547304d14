//! An order and its payment, which move together.

use quoin_sdk::types::{Error, Money};
use quoin_sdk::{host::log, id};

use crate::orders::{FulfilmentState, Order, OrderState, PaymentState};
use crate::provider::{CaptureTime, Payment, State};
use crate::{allocations, order_steps, provider};

/// Who sees to it that money moves. What a provider has refused is tried again by staff, and by nobody else: it
/// would be refused for ever.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    Staff,
    Itself,
}

/// The payment of an order, as its provider knows it by now.
pub fn ask(order: &Order) -> Result<Payment, Error> {
    provider::refresh(&order.payment_method, &order.payment_id)
}

/// Lets an order go where its payment is: on, or, where it came to nothing, to its end. What is cancelled gives
/// goods and money back; `rest`, in minor units, is what was to be paid for a part that was cancelled just now.
pub fn settle(
    mut order: Order,
    mut payment: Payment,
    rest: i64,
    by: By,
) -> Result<(Order, Payment), Error> {
    let moves = by == By::Staff || payment.refused.is_none();
    if fell(&order, &payment) {
        order = order_steps::cancel(&order.id, "the payment was declined")?;
    }
    if order.state == OrderState::Cancelled {
        allocations::release(&order.snapshot.cart_id, None)?;
        if matches!(payment.state, State::Authorized | State::RequiresAction) && moves {
            payment = void(&payment)?;
        }
        if moves {
            payment = refund(payment, i64::MAX)?;
        }
        return Ok((record(&order, &payment)?, payment));
    }
    // What was captured of it once was looked at then.
    if order.payment == PaymentState::Pending && order.captured.minor == 0 {
        is_as_asked(&payment, &order.payment_method, [&order.snapshot.grand, &order.due])?;
    }
    if rest > 0 && payment.state == State::Unknown {
        let why = "nobody knows yet what came of the payment: confirm the order first";
        return Err(Error::Conflict(why.into()));
    }
    if moves {
        // What is not captured of it never will be; what was captured since for what is cancelled goes back.
        let over = payment.captured.minor - order.due.minor;
        let back = rest.min(over).max(over - payment.refunded.minor).max(0);
        payment = capture_if_due(refund(payment, back)?, &order.due);
    }
    if fell(&order, &payment) {
        return settle(order, payment, 0, by);
    }
    Ok((record(&order, &payment)?, payment))
}

/// Whether an order has come to nothing with its payment.
pub fn fell(order: &Order, payment: &Payment) -> bool {
    matches!(payment.state, State::Declined | State::Voided)
        && order.fulfilment == FulfilmentState::Unfulfilled
        && order.state != OrderState::Cancelled
}

/// Gives back what is captured, or so much of it. This has a key of its own each time, as voiding and
/// capturing have: it is only tried where the provider knows that it has not happened, and not while what came
/// of the last try is unknown.
fn refund(payment: Payment, at_most: i64) -> Result<Payment, Error> {
    let minor = at_most.min(payment.captured.minor - payment.refunded.minor);
    if minor == 0 || payment.state == State::Unknown {
        return Ok(payment);
    }
    let amount = Money::new(minor, payment.captured.currency.as_str());
    provider::refund(&payment.method, &payment.id, &id::random("refund"), Some(&amount))
}

fn void(payment: &Payment) -> Result<Payment, Error> {
    provider::void(&payment.method, &payment.id, &id::random("void"))
}

/// Captures what is due and not captured yet, and gives up the rest of what is authorized.
pub fn capture(mut payment: Payment, due: &Money) -> Result<Payment, Error> {
    let left = Money::new(due.minor - payment.captured.minor, due.currency.as_str());
    let all = left == payment.amount;
    if all || left.minor > 0 {
        let (key, only) = (id::random("capture"), (!all).then_some(&left));
        payment = provider::capture(&payment.method, &payment.id, &key, only)?;
    }
    match payment.state {
        State::Authorized => Ok(void(&payment).unwrap_or_else(|error| noted(payment, &error))),
        _ => Ok(payment),
    }
}

/// The payment as it was before something was tried that can be tried again.
fn noted(payment: Payment, error: &Error) -> Payment {
    let what = format!("the payment {} was not moved: {error:?}", payment.id);
    log::write(log::Level::Warn, &what);
    payment
}

/// Captures where the money is due with the order. Without it the order is as good: the shop captures later.
pub fn capture_if_due(payment: Payment, due: &Money) -> Payment {
    if payment.state != State::Authorized || payment.capture != CaptureTime::AtOrder {
        return payment;
    }
    capture(payment.clone(), due).unwrap_or_else(|error| noted(payment, &error))
}

/// An order is only made of a payment of what it costs, by the way that was chosen. Of what was cancelled since,
/// nothing has to be captured.
pub fn is_as_asked(
    payment: &Payment,
    method: &str,
    [grand, due]: [&Money; 2],
) -> Result<(), Error> {
    let fits = match payment.state {
        State::Authorized => payment.authorized == *grand,
        State::Captured => payment.captured == *grand || payment.captured == *due,
        _ => payment.amount == *grand,
    };
    let why = "the provider answered with another payment than was asked for";
    if fits && payment.method == method { Ok(()) } else { Err(Error::Unavailable(why.into())) }
}

/// Makes the order say what the payment says.
pub fn record(order: &Order, payment: &Payment) -> Result<Order, Error> {
    order_steps::record_payment(&order.id, money(payment), &payment.captured, &payment.refunded)
}

/// The state of an order's money.
pub fn money(payment: &Payment) -> PaymentState {
    let refunded = payment.refunded.minor > 0;
    match payment.state {
        State::RequiresAction | State::Unknown => PaymentState::Pending,
        State::Authorized | State::Captured if refunded => PaymentState::PartiallyRefunded,
        State::Authorized => PaymentState::Authorized,
        State::Captured => PaymentState::Paid,
        State::Refunded => PaymentState::Refunded,
        State::Voided => PaymentState::Voided,
        State::Declined => PaymentState::Declined,
    }
}

//! An order and its payment, which move together.

use quoin_sdk::types::{Error, Money};
use quoin_sdk::{host::log, id};

use crate::orders::{FulfilmentState, Order, OrderState, PaymentState};
use crate::provider::{CaptureTime, Payment, State};
use crate::{allocations, order_steps, provider};

/// Asks for the payment of an order, and lets the order go where that is: on, or, where it came to nothing,
/// to its end. What is cancelled gives goods and money back.
pub fn settle(mut order: Order) -> Result<(Order, Payment), Error> {
    let mut payment = provider::refresh(&order.payment_method, &order.payment_id)?;
    let over = matches!(payment.state, State::Declined | State::Voided);
    if over && order.fulfilment == FulfilmentState::Unfulfilled {
        order = order_steps::cancel(&order.id, "the payment was declined")?;
    }
    if order.state == OrderState::Cancelled {
        allocations::release(&order.snapshot.cart_id, None)?;
        if matches!(payment.state, State::Authorized | State::RequiresAction) {
            payment = void(&payment)?;
        }
        payment = refund(payment, i64::MAX)?;
    } else if order.payment == PaymentState::Pending {
        is_as_asked(&payment, &order.payment_method, &order.snapshot.grand)?;
    }
    payment = capture_if_due(payment, &order.due);
    Ok((record(&order, &payment)?, payment))
}

/// Gives back what is captured, or so much of it. This has a key of its own each time, as voiding and
/// capturing have: it is only tried where the provider knows that it has not happened, and not while what came
/// of the last try is unknown.
pub fn refund(payment: Payment, at_most: i64) -> Result<Payment, Error> {
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

/// Captures what is due, and gives up the rest of what is authorized.
pub fn capture(mut payment: Payment, due: &Money) -> Result<Payment, Error> {
    let only = (*due != payment.amount).then_some(due);
    if only.is_none_or(|due| due.minor > 0) {
        let key = id::random("capture");
        payment = provider::capture(&payment.method, &payment.id, &key, only)?;
    }
    if payment.state == State::Authorized { void(&payment) } else { Ok(payment) }
}

/// Captures where the money is due with the order. Without it the order is as good: the shop captures later.
pub fn capture_if_due(payment: Payment, due: &Money) -> Payment {
    if payment.state != State::Authorized || payment.capture != CaptureTime::AtOrder {
        return payment;
    }
    capture(payment.clone(), due).unwrap_or_else(|error| {
        let what = format!("the payment {} was not captured: {error:?}", payment.id);
        log::write(log::Level::Warn, &what);
        payment
    })
}

/// An order is only made of a payment of what it costs, by the way that was chosen.
pub fn is_as_asked(payment: &Payment, method: &str, grand: &Money) -> Result<(), Error> {
    let sum = match payment.state {
        State::Authorized => payment.authorized.minor,
        State::Captured => payment.captured.minor + payment.voided.minor,
        _ => payment.amount.minor,
    };
    let why = "the provider answered with another payment than was asked for";
    let asked = (grand.minor, grand.currency.as_str(), method);
    let same = (sum, payment.amount.currency.as_str(), payment.method.as_str()) == asked;
    if same { Ok(()) } else { Err(Error::Unavailable(why.into())) }
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

//! An order and its payment, which move together.

use quoin_sdk::types::{Error, Money};
use quoin_sdk::{host::log, id};

use crate::bindings::quoin::inventory::allocations;
use crate::bindings::quoin::order::order_steps;
use crate::bindings::quoin::order::orders::{FulfilmentState, Order, OrderState, PaymentState};
use crate::bindings::quoin::payment::provider::{self, CaptureTime, Payment, State};

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
        payment = give_back(&order, payment)?;
    } else if order.payment == PaymentState::Pending {
        is_as_asked(&payment, &order.payment_method, &order.snapshot.grand)?;
    }
    payment = capture_if_due(payment);
    Ok((record(&order, &payment)?, payment))
}

/// Voids what is authorized and refunds what is captured.
fn give_back(order: &Order, mut payment: Payment) -> Result<Payment, Error> {
    let Order { payment_method, payment_id, .. } = order;
    if matches!(payment.state, State::Authorized | State::RequiresAction) {
        payment = provider::void(payment_method, payment_id, &id::random("void"))?;
    }
    if payment.state != State::Unknown && payment.captured.minor > payment.refunded.minor {
        payment = provider::refund(payment_method, payment_id, &id::random("cancel"), None)?;
    }
    Ok(payment)
}

/// Captures all that is authorized. This has a key of its own each time, as giving back has: it is only tried
/// where the provider knows that it has not happened, and not while what came of the last try is unknown.
pub fn capture(payment: &Payment) -> Result<Payment, Error> {
    provider::capture(&payment.method, &payment.id, &id::random("capture"), None)
}

/// Captures where the money is due with the order. Without it the order is as good: the shop captures later.
pub fn capture_if_due(payment: Payment) -> Payment {
    if payment.state != State::Authorized || payment.capture != CaptureTime::AtOrder {
        return payment;
    }
    capture(&payment).unwrap_or_else(|error| {
        let what = format!("the payment {} was not captured: {error:?}", payment.id);
        log::write(log::Level::Warn, &what);
        payment
    })
}

/// An order is only made of a payment of what it costs, by the way that was chosen.
pub fn is_as_asked(payment: &Payment, method: &str, grand: &Money) -> Result<(), Error> {
    let sum = match payment.state {
        State::Authorized => &payment.authorized,
        State::Captured => &payment.captured,
        _ => &payment.amount,
    };
    let why = "the provider answered with another payment than was asked for";
    let same = sum == grand && payment.method == method;
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

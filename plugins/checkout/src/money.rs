//! What a payment says about its order.

use quoin_sdk::host::log;
use quoin_sdk::types::Error;

use crate::bindings::exports::quoin::checkout::checkout::{Outcome, Placement};
use crate::bindings::quoin::order::order_steps;
use crate::bindings::quoin::order::orders::{Order, PaymentState};
use crate::bindings::quoin::payment::provider::{self, CaptureTime, Payment, State};

/// The state of the order's money.
pub fn order_state(payment: &Payment) -> PaymentState {
    match payment.state {
        State::RequiresAction | State::Unknown => PaymentState::Pending,
        State::Authorized | State::Captured if payment.refunded.minor > 0 => {
            PaymentState::PartiallyRefunded
        }
        State::Authorized => PaymentState::Authorized,
        State::Captured => PaymentState::Paid,
        State::Refunded => PaymentState::Refunded,
        State::Voided => PaymentState::Voided,
        State::Declined => PaymentState::Declined,
    }
}

/// Makes the order say what the payment says.
///
/// # Errors
/// Those of the order plugin.
pub fn record(order: &Order, payment: &Payment) -> Result<Order, Error> {
    order_steps::record_payment(
        &order.id,
        order_state(payment),
        &payment.captured,
        &payment.refunded,
    )
}

/// Captures the payment of an open order where the money is due with it. An order whose payment was not
/// captured is a good order: the shop captures later.
///
/// # Errors
/// Those of the order plugin.
pub fn capture_if_due(order: Order, payment: &Payment) -> Result<Order, Error> {
    if payment.state != State::Authorized || payment.capture != CaptureTime::AtOrder {
        return Ok(order);
    }
    match provider::capture(&payment.method, &payment.id, &capture_key(&order), None) {
        Ok(now) if order_state(&now) != PaymentState::Pending => record(&order, &now),
        Ok(_) => Ok(order),
        Err(error) => {
            let what = format!("the payment of order {} was not captured: {error:?}", order.number);
            log::write(log::Level::Warn, &what);
            Ok(order)
        }
    }
}

/// The ledger key of capturing the payment of an order, which happens once.
pub fn capture_key(order: &Order) -> String {
    format!("{}/capture", order.id)
}

/// Voids what is authorized and refunds what is captured, of an order that is cancelled.
///
/// # Errors
/// Those of the payment provider and the order plugin.
pub fn give_back(order: &Order, mut payment: Payment) -> Result<Order, Error> {
    let (method, id) = (payment.method.clone(), payment.id.clone());
    if matches!(payment.state, State::Authorized | State::RequiresAction | State::Unknown) {
        payment = provider::void(&method, &id, &format!("{}/void", order.id))?;
    }
    if payment.captured.minor > payment.refunded.minor {
        payment = provider::refund(&method, &id, &format!("{}/cancel", order.id), None)?;
    }
    record(order, &payment)
}

/// How things are, for the buyer.
pub fn placement(order: Order, payment: Option<Payment>) -> Placement {
    let outcome = match (order.payment, payment.as_ref().map(|payment| payment.state)) {
        (PaymentState::Pending, Some(State::RequiresAction)) => Outcome::RequiresAction,
        (PaymentState::Pending, _) => Outcome::Unknown,
        (PaymentState::Declined | PaymentState::Voided, _) => Outcome::Declined,
        _ => Outcome::Placed,
    };
    let (message, next_url) = payment.map_or((None, None), |p| (p.message, p.next_url));
    Placement { outcome, order: Some(order), message, next_url }
}

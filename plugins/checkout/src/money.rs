//! What a payment says about its order.

use crate::bindings::exports::quoin::checkout::checkout::Error;
use crate::bindings::quoin::order::orders::{self, Order, PaymentState};
use crate::bindings::quoin::payment::provider::{Payment, State};

/// The state of the order's money.
pub fn order_state(payment: &Payment) -> PaymentState {
    match payment.state {
        State::Authorized => PaymentState::Authorized,
        State::Captured | State::Refunded if payment.refunded == payment.captured => {
            // Nothing captured and nothing refunded is a free order that was captured.
            if payment.captured.minor == 0 { PaymentState::Paid } else { PaymentState::Refunded }
        }
        State::Captured | State::Refunded if payment.refunded.minor > 0 => {
            PaymentState::PartiallyRefunded
        }
        State::Captured | State::Refunded => PaymentState::Paid,
        State::Voided | State::Declined => PaymentState::Voided,
        State::RequiresAction | State::Unknown => PaymentState::Pending,
    }
}

/// Whether something of the payment can still be captured or voided.
pub fn is_open(payment: &Payment) -> bool {
    let spent = payment.captured.minor.saturating_add(payment.voided.minor);
    payment.state == State::Authorized
        || (payment.state == State::Captured && payment.authorized.minor > spent)
}

/// Makes the order say what the payment says.
///
/// # Errors
/// Those of the order plugin.
pub fn record(order: Order, payment: &Payment) -> Result<Order, Error> {
    let now = order_state(payment);
    let early = matches!(order.payment, PaymentState::Pending | PaymentState::Authorized);
    let mut order = order;
    // Money that was captured without this plugin and is given back now was paid in between.
    if early && matches!(now, PaymentState::PartiallyRefunded | PaymentState::Refunded) {
        order = orders::set_payment(&order.id, PaymentState::Paid)?;
    }
    if order.payment != now {
        order = orders::set_payment(&order.id, now)?;
    }
    Ok(order)
}

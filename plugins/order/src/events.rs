//! What happens to orders, told to whoever wants to hear of it.

use quoin_sdk::host::{clock, trap};
use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::order::orders as own;
use crate::bindings::quoin::order::events::{self, Subject};
use crate::bindings::quoin::order::orders as told;
use own::{Order, Pieces};

/// The order was made.
pub fn placed(order: &Order) {
    asked(events::placed(&subject(order)));
    if order.captured.minor > 0 {
        paid(order, order.captured.minor);
    }
}

/// So much money came, in minor units.
pub fn paid(order: &Order, minor: i64) {
    asked(events::paid(&subject(order), &money(order, minor)));
}

/// So much money was given back, in minor units.
pub fn refunded(order: &Order, minor: i64) {
    asked(events::refunded(&subject(order), &money(order, minor)));
}

/// What was shipped beyond what had been `before`.
pub fn shipped(order: &Order, before: &[Pieces]) {
    asked(events::shipped(&subject(order), &beyond(&order.shipped, before)));
}

/// What was cancelled beyond what had been `before`.
pub fn cancelled(order: &Order, before: &[Pieces], reason: &str) {
    asked(events::cancelled(&subject(order), &beyond(&order.cancelled, before), reason));
}

/// The call is recorded and returns at once: it has no error to give.
fn asked<E>(recorded: Result<(), E>) {
    if recorded.is_err() {
        trap("an event was called at once, and not later");
    }
}

fn money(order: &Order, minor: i64) -> Money {
    Money::new(minor, order.captured.currency.as_str())
}

/// The order as it is after the change.
fn subject(order: &Order) -> Subject {
    use told::{FulfilmentState as F, OrderState as S, PaymentState as P};
    Subject {
        id: order.id.clone(),
        number: order.number.clone(),
        revision: order.revision,
        at: clock::now(),
        email: order.snapshot.email.clone(),
        grand: order.snapshot.grand.clone(),
        state: match order.state {
            own::OrderState::Open => S::Open,
            own::OrderState::Completed => S::Completed,
            own::OrderState::Cancelled => S::Cancelled,
        },
        payment: match order.payment {
            own::PaymentState::Pending => P::Pending,
            own::PaymentState::Authorized => P::Authorized,
            own::PaymentState::Paid => P::Paid,
            own::PaymentState::PartiallyRefunded => P::PartiallyRefunded,
            own::PaymentState::Refunded => P::Refunded,
            own::PaymentState::Voided => P::Voided,
            own::PaymentState::Declined => P::Declined,
        },
        fulfilment: match order.fulfilment {
            own::FulfilmentState::Unfulfilled => F::Unfulfilled,
            own::FulfilmentState::PartiallyFulfilled => F::PartiallyFulfilled,
            own::FulfilmentState::Fulfilled => F::Fulfilled,
        },
    }
}

/// By how much each line grew.
fn beyond(now: &[Pieces], before: &[Pieces]) -> Vec<told::Pieces> {
    let grown = |pieces: &Pieces| {
        let there = before.iter().find(|there| there.line == pieces.line);
        let quantity = pieces.quantity.saturating_sub(there.map_or(0, |there| there.quantity));
        (quantity > 0).then(|| told::Pieces { line: pieces.line.clone(), quantity })
    };
    now.iter().filter_map(grown).collect()
}

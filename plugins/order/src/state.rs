//! The three states of an order, and what can follow what.

use quoin_sdk::host::trap;

use crate::bindings::exports::quoin::order::orders::{
    FulfilmentState, Order, OrderState, PaymentState,
};

/// Whether money can go from the one state to the other. The same state is no step. Steps in between
/// may have happened at the payment provider without the order learning of each.
pub fn payment_can_become(from: PaymentState, to: PaymentState) -> bool {
    use PaymentState::*;
    matches!(
        (from, to),
        (Pending, Authorized | Paid | PartiallyRefunded | Refunded | Voided | Declined)
            | (Authorized, Paid | PartiallyRefunded | Refunded | Voided | Declined)
            | (Paid, PartiallyRefunded | Refunded)
            | (PartiallyRefunded, Refunded)
            // Money was to move, and nobody knows whether it did.
            | (Authorized | Paid | PartiallyRefunded, Pending)
    )
}

/// Whether goods may leave: the money is there, or promised, and not all given back.
pub fn may_ship(payment: PaymentState) -> bool {
    use PaymentState::*;
    !matches!(payment, Pending | Declined | Voided | Refunded)
}

/// Whether there is nothing left to do for an open order.
pub fn is_complete(order: &Order) -> bool {
    use PaymentState::*;
    let settled = match order.payment {
        Paid | PartiallyRefunded | Refunded => true,
        Voided => order.due.minor == 0,
        _ => false,
    };
    settled && order.fulfilment == FulfilmentState::Fulfilled
}

/// A state with the word for it, in the database and in the history: the one that clients see.
pub trait Word: Copy + PartialEq + 'static {
    /// Every state with its word.
    const WORDS: &'static [(Self, &'static str)];

    /// The word for this state.
    fn word(self) -> &'static str {
        match Self::WORDS.iter().find(|(state, _)| *state == self) {
            Some((_, word)) => word,
            None => trap("a state has no word"),
        }
    }

    /// The state that a row of the database has.
    fn read(word: &str) -> Self {
        match Self::WORDS.iter().find(|(_, w)| *w == word) {
            Some((state, _)) => *state,
            None => trap(&format!("an order has the state {word}")),
        }
    }
}

impl Word for OrderState {
    const WORDS: &'static [(Self, &'static str)] = &[
        (OrderState::Open, "open"),
        (OrderState::Completed, "completed"),
        (OrderState::Cancelled, "cancelled"),
    ];
}

impl Word for PaymentState {
    const WORDS: &'static [(Self, &'static str)] = &[
        (PaymentState::Pending, "pending"),
        (PaymentState::Authorized, "authorized"),
        (PaymentState::Paid, "paid"),
        (PaymentState::PartiallyRefunded, "partially-refunded"),
        (PaymentState::Refunded, "refunded"),
        (PaymentState::Voided, "voided"),
        (PaymentState::Declined, "declined"),
    ];
}

impl Word for FulfilmentState {
    const WORDS: &'static [(Self, &'static str)] = &[
        (FulfilmentState::Unfulfilled, "unfulfilled"),
        (FulfilmentState::PartiallyFulfilled, "partially-fulfilled"),
        (FulfilmentState::Fulfilled, "fulfilled"),
    ];
}

//! The states of a payment, as words in the database.

use quoin_sdk::host::trap;

use crate::bindings::exports::quoin::payment::provider::State;

/// The word for a state.
pub fn name(state: State) -> &'static str {
    match state {
        State::RequiresAction => "requires-action",
        State::Authorized => "authorized",
        State::Captured => "captured",
        State::Voided => "voided",
        State::Refunded => "refunded",
        State::Declined => "declined",
        State::Unknown => "unknown",
    }
}

/// The state that a row of the database has.
pub fn read(name: &str) -> State {
    match name {
        "requires-action" => State::RequiresAction,
        "authorized" => State::Authorized,
        "captured" => State::Captured,
        "voided" => State::Voided,
        "refunded" => State::Refunded,
        "declined" => State::Declined,
        "unknown" => State::Unknown,
        other => trap(&format!("a payment has the state {other}")),
    }
}

/// Whether somebody may still have to do something about a payment in this state.
pub fn is_open(state: State) -> bool {
    matches!(state, State::RequiresAction | State::Authorized | State::Unknown)
}

/// How far a payment has come. It never goes back: an answer of the provider that says so is an old one.
pub fn progress(state: State) -> u8 {
    match state {
        State::Unknown | State::RequiresAction => 0,
        State::Authorized => 1,
        State::Captured | State::Voided | State::Declined => 2,
        State::Refunded => 3,
    }
}

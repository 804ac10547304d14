//! The kinds of mails and their states, as rows have them.

use quoin_sdk::host::trap;

use crate::bindings::exports::quoin::notify::mails::{Kind, MailState};

/// All kinds.
pub const KINDS: [Kind; 5] =
    [Kind::Placed, Kind::Paid, Kind::Shipped, Kind::Cancelled, Kind::Refunded];

/// A value that is one word in a row.
pub trait Word: Sized + Copy + 'static {
    /// All values.
    const ALL: &'static [Self];

    /// Its word.
    fn word(self) -> &'static str;

    /// The value of a word that a row has.
    fn read(word: &str) -> Self {
        match Self::ALL.iter().find(|value| value.word() == word) {
            Some(value) => *value,
            None => trap(&format!("a row has the unknown word {word}")),
        }
    }
}

impl Word for Kind {
    const ALL: &'static [Kind] = &KINDS;

    fn word(self) -> &'static str {
        match self {
            Kind::Placed => "placed",
            Kind::Paid => "paid",
            Kind::Shipped => "shipped",
            Kind::Cancelled => "cancelled",
            Kind::Refunded => "refunded",
        }
    }
}

impl Word for MailState {
    const ALL: &'static [MailState] = &[MailState::Waiting, MailState::Sent, MailState::Failed];

    fn word(self) -> &'static str {
        match self {
            MailState::Waiting => "waiting",
            MailState::Sent => "sent",
            MailState::Failed => "failed",
        }
    }
}

//! Later calls: to this plugin itself, and to whoever wants to know of payments.

use quoin_sdk::host::{later, trap};

use crate::payment::Stored;
use crate::{events, later_work, settings};

/// Asks for what is outstanding of a payment to be done.
pub fn work(payment: &str) {
    ask("work", payment, true);
}

/// Asks for a look at a payment of which the provider has told.
pub fn hint(payment: &str) {
    ask("hint", payment, true);
}

/// Asks for a look at a payment after a while, in case that nobody tells of it; at the latest when its time to
/// be paid is over, and soon where it was over before.
pub fn watch(payment: &Stored, now: u64) {
    // Another time that it is asked about after its end is no more than one try of the same.
    let end = if payment.ends_at > now { payment.ends_at } else { u64::MAX };
    later::at((now + settings::time_to_ask()).min(end));
    ask("watch", &payment.id, false);
}

/// Takes that back.
pub fn watch_no_more(payment: &str) {
    later::cancel(&format!("watch/{payment}"));
}

/// Tells that something is known of a payment that was not.
pub fn changed(payment: &Stored) {
    later::key(&format!("changed/{}", payment.id));
    if let Err(error) = events::changed(&payment.method, &payment.id) {
        trap(&format!("nobody can be told of payments: {error:?}"));
    }
}

fn ask(why: &str, payment: &str, in_turn: bool) {
    later::key(&format!("{why}/{payment}"));
    if in_turn {
        // Those that wait for their time are in nobody's way.
        later::order(payment);
    }
    if let Err(error) = later_work::attend(payment) {
        trap(&format!("a later call cannot be asked for: {error:?}"));
    }
}

//! Recording what the provider said. It may be said often, late and in any order.

use quoin_sdk::host::{clock, log};

use crate::bindings::exports::quoin::payment::provider::{EntryKind, Error, Payment, State};
use crate::intent::{Intent, Progress};
use crate::operation::{self, End, Kind, Operation};
use crate::payment::{self, Stored};
use crate::psp::Answer;
use crate::{ledger, state, tell};

/// What the buyer reads whose time to pay is over.
pub const TOO_LATE: &str = "The payment was not made in time.";
/// The key of giving up what was not paid in time.
const EXPIRED: &str = "expired";
/// What the buyer reads who has to pay.
const PAY: &str = "Please pay on the page of our card provider.";
/// What the buyer reads where the provider makes no page.
const IMPOSSIBLE: &str = "This cannot be paid by card. Please choose another way to pay.";

/// Records an answer, and what an operation came to. Asks for what is to be done next, and tells of what
/// changed.
///
/// # Errors
/// `not-found`; `unavailable`, where the provider speaks of another payment.
pub fn record(id: &str, operation: Option<&Operation>, answer: Answer) -> Result<Payment, Error> {
    // As it is now: others may have written since the provider was asked.
    let missing = || Error::NotFound("there is no such payment".into());
    let mut payment = payment::by_id(id).ok_or_else(missing)?;
    let before = payment.clone();
    let refusal = match answer {
        Answer::Nothing => None,
        Answer::Is(intent) => {
            apply(&mut payment, &intent, operation)?;
            None
        }
        Answer::Refuses(why, intent) => {
            if let Some(intent) = &intent {
                apply(&mut payment, intent, operation)?;
            } else {
                payment.state = State::Declined;
                payment.message = Some(IMPOSSIBLE.into());
            }
            Some(why)
        }
    };
    if let Some(operation) = operation {
        let moved = payment.money() != before.money();
        let refusal = refusal.filter(|_| !moved);
        let end = if refusal.is_some() { End::Refused } else { End::Done };
        if operation.end(end) {
            if operation.kind != Kind::Sweep {
                payment.outstanding = (payment.outstanding - 1).max(0);
            }
            if let Some(why) = refusal {
                let what = format!("the provider refuses {:?} of {id}: {why}", operation.kind);
                log::write(log::Level::Warn, &what);
                payment.refused = Some(why);
            }
        }
    }
    go_on(&mut payment);
    payment.keep();
    if payment.view() != before.view() {
        tell::changed(&payment);
    }
    Ok(payment.view())
}

/// Asks for what is to be done next.
fn go_on(payment: &mut Stored) {
    let now = clock::now();
    let waits = matches!(payment.state, State::RequiresAction | State::Unknown);
    if payment.outstanding > 0 {
        tell::work(&payment.id);
    } else if payment.state == State::RequiresAction
        && now >= payment.ends_at
        && operation::by_key(&payment.id, EXPIRED).is_none()
    {
        operation::add(&payment.id, Kind::Void, EXPIRED, None, "");
        payment.outstanding += 1;
        payment.message = Some(TOO_LATE.into());
        tell::work(&payment.id);
    }
    if waits {
        tell::watch(payment, now);
    } else {
        tell::watch_no_more(&payment.id);
    }
}

/// Brings the payment to where the intent is. An intent only goes on, and what it says of less was said before.
fn apply(
    payment: &mut Stored,
    intent: &Intent,
    operation: Option<&Operation>,
) -> Result<(), Error> {
    let is_ours = intent.payment == payment.id
        && (intent.amount, &intent.currency) == (payment.amount, &payment.currency)
        && payment.intent.as_ref().is_none_or(|known| *known == intent.id);
    if !is_ours {
        return Err(Error::Unavailable("the provider speaks of another payment".into()));
    }
    payment.intent = Some(intent.id.clone());
    let key = |kind: Kind, otherwise: String| {
        let of = operation.filter(|operation| operation.kind == kind);
        of.map_or(otherwise, |operation| operation.key.clone())
    };
    let id = payment.id.clone();
    let has_money = matches!(intent.progress, Progress::Authorized | Progress::Captured);
    if has_money && payment.authorized == 0 {
        payment.authorized = payment.amount;
        ledger::append(&id, EntryKind::Authorize, &payment.key, payment.amount);
    }
    let taken = intent.received - payment.captured;
    if taken > 0 {
        payment.captured += taken;
        let key = key(Kind::Capture, format!("provider-capture-{}", intent.received));
        ledger::append(&id, EntryKind::Capture, &key, taken);
    }
    let is_over = matches!(intent.progress, Progress::Captured | Progress::Canceled);
    let rest = payment.left();
    if is_over && rest > 0 {
        payment.voided += rest;
        ledger::append(&id, EntryKind::Void, &key(Kind::Void, "provider-void".into()), rest);
    }
    let given = intent.refunded - payment.refunded;
    if given > 0 {
        payment.refunded += given;
        let key = key(Kind::Refund, format!("provider-refund-{}", intent.refunded));
        ledger::append(&id, EntryKind::Refund, &key, given);
    }
    let to = match intent.progress {
        Progress::Waits => State::RequiresAction,
        Progress::Processing => State::Unknown,
        Progress::Authorized => State::Authorized,
        Progress::Captured if payment.refunded == payment.captured => State::Refunded,
        Progress::Captured => State::Captured,
        Progress::Canceled => State::Voided,
    };
    if state::progress(to) < state::progress(payment.state) {
        return Ok(());
    }
    payment.state = to;
    payment.next_url = intent.url.clone();
    payment.message = match to {
        State::RequiresAction => Some(intent.error.clone().unwrap_or_else(|| PAY.into())),
        State::Voided => payment.message.take().filter(|message| message == TOO_LATE),
        _ => None,
    };
    Ok(())
}

impl Stored {
    fn money(&self) -> (State, [i64; 4]) {
        (self.state, [self.authorized, self.captured, self.voided, self.refunded])
    }
}

//! Looking after a payment, in a request of its own.

use quoin_sdk::host::{clock, log};

use crate::bindings::exports::quoin::payment::provider::{Error, Payment, State};
use crate::operation::{self, End, Kind};
use crate::payment::{self, Stored};
use crate::record::TOO_LATE;
use crate::{psp, record, tell};

/// Does what is outstanding of a payment, or looks how it is, and records it. First it reads, then it asks the
/// provider, then it writes: once something is written nothing more can be asked.
///
/// # Errors
/// `unavailable`, where the provider did not answer clearly.
pub fn attend(id: &str) -> Result<(), Error> {
    let Some(payment) = payment::by_id(id) else { return Ok(()) };
    let now = clock::now();
    let outstanding = operation::first_outstanding(id);
    let answer = match (&outstanding, &payment.intent) {
        (Some(create), None) if create.kind == Kind::Create && now >= payment.ends_at => {
            create.end(End::Dropped);
            give_up(payment);
            return Ok(());
        }
        (Some(operation), _) => psp::perform(&payment, operation, now)?,
        (None, Some(intent)) => psp::look(intent)?,
        (None, None) => return Ok(()),
    };
    record::record(id, outstanding.as_ref(), answer).map(drop)
}

/// Ends a payment whose page nobody was given the address of: nobody can have paid it. Whether the provider
/// has an intent of it is looked at when it can be asked again.
fn give_up(mut payment: Stored) {
    payment.outstanding = 0;
    payment.state = State::Voided;
    payment.message = Some(TOO_LATE.into());
    payment.keep();
    operation::add(&payment.id, Kind::Sweep, "sweep", None, "");
    tell::work(&payment.id);
    tell::watch_no_more(&payment.id);
    tell::changed(&payment);
}

/// Asks the provider about a payment that waits for the buyer or the bank, and for nothing else. Where it
/// cannot be asked now, the payment is as it was.
pub fn refresh(payment: Stored) -> Result<Payment, Error> {
    let waits = matches!(payment.now(), State::RequiresAction | State::Unknown);
    let intent = payment.intent.clone().filter(|_| waits && payment.outstanding == 0);
    let Some(intent) = intent else { return Ok(payment.view()) };
    match psp::glance(&intent) {
        Ok(answer) => record::record(&payment.id, None, answer),
        Err(error) => {
            let what = format!("the payment {} was not asked for: {error:?}", payment.id);
            log::write(log::Level::Info, &what);
            Ok(payment.view())
        }
    }
}

//! From an event to a mail that waits.

use quoin_sdk::types::Error;

use crate::bindings::exports::quoin::notify::mails::Kind;
use crate::bindings::exports::quoin::order::events::Subject;
use crate::outbox::{self, Change};
use crate::settings;

/// Has a mail sent about this, if the shop wants such mails and none was asked for.
pub fn hear(kind: Kind, order: &Subject, change: Change) -> Result<(), Error> {
    if settings::wants(kind) && !outbox::is_known(kind, order) {
        outbox::add(kind, order, &change);
    }
    Ok(())
}

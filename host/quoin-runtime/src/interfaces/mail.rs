//! `quoin:host/mail`: mail through the shop's relay.

use quoin_core::manifest::HostInterface as H;
use quoin_egress::{Mail, MailError, Mailbox, Receipt};

use super::bindings::quoin::host::mail;
use crate::failure::FailureKind;
use crate::running::Running;
use crate::state::State;

impl mail::Host for State {
    async fn send(
        &mut self,
        message: mail::Message,
    ) -> wasmtime::Result<Result<mail::Receipt, mail::Error>> {
        let call = self.using(H::Mail)?;
        // Nobody knows how long a relay's answer holds.
        call.tree.uses.other();
        match call.tree.may_leave().await {
            Ok(true) => {}
            Ok(false) => return Ok(Err(mail::Error::AfterWrite)),
            Err(error) => return Err(wasmtime::Error::new(call.storage_failure(&error))),
        }
        let nth = match call.tree.mailed.next() {
            Ok(nth) => nth,
            Err(error) => return Ok(Err(refusal(error))),
        };
        let mail = asked(message, nth, call);
        if let Some(outcome) = call.tree.mailed.before(&mail) {
            return Ok(outcome.map(receipt).map_err(refusal));
        }
        let Some(out) = &call.installed.mail else {
            let denied = FailureKind::Denied(H::Mail.as_str().into());
            return Err(wasmtime::Error::new(call.failure(denied)));
        };
        let (plugin, trace) = (&call.installed.name, &call.tree.request.trace);
        let outcome =
            out.outlet.post(&mail, out.relay.as_ref(), plugin, trace, call.deadline).await;
        call.tree.mailed.after(mail, &outcome);
        Ok(outcome.map(receipt).map_err(refusal))
    }
}

fn asked(message: mail::Message, nth: usize, call: &Running) -> Mail {
    let key = message.key.map(|key| format!("key {key}"));
    let own = || {
        let later = call.tree.request.origin.as_deref().map_or(0, |origin| origin.number);
        format!("{nth} of {later} of {}", call.tree.request.trace)
    };
    Mail {
        from: mailbox(message.from),
        reply_to: message.reply_to.map(mailbox),
        to: message.to.into_iter().map(mailbox).collect(),
        subject: message.subject,
        text: message.text,
        html: message.html,
        key: key.unwrap_or_else(own),
    }
}

fn mailbox(mailbox: mail::Mailbox) -> Mailbox {
    Mailbox { name: mailbox.name, address: mailbox.address }
}

fn receipt(receipt: Receipt) -> mail::Receipt {
    mail::Receipt { message_id: receipt.message_id, answer: receipt.answer }
}

fn refusal(error: MailError) -> mail::Error {
    match error {
        MailError::Denied(why) => mail::Error::Denied(why),
        MailError::Secret(why) => mail::Error::Secret(why),
        MailError::Invalid(why) => mail::Error::Invalid(why),
        MailError::TooLarge(why) => mail::Error::TooLarge(why),
        MailError::Refused(why) => mail::Error::Refused(why),
        MailError::NotNow(why) => mail::Error::NotNow(why),
        MailError::Unreachable(why) => mail::Error::Unreachable(why),
        MailError::Unknown(why) => mail::Error::Unknown(why),
        MailError::Busy(why) => mail::Error::Busy(why),
    }
}

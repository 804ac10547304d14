//! From a mail to the bytes that a relay gets.

use std::time::{Duration, SystemTime};

use data_encoding::HEXLOWER;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox as Written, MultiPart, SinglePart};
use lettre::{Address, Message};
use quoin_core::Name;
use quoin_core::limits::{
    MAIL_BYTES_MAX, MAIL_KEY_BYTES_MAX, MAIL_LINE_BYTES_MAX, MAIL_RECIPIENTS_MAX,
};
use ring::digest;

use crate::mail::{Mail, MailError, Mailbox};

/// A mail that may be sent.
#[derive(Debug)]
pub(crate) struct Composed {
    pub envelope: Envelope,
    pub bytes: Vec<u8>,
    /// Without brackets.
    pub message_id: String,
}

/// Bytes of half a digest: two mails of one Message-ID will not be found.
const ID_BYTES: usize = 16;
/// Bytes of an address, by RFC 5321.
const ADDRESS_BYTES_MAX: usize = 254;
/// Bytes that the host adds to a plugin's own key, or that its own takes.
const KEY_ROOM: usize = 100;

/// Writes a mail of a plugin at a time in milliseconds since 1970.
///
/// # Errors
/// It is too large, has line breaks where none may be, or an address that is none.
pub(crate) fn compose(
    mail: &Mail,
    tenant: &Name,
    plugin: &Name,
    now_ms: u64,
) -> Result<Composed, MailError> {
    let size = mail.text.len() + mail.html.as_ref().map_or(0, String::len);
    if size > MAIL_BYTES_MAX {
        return Err(MailError::TooLarge(format!(
            "a mail has at most {MAIL_BYTES_MAX} bytes in both parts together: say less, and link to the \
             rest"
        )));
    }
    if mail.key.len() > MAIL_KEY_BYTES_MAX + KEY_ROOM {
        return Err(MailError::TooLarge(format!(
            "the key of a mail has at most {MAIL_KEY_BYTES_MAX} bytes"
        )));
    }
    if mail.to.is_empty() || mail.to.len() > MAIL_RECIPIENTS_MAX {
        return Err(MailError::Invalid(format!(
            "a mail has 1 to {MAIL_RECIPIENTS_MAX} recipients"
        )));
    }
    line("subject", &mail.subject)?;
    let from = written("sender", &mail.from)?;
    let message_id = message_id(&mail.key, tenant, plugin, from.email.domain());
    let date = SystemTime::UNIX_EPOCH + Duration::from_millis(now_ms);
    let mut message = (Message::builder().from(from).date(date))
        .message_id(Some(format!("<{message_id}>")))
        .subject(mail.subject.as_str());
    if let Some(reply_to) = &mail.reply_to {
        message = message.reply_to(written("reply-to address", reply_to)?);
    }
    for to in &mail.to {
        message = message.to(written("recipient", to)?);
    }
    // Absence notes and the like do not answer such a mail (RFC 3834).
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    message = message.raw_header(HeaderValue::new(automatic, "auto-generated".into()));
    let message = match &mail.html {
        Some(html) => {
            message.multipart(MultiPart::alternative_plain_html(mail.text.clone(), html.clone()))
        }
        None => message.singlepart(SinglePart::plain(mail.text.clone())),
    };
    let message = message.map_err(|e| MailError::Invalid(format!("it is no mail: {e}")))?;
    Ok(Composed { envelope: message.envelope().clone(), bytes: message.formatted(), message_id })
}

/// The same for the same key of a plugin of a shop, and for no other.
fn message_id(key: &str, tenant: &Name, plugin: &Name, domain: &str) -> String {
    let whole = format!("{tenant}\n{plugin}\n{key}");
    let digest = digest::digest(&digest::SHA256, whole.as_bytes());
    let half = digest.as_ref().get(..ID_BYTES).unwrap_or_default();
    format!("{}@{domain}", HEXLOWER.encode(half))
}

fn written(what: &str, mailbox: &Mailbox) -> Result<Written, MailError> {
    line(what, &mailbox.name)?;
    let shown: String = mailbox.address.chars().take(80).collect();
    let invalid = || MailError::Invalid(format!("the {what} {shown:?} is no mail address"));
    if mailbox.address.len() > ADDRESS_BYTES_MAX {
        return Err(invalid());
    }
    let address: Address = mailbox.address.parse().map_err(|_| invalid())?;
    let name = Some(mailbox.name.trim()).filter(|name| !name.is_empty());
    Ok(Written::new(name.map(str::to_owned), address))
}

/// What stands in one line of a mail's head: more lines would be more headers.
fn line(what: &str, text: &str) -> Result<(), MailError> {
    if text.len() > MAIL_LINE_BYTES_MAX {
        return Err(MailError::TooLarge(format!(
            "the {what} has more than {MAIL_LINE_BYTES_MAX} bytes"
        )));
    }
    match text.chars().any(char::is_control) {
        true => {
            Err(MailError::Invalid(format!("the {what} has line breaks or control characters")))
        }
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;

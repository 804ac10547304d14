//! Sends a mail that waits, and writes down what came of it.

use quoin_sdk::host::{configured, http, log, mail};
use quoin_sdk::types::Error;
use serde_json::{Value as Json, json};

use crate::bindings::quoin::order::orders;
use crate::outbox::{self, Waiting};
use crate::render::Rendered;
use crate::{render, settings, templates, view};

/// Tries of a mail. With the usual time between them they take two days.
const TRIES_MAX: u32 = 20;
/// Milliseconds between two tries at most.
const WAIT_MS_MAX: u64 = 4 * 3_600_000;
/// Characters of an answer that are kept.
const ANSWER_MAX: usize = 300;

/// Why a mail was not sent.
enum Problem {
    /// It would not be the next time either.
    Lasting(String),
    /// It may be the next time.
    Passing(String),
}

/// Sends a mail, if it waits. What has to be known for it is read before, and what came of it is written
/// after: a request of the shop sends nothing once it has written.
pub fn deliver(id: &str) {
    let Some(waiting) = outbox::waiting(id) else { return };
    match attempt(&waiting) {
        Ok((locale, message_id)) => outbox::sent(&waiting, &locale, &message_id),
        Err(Problem::Passing(why)) if waiting.tries + 1 < TRIES_MAX => {
            let first = settings::retry().saturating_mul(1_000);
            let wait = first.saturating_mul(1 << waiting.tries.min(30)).min(WAIT_MS_MAX);
            outbox::put_off(&waiting, &why, wait);
        }
        Err(Problem::Passing(why) | Problem::Lasting(why)) => {
            log::write(log::Level::Error, &format!("a mail was given up: {why}"));
            outbox::failed(&waiting, &why);
        }
    }
}

/// Sends it: in which language, and what it is called.
fn attempt(waiting: &Waiting) -> Result<(String, String), Problem> {
    let order = orders::get(&waiting.order).map_err(|error| match error {
        Error::NotFound(why) => Problem::Lasting(why),
        other => Problem::Passing(format!("the order could not be read: {other:?}")),
    })?;
    let country = order.snapshot.address.as_ref().map(|address| address.country.as_str());
    let locale = settings::locale(country);
    let view = view::view(&order, &waiting.change, &locale);
    let draft = templates::used(waiting.kind, &locale);
    let rendered = render::render(&draft, &view).map_err(|fault| {
        Problem::Lasting(format!(
            "the template {} does not render: {fault}",
            templates::name(waiting.kind, &locale)
        ))
    })?;
    let name = order.snapshot.address.map(|address| address.name).unwrap_or_default();
    let to = mail::Mailbox { name: one_line(&name), address: waiting.recipient.clone() };
    let sent = match configured("api-url") {
        url if url.is_empty() => through_relay(waiting, to, rendered),
        url => through_service(&url, waiting, &to, &rendered),
    };
    sent.map(|message_id| (locale, message_id))
}

/// What a buyer wrote as his name, as a header has it.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn through_relay(
    waiting: &Waiting,
    to: mail::Mailbox,
    rendered: Rendered,
) -> Result<String, Problem> {
    let sent = mail::send(&mail::Message {
        from: settings::from(),
        reply_to: settings::reply_to(),
        to: vec![to],
        subject: rendered.subject,
        text: rendered.text,
        html: Some(rendered.html),
        key: Some(waiting.id.clone()),
    });
    use mail::Error as E;
    sent.map(|receipt| receipt.message_id).map_err(|error| match error {
        // Of these, the mail is the cause.
        E::Invalid(why) | E::TooLarge(why) | E::Refused(why) => Problem::Lasting(why),
        // Of these, it is the relay, the network, or what the shop's owner has yet to do. Where nobody knows
        // whether it arrived, twice is better than not at all: it has the same Message-ID.
        E::Denied(why)
        | E::Secret(why)
        | E::NotNow(why)
        | E::Unreachable(why)
        | E::Unknown(why)
        | E::Busy(why) => Problem::Passing(why),
        E::AfterWrite => Problem::Passing("something was written before".into()),
    })
}

/// `POST` to a mail service, as many of them have it.
fn through_service(
    url: &str,
    waiting: &Waiting,
    to: &mail::Mailbox,
    rendered: &Rendered,
) -> Result<String, Problem> {
    let mut body = json!({
        "from": written(&settings::from()),
        "to": [written(to)],
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
    });
    if let Some(reply_to) = settings::reply_to() {
        body["reply_to"] = written(&reply_to).into();
    }
    let header = |name: &str, value: String| http::Header { name: name.into(), value };
    let sent = http::send(&http::Request {
        method: http::Method::Post,
        url: url.into(),
        headers: vec![
            header("authorization", format!("Bearer {{{{{}}}}}", configured("api-secret"))),
            header("content-type", "application/json".into()),
            // The service knows a repetition by it.
            header("idempotency-key", waiting.id.clone()),
        ],
        body: body.to_string().into_bytes(),
        secrets_in_body: false,
        signature: None,
        timeout: Some(20_000),
    });
    let response = sent.map_err(|error| match error {
        http::Error::Invalid(why) | http::Error::TooLarge(why) => Problem::Lasting(why),
        other => Problem::Passing(format!("{other:?}")),
    })?;
    let answer = String::from_utf8_lossy(&response.body);
    let told = || {
        let answer: String = answer.chars().take(ANSWER_MAX).collect();
        format!("the mail service answered {}: {answer}", response.status)
    };
    match response.status {
        200..=299 => {
            let id = serde_json::from_str::<Json>(&answer).ok();
            let id = id.and_then(|answer| answer["id"].as_str().map(str::to_owned));
            Ok(id.unwrap_or_default())
        }
        // Wrong credentials are the owner's to set right.
        401 | 403 | 408 | 409 | 425 | 429 | 500..=599 => Err(Problem::Passing(told())),
        _ => Err(Problem::Lasting(told())),
    }
}

/// `Name <address>`, the name quoted.
fn written(mailbox: &mail::Mailbox) -> String {
    if mailbox.name.is_empty() {
        return mailbox.address.clone();
    }
    let quoted: String = mailbox
        .name
        .chars()
        .flat_map(|c| ['\\', c].into_iter().skip(usize::from(!matches!(c, '"' | '\\'))))
        .collect();
    format!("\"{quoted}\" <{}>", mailbox.address)
}

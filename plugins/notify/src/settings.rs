//! What the shop configured.

use quoin_sdk::host::{configured, mail::Mailbox};

use crate::bindings::exports::quoin::notify::mails::Kind;
use crate::kind::Word;

/// Seconds after which a mail is tried again, where the shop says nonsense.
const RETRY_SECONDS: u64 = 60;

/// Whether the shop wants mails of this kind.
pub fn wants(kind: Kind) -> bool {
    listed(&configured("kinds")).any(|word| word == kind.word())
}

/// The locale of mails to a country.
pub fn locale(country: Option<&str>) -> String {
    let all = configured("locales");
    let pairs = listed(&all).filter_map(|pair| pair.split_once('='));
    let mut found = pairs.filter(|(code, _)| Some(code.trim()) == country);
    let locale = found.next().map(|(_, locale)| locale.trim().to_owned());
    locale.unwrap_or_else(usual_locale)
}

/// The locale of mails to all other countries.
pub fn usual_locale() -> String {
    configured("locale")
}

/// Who mails come from.
pub fn from() -> Mailbox {
    Mailbox { name: configured("name"), address: configured("from") }
}

/// Where answers go, if not there.
pub fn reply_to() -> Option<Mailbox> {
    let address = configured("reply-to");
    (!address.is_empty()).then(|| Mailbox { name: configured("name"), address })
}

/// Where the buyer sees an order.
pub fn link(order: &str) -> String {
    configured("link").replace("{id}", order)
}

/// Seconds after which a mail is tried again for the first time.
pub fn retry() -> u64 {
    configured("retry").trim().parse().unwrap_or(RETRY_SECONDS).max(1)
}

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

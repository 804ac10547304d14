//! What the shop configured.

use quoin_sdk::host::{configured, trap};

/// The beginning of the provider's URLs, without a slash at its end.
pub fn provider_url() -> String {
    configured("provider-url").trim_end_matches('/').to_owned()
}

/// Where the provider's page leads afterwards.
pub fn return_url(payment: &str) -> Option<String> {
    let url = configured("return-url");
    (!url.is_empty()).then(|| url.replace("{payment}", payment))
}

/// Milliseconds that the buyer has to pay.
pub fn time_to_pay() -> u64 {
    milliseconds("seconds-to-pay", 1, 86_400)
}

/// Milliseconds after which the provider is asked about a payment of which nobody tells.
pub fn time_to_ask() -> u64 {
    milliseconds("seconds-to-ask", 1, 86_400)
}

/// Milliseconds that a webhook's signature may be old or early.
pub fn tolerance() -> u64 {
    milliseconds("seconds-of-tolerance", 1, 3_600)
}

fn milliseconds(key: &str, least: u64, most: u64) -> u64 {
    let seconds = configured(key);
    match seconds.trim().parse::<u64>().ok().filter(|s| (least..=most).contains(s)) {
        Some(seconds) => seconds * 1_000,
        None => trap(&format!(
            "the configuration key {key} is \"{seconds}\"; it must be {least} to {most}"
        )),
    }
}

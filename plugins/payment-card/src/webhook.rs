//! What the provider tells by itself. It is a hint and no more: the provider is asked what is true of it.

use quoin_sdk::host::http;
use quoin_sdk::host::{clock, log};
use quoin_sdk::{db, params};
use serde_json::Value;

use crate::bindings::exports::quoin::plugin::web::{Request, Response};
use crate::payment::{self, Stored};
use crate::{settings, tell};

/// Signatures in a header: two, while the secret is changed.
const SIGNATURES_MAX: usize = 4;
/// Milliseconds that an event is remembered: longer than a provider sends one again.
const REMEMBERED: u64 = 7 * 86_400_000;
/// Bytes of an event's id.
const ID_BYTES_MAX: usize = 200;

/// Takes an event.
pub fn answer(request: &Request) -> Response {
    if request.method != "POST" {
        return respond(405, "events are posted");
    }
    let header = request.headers.iter().find(|header| header.name == "psp-signature");
    match is_signed(header.map_or("", |header| &header.value), &request.body) {
        Ok(true) => {}
        Ok(false) => return respond(400, "the signature is none, or too old"),
        Err(why) => {
            log::write(log::Level::Error, &format!("a webhook was not taken: {why}"));
            return respond(503, "the shop cannot look at signatures now");
        }
    }
    let event: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(id) = event["id"].as_str().filter(|id| id.len() <= ID_BYTES_MAX) else {
        return respond(400, "this is no event");
    };
    let object = &event["data"]["object"];
    // What is of no payment of the shop is none of its business.
    let Some(payment) = of(object) else { return respond(200, "not of this shop") };
    let now = clock::now();
    let insert =
        "INSERT INTO payment_card_event (id, at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING";
    if db::execute(insert, &params![id, now]) == 0 {
        return respond(200, "known");
    }
    let forgotten = now.saturating_sub(REMEMBERED);
    db::execute("DELETE FROM payment_card_event WHERE at < ?1", &params![forgotten]);
    tell::hint(&payment.id);
    respond(200, "taken")
}

/// The payment that an event is about. The answer that told its intent may not have come yet.
fn of(object: &Value) -> Option<Stored> {
    let by_intent = object["id"].as_str().and_then(payment::by_intent);
    by_intent.or_else(|| payment::by_id(object["metadata"]["payment"].as_str()?))
}

/// Whether one of the signatures in `t=…,v1=…` is the shop's, of now.
fn is_signed(header: &str, body: &[u8]) -> Result<bool, String> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let time = parts().find(|(name, _)| *name == "t").map_or("", |(_, value)| value);
    let Ok(seconds) = time.parse::<u64>() else { return Ok(false) };
    if clock::now().abs_diff(seconds.saturating_mul(1_000)) > settings::tolerance() {
        return Ok(false);
    }
    let payload = [time.as_bytes(), b".", body].concat();
    let signatures = parts().filter(|(name, _)| *name == "v1").take(SIGNATURES_MAX);
    for signature in signatures.filter_map(|(_, hex)| bytes(hex)) {
        match http::verify("card-webhook-key", &payload, &signature) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(error) => return Err(format!("{error:?}")),
        }
    }
    Ok(false)
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let digits: Option<Vec<u8>> = hex.bytes().map(digit).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn respond(status: u16, text: &str) -> Response {
    Response { status, headers: Vec::new(), body: text.as_bytes().to_vec() }
}

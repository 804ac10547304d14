//! What the provider is asked, and what its answers mean.

use quoin_sdk::host::http::{self, Header, Method};
use quoin_sdk::types::Error;
use serde_json::Value;

use crate::intent::{Intent, Progress};
use crate::operation::{Kind, Operation};
use crate::payment::Stored;
use crate::settings;

/// Milliseconds after which it is looked first whether an operation has happened: the provider forgets keys,
/// and until then the key is enough.
const KEY_HOLDS: u64 = 3_600_000;
/// Milliseconds that a buyer who is back from paying waits for the provider's word.
const BUYER_WAITS: u32 = 3_000;

/// What the provider answered.
pub enum Answer {
    /// It is so.
    Is(Box<Intent>),
    /// It does not do it, and says why. How the intent is, where there is one.
    Refuses(String, Option<Box<Intent>>),
    /// There is nothing, and nothing was to be left.
    Nothing,
}

/// Asks for an operation. Asked again, it is done no second time.
///
/// # Errors
/// `unavailable`, where nobody knows what came of it: it is to be asked again.
pub fn perform(payment: &Stored, operation: &Operation, now: u64) -> Result<Answer, Error> {
    let is_old = now.saturating_sub(operation.at) > KEY_HOLDS;
    let key = operation.idempotency_key();
    let intent = match (operation.kind, &payment.intent) {
        (Kind::Create, _) => {
            if is_old && let Some(found) = search(&payment.id)? {
                return Ok(Answer::Is(found));
            }
            let created = post("/v1/payment_intents", &key, &operation.body)?;
            return created.map_or_else(|why| Ok(Answer::Refuses(why, None)), is);
        }
        (Kind::Sweep, None) => match search(&payment.id)? {
            None => return Ok(Answer::Nothing),
            Some(found) if found.progress == Progress::Canceled => return Ok(Answer::Is(found)),
            Some(found) => found.id,
        },
        (_, None) => return Err(unclear("the payment has no intent")),
        (_, Some(intent)) => intent.clone(),
    };
    let path = format!("/v1/payment_intents/{intent}");
    let done = match operation.kind {
        Kind::Capture => {
            let amount = operation.asked.map(|minor| minor.to_string());
            let fields = amount.as_deref().map(|amount| ("amount_to_capture", amount));
            post(&format!("{path}/capture"), &key, &form(fields.into_iter()))?
        }
        Kind::Refund => {
            if is_old && was_refunded(&intent, &key)? {
                return is(get(&path, None)?);
            }
            let minor = operation.asked.unwrap_or(payment.captured - payment.refunded).to_string();
            let fields =
                [("payment_intent", intent.as_str()), ("amount", &minor), ("metadata[key]", &key)];
            post("/v1/refunds", &key, &form(fields.into_iter()))?
        }
        _ => post(&format!("{path}/cancel"), &key, "")?,
    };
    match done {
        Ok(answer) if operation.kind != Kind::Refund => is(answer),
        Ok(_) => is(get(&path, None)?),
        // It may have happened in another way.
        Err(why) => Ok(Answer::Refuses(why, Some(read(get(&path, None)?)?))),
    }
}

/// How an intent is.
///
/// # Errors
/// `unavailable`, where the provider does not say so.
pub fn look(intent: &str) -> Result<Answer, Error> {
    is(get(&format!("/v1/payment_intents/{intent}"), None)?)
}

/// The same for a buyer who waits.
///
/// # Errors
/// `unavailable`, also where something was written in the request.
pub fn glance(intent: &str) -> Result<Answer, Error> {
    is(get(&format!("/v1/payment_intents/{intent}"), Some(BUYER_WAITS))?)
}

/// The intent that was made for a payment, if one was.
fn search(payment: &str) -> Result<Option<Box<Intent>>, Error> {
    let query = form([("metadata[payment]", payment)].into_iter());
    let found = get(&format!("/v1/payment_intents?{query}"), None)?;
    let Some(list) = found["data"].as_array() else {
        return Err(unclear("the provider lists no intents"));
    };
    list.first().map(|first| read(first.clone())).transpose()
}

fn was_refunded(intent: &str, key: &str) -> Result<bool, Error> {
    let query = form([("payment_intent", intent)].into_iter());
    let found = get(&format!("/v1/refunds?{query}"), None)?;
    let Some(list) = found["data"].as_array() else {
        return Err(unclear("the provider lists no refunds"));
    };
    Ok(list.iter().any(|refund| refund["metadata"]["key"] == key))
}

/// Fields as a form has them.
pub fn form<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = fields.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn is(value: Value) -> Result<Answer, Error> {
    read(value).map(Answer::Is)
}

fn read(value: Value) -> Result<Box<Intent>, Error> {
    let intent = Intent::read(&value).map(Box::new);
    intent.ok_or_else(|| unclear("the provider answers with something that is no intent"))
}

fn get(path: &str, timeout: Option<u32>) -> Result<Value, Error> {
    match send(Method::Get, path, None, "", timeout)? {
        Ok(value) => Ok(value),
        Err(why) => Err(unclear(&format!("the provider does not tell of {path}: {why}"))),
    }
}

fn post(path: &str, key: &str, body: &str) -> Result<Result<Value, String>, Error> {
    send(Method::Post, path, Some(key), body, None)
}

/// Sends a request. What the provider answers, or why it does not do it and never will.
fn send(
    method: Method,
    path: &str,
    key: Option<&str>,
    body: &str,
    timeout: Option<u32>,
) -> Result<Result<Value, String>, Error> {
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let mut headers = vec![
        header("authorization", "Bearer {{card-key}}"),
        header("content-type", "application/x-www-form-urlencoded"),
    ];
    headers.extend(key.map(|key| header("idempotency-key", key)));
    let sent = http::send(&http::Request {
        method,
        url: format!("{}{path}", settings::provider_url()),
        headers,
        body: body.as_bytes().to_vec(),
        secrets_in_body: false,
        signature: None,
        timeout,
    });
    let response =
        sent.map_err(|error| unclear(&format!("the provider was asked in vain: {error:?}")))?;
    let told: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let why = told["error"]["message"].as_str().unwrap_or("it does not say why").to_owned();
    // A key that is taken, or not the shop's, is nobody's no.
    let is_of_the_key = told["error"]["type"] == "idempotency_error";
    match response.status {
        200..=299 => Ok(Ok(told)),
        400 | 402 | 404 | 422 if !is_of_the_key => Ok(Err(why)),
        status => Err(unclear(&format!("the provider answered {status}: {why}"))),
    }
}

fn unclear(why: &str) -> Error {
    Error::Unavailable(why.to_owned())
}

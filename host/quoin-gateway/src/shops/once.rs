//! Requests that take effect once: `Idempotency-Key`, as the IETF's draft
//! draft-ietf-httpapi-idempotency-key-header has it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use quoin_core::limits::{ONCE_ANSWER_BYTES_MAX, ONCE_KEY_CHARS_MAX};
use quoin_core::{Class, Digest, Problem};
use quoin_runtime::{Once, OnlyOnce, Principal};
use quoin_supervisor::{Alone, Returned, RouteEntry, Source, Tenant};

use super::outcome;
use super::scene::Scene;
use crate::bind::Kind;

const HEADER: &str = "idempotency-key";
/// Stands for the status of an answer that was too large to be kept.
const NOT_KEPT: u16 = 0;
/// How long a request waits for another one with its key: longer than most requests may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a request takes effect once, if it came with a key, and its function does not take the key itself.
///
/// # Errors
/// 400: the key cannot be one.
pub fn of(
    scene: &Scene<'_>,
    entry: &RouteEntry,
    body: Option<&(Kind, Bytes)>,
) -> Result<Option<Arc<OnlyOnce>>, Problem> {
    let takes_it = |source: &Source| matches!(source, Source::Header(name) if name == HEADER);
    if entry.reads || entry.sources.iter().any(takes_it) {
        return Ok(None);
    }
    let (Some(key), Some(database)) = (key(&scene.head.headers)?, &scene.wiring.database) else {
        return Ok(None);
    };
    let (ty, wanted) = (entry.function.result.clone(), entry.route.status.map(u16::from));
    let show = move |value: Option<&_>| {
        let returned = outcome::shown(value, ty.as_ref(), wanted)?;
        match returned.body {
            Some(body) if body.len() > ONCE_ANSWER_BYTES_MAX => Some((NOT_KEPT, None)),
            body => Some((returned.status, body.map(Vec::from))),
        }
    };
    let (database, request) = (database.clone(), digest(scene, body));
    Ok(Some(Arc::new(OnlyOnce { database, key, request, show: Box::new(show) })))
}

/// Waits until no other request with this key runs.
///
/// # Errors
/// 409: one still runs.
pub async fn alone(
    tenant: &Tenant,
    principal: &Principal,
    asked: &OnlyOnce,
) -> Result<Alone, Problem> {
    let turn = tenant.turns.alone(principal.told(), asked.key.clone(), PATIENCE).await;
    turn.ok_or_else(|| {
        Problem::new(
            Class::Caller,
            409,
            "key-in-use",
            "Still running",
            "A request with this Idempotency-Key still runs. Make it again later: it is not done twice.",
        )
    })
}

/// The answer that was given before, for the same request.
///
/// # Errors
/// 422: the key was used for another request. 409: the answer was not kept.
pub fn again(once: Once, asked: &OnlyOnce) -> Result<Returned, Problem> {
    if once.request != asked.request {
        return Err(Problem::new(
            Class::Caller,
            422,
            "key-reused",
            "Idempotency key used before",
            "Another request was made with this Idempotency-Key in the last 24 hours. Make a new key \
             for each thing that is to happen once.",
        ));
    }
    if once.status == NOT_KEPT {
        return Err(Problem::new(
            Class::Caller,
            409,
            "answer-not-kept",
            "Done before",
            "This request was done before, and is not done again. Its answer was too large to be kept: \
             read what it has changed.",
        ));
    }
    Ok(Returned { status: once.status, body: once.body.map(Bytes::from) })
}

/// The key, with or without the quotation marks that a structured field has (RFC 9651).
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let key = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let visible = !key.is_empty() && key.bytes().all(|b| (b' '..=b'~').contains(&b));
    if values.next().is_some() || !visible || key.len() > ONCE_KEY_CHARS_MAX {
        return Err(Problem::new(
            Class::Caller,
            400,
            "bad-key",
            "Idempotency key refused",
            format!(
                "Idempotency-Key is one value of 1 to {ONCE_KEY_CHARS_MAX} visible ASCII characters, such \
                 as a UUID."
            ),
        ));
    }
    Ok(Some(key.to_owned()))
}

/// What makes it another request: method, path, query, and body. Who asks has keys of his own.
fn digest(scene: &Scene<'_>, body: Option<&(Kind, Bytes)>) -> String {
    let (head, mut parts) = (scene.head, Vec::new());
    let mut part = |bytes: &[u8]| {
        parts.extend((bytes.len() as u64).to_le_bytes());
        parts.extend(bytes);
    };
    part(head.method.as_str().as_bytes());
    part(head.uri.path().as_bytes());
    part(head.uri.query().unwrap_or_default().as_bytes());
    part(&body.map_or([0, 0], |(kind, _)| [1, *kind as u8]));
    part(body.map_or(&[][..], |(_, bytes)| &bytes[..]));
    Digest::of(&parts).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(values: &[&str]) -> Result<Option<String>, Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().unwrap());
        }
        key(&headers)
    }

    #[test]
    fn a_key_is_read_with_and_without_quotation_marks() {
        assert_eq!(keyed(&[]).unwrap(), None);
        for text in ["a-1", "\"a-1\"", " a-1 "] {
            assert_eq!(keyed(&[text]).unwrap().as_deref(), Some("a-1"));
        }
        let longest = "k".repeat(ONCE_KEY_CHARS_MAX);
        assert_eq!(keyed(&[&longest]).unwrap(), Some(longest));
    }

    #[test]
    fn what_cannot_be_a_key_is_refused() {
        let long = "k".repeat(ONCE_KEY_CHARS_MAX + 1);
        for values in [&[""][..], &["\"\""], &[&long], &["a\tb"], &["a", "b"]] {
            assert_eq!(keyed(values).unwrap_err().code, "bad-key", "{values:?}");
        }
    }
}

//! What staff do with endpoints.

use quoin_sdk::check::Check;
use quoin_sdk::db::{self, Value};
use quoin_sdk::host::{clock, http};
use quoin_sdk::types::{Error, Refusal};
use quoin_sdk::{id, params, text};

use crate::bindings::exports::quoin::webhooks::webhooks::{Endpoint, WithSecret};
use crate::endpoint::{Stored, all, find};
use crate::{kinds, signature, stop, wake};

/// Endpoints of a shop. Each event that they all want is a row for each.
const ENDPOINTS_MAX: usize = 50;
/// Kinds of an endpoint.
const KINDS_MAX: usize = 50;
/// Characters of a URL.
const URL_MAX: usize = 2_000;
/// Characters of a description.
const DESCRIPTION_MAX: usize = 300;
/// Seconds that an old secret stays in use, unless told.
const KEEP: u64 = 86_400;
/// Seconds that it stays in use at most.
const KEEP_MAX: u64 = 30 * 86_400;

/// Makes an endpoint.
///
/// # Errors
/// Something cannot be used, the shop does not let the plugin send there, or there are enough.
pub fn create(url: &str, kinds: &[String], description: &str) -> Result<WithSecret, Error> {
    check(Some(url), Some(kinds), Some(description))?;
    granted(url)?;
    if all().len() >= ENDPOINTS_MAX {
        return Err(Error::Conflict(format!(
            "there are {ENDPOINTS_MAX} endpoints already; remove one"
        )));
    }
    let (id, secret, now) = (id::random("endpoint"), signature::secret(), clock::now());
    let sql =
        "INSERT INTO webhooks_endpoint (id, url, description, kinds, secret, state, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, 'active', ?6)";
    db::execute(sql, &params![&id, url, description, kinds.join(" "), &secret, now]);
    Ok(WithSecret { endpoint: find(&id)?.view(), secret })
}

/// Changes what is given.
///
/// # Errors
/// As for [`create`]; there is no such endpoint.
pub fn change(
    id: &str,
    url: Option<String>,
    kinds: Option<Vec<String>>,
    description: Option<String>,
) -> Result<Endpoint, Error> {
    let found = find(id)?;
    check(url.as_deref(), kinds.as_deref(), description.as_deref())?;
    if let Some(url) = &url {
        granted(url)?;
    }
    let row = params![
        found.id,
        url.unwrap_or(found.url),
        kinds.unwrap_or(found.kinds).join(" "),
        description.unwrap_or(found.description),
    ];
    let sql = "UPDATE webhooks_endpoint SET url = ?2, kinds = ?3, description = ?4 WHERE id = ?1";
    db::execute(sql, &row);
    Ok(find(id)?.view())
}

/// Removes an endpoint.
///
/// # Errors
/// There is no such endpoint.
pub fn remove(id: &str) -> Result<(), Error> {
    match db::execute("DELETE FROM webhooks_endpoint WHERE id = ?1", &params![id]) {
        0 => Err(find(id).err().unwrap_or_else(|| Error::NotFound(id.to_owned()))),
        _ => Ok(()),
    }
}

/// Gives an endpoint another secret.
///
/// # Errors
/// There is no such endpoint, or the time is too long.
pub fn rotate(id: &str, keep: Option<u64>) -> Result<WithSecret, Error> {
    let found = find(id)?;
    let keep = keep.unwrap_or(KEEP);
    let mut checked = Check::default();
    if keep > KEEP_MAX {
        checked.fault("keep", format!("must be at most {KEEP_MAX} seconds"));
    }
    checked.done()?;
    let secret = signature::secret();
    let (old, until) = match keep {
        0 => (Value::Null, 0),
        _ => (Value::from(found.secret), clock::now() + keep * 1_000),
    };
    let sql =
        "UPDATE webhooks_endpoint SET secret = ?2, old_secret = ?3, old_until = ?4 WHERE id = ?1";
    db::execute(sql, &params![&found.id, &secret, old, until]);
    Ok(WithSecret { endpoint: find(id)?.view(), secret })
}

/// Sends to an endpoint again.
///
/// # Errors
/// There is no such endpoint.
pub fn enable(id: &str) -> Result<Endpoint, Error> {
    let found = find(id)?;
    let sql = "UPDATE webhooks_endpoint SET state = 'active', reason = NULL, failures = 0,
        failing_since = NULL, rest_until = 0 WHERE id = ?1";
    db::execute(sql, &params![found.id]);
    wake::wake(id, clock::now());
    Ok(find(id)?.view())
}

/// Sends to an endpoint no more.
///
/// # Errors
/// There is no such endpoint.
pub fn disable(id: &str) -> Result<Endpoint, Error> {
    let found: Stored = find(id)?;
    if found.active {
        stop::disable(&found, "it was disabled by hand", clock::now());
    }
    Ok(find(id)?.view())
}

fn check(
    url: Option<&str>,
    kinds: Option<&[String]>,
    description: Option<&str>,
) -> Result<(), Error> {
    let mut checked = Check::default();
    if let Some(url) = url {
        checked.note("url", address_problem(url));
    }
    if let Some(kinds) = kinds {
        if kinds.is_empty() {
            checked.fault("kinds", "must name at least one type; * is all of them");
        }
        for (i, kind) in checked.list("kinds", kinds, KINDS_MAX).iter().enumerate() {
            checked.note(format!("kinds/{i}"), kinds::problem(kind));
        }
    }
    if let Some(description) = description {
        checked.note("description", text::prose_problem(description, DESCRIPTION_MAX));
    }
    checked.done()
}

fn address_problem(url: &str) -> Option<String> {
    let web = url.starts_with("https://") || url.starts_with("http://");
    let problem = match web && !url.contains('#') {
        true => None,
        false => Some("must be an address like https://example.com/hooks, without fragment".into()),
    };
    problem.or_else(|| text::line_problem(url, URL_MAX))
}

/// Whether the shop lets the plugin send there.
fn granted(url: &str) -> Result<(), Error> {
    use http::Error as E;
    match http::granted(http::Method::Post, url) {
        Ok(()) => Ok(()),
        Err(E::Denied(message)) => {
            Err(Error::Refused(Refusal { code: "not-granted".into(), message, data: None }))
        }
        Err(E::Invalid(why) | E::TooLarge(why)) => {
            Err(Error::Invalid(vec![quoin_sdk::fault("url", why)]))
        }
        Err(error) => Err(Error::Unavailable(format!("{error:?}"))),
    }
}

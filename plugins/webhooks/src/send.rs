//! Deliveries are made one at a time for each endpoint: sent first, and then what came of it is written.

use quoin_sdk::db;
use quoin_sdk::host::{clock, configured, http, random, trap};
use quoin_sdk::params;

use crate::endpoint::{self, Stored};
use crate::plan::{Plan, jittered};
use crate::{signature, stop, wake};

/// Milliseconds that an endpoint has to answer.
const PATIENCE_MS: u32 = 15_000;
/// Milliseconds until the next try where the shop sends as much as it may.
const BUSY_MS: u64 = 1_000;
/// Characters of an error that are kept.
const ERROR_MAX: usize = 300;

/// An event that is due at an endpoint.
struct Due {
    event: i64,
    run: i64,
    /// Tries so far.
    tries: u32,
    first_tried: Option<u64>,
    id: String,
    body: String,
}

/// What came of sending.
enum Outcome {
    Taken(u16),
    /// The endpoint says that it is not there any more.
    Gone(u16),
    Failed(Option<u16>, String),
    /// It was not tried.
    Busy,
}

/// Makes the next delivery that is due, and asks for the one after it.
pub fn next(id: &str) {
    let now = clock::now();
    let Some(endpoint) = endpoint::look(id).filter(|endpoint| endpoint.active) else { return };
    let due = if endpoint.rest_until > now { None } else { due(id, now) };
    if let Some(due) = due {
        // What is wrong with the plan is found before something is sent, or it would be sent with each try.
        let plan = plan();
        let outcome = send(&endpoint, &due, now);
        // It may have been changed, disabled or removed, and its delivery replayed, in the meantime.
        match endpoint::look(id).filter(|endpoint| endpoint.active) {
            Some(endpoint) => note(&endpoint, &due, outcome, (&plan, now)),
            None => return,
        }
    }
    wake::go_on(id, now);
}

fn due(endpoint: &str, now: u64) -> Option<Due> {
    let sql = "SELECT d.event, d.run, d.tries, d.first_tried, e.id, e.body
        FROM webhooks_delivery AS d JOIN webhooks_event AS e ON e.position = d.event
        WHERE d.endpoint = ?1 AND d.state = 'waiting' AND d.due <= ?2
        ORDER BY d.due, d.event LIMIT 1";
    let row = db::first(sql, &params![endpoint, now])?;
    Some(Due {
        event: row.integer("event"),
        run: row.integer("run"),
        tries: row.number("tries"),
        first_tried: row.optional_integer("first_tried").map(i64::cast_unsigned),
        id: row.text("id"),
        body: row.text("body"),
    })
}

fn send(endpoint: &Stored, due: &Due, now: u64) -> Outcome {
    let seconds = now / 1_000;
    let old = endpoint.old_secret.as_deref().filter(|_| endpoint.old_until > now);
    let secrets = std::iter::once(endpoint.secret.as_str()).chain(old);
    let signature = signature::header(secrets, (&due.id, seconds, &due.body));
    let header = |name: &str, value: String| http::Header { name: name.into(), value };
    let request = http::Request {
        method: http::Method::Post,
        url: endpoint.url.clone(),
        headers: vec![
            header("content-type", "application/json".into()),
            header("webhook-id", due.id.clone()),
            header("webhook-timestamp", seconds.to_string()),
            header("webhook-signature", signature),
        ],
        body: due.body.clone().into_bytes(),
        secrets_in_body: false,
        signature: None,
        timeout: Some(PATIENCE_MS),
    };
    use http::Error as E;
    match http::send(&request) {
        Ok(response) => match response.status {
            status @ 200..=299 => Outcome::Taken(status),
            410 => Outcome::Gone(410),
            status => Outcome::Failed(Some(status), format!("it answered {status}")),
        },
        Err(E::Busy(_)) => Outcome::Busy,
        Err(E::AfterWrite) => trap("it was sent after something was written"),
        Err(E::Timeout) => Outcome::Failed(None, "there was no answer within 15 s".into()),
        Err(
            E::Denied(why)
            | E::Secret(why)
            | E::Invalid(why)
            | E::TooLarge(why)
            | E::Unreachable(why)
            | E::Interrupted(why),
        ) => Outcome::Failed(None, why),
    }
}

fn note(endpoint: &Stored, due: &Due, outcome: Outcome, (plan, now): (&Plan, u64)) {
    let (status, error) = match outcome {
        Outcome::Taken(status) => {
            end(endpoint, due, "delivered", Some(status), None, now);
            let sql =
                "UPDATE webhooks_endpoint SET failures = 0, failing_since = NULL, rest_until = 0
                WHERE id = ?1";
            db::execute(sql, &params![&endpoint.id]);
            return;
        }
        Outcome::Gone(status) => {
            let reason = "it answered 410: it is gone for good";
            end(endpoint, due, "failed", Some(status), Some(reason), now);
            return stop::tell(endpoint, reason, now);
        }
        Outcome::Busy => return rest(endpoint, now + BUSY_MS),
        Outcome::Failed(status, error) => {
            (status, error.chars().take(ERROR_MAX).collect::<String>())
        }
    };
    let failures = endpoint.failures.saturating_add(1);
    let failing_since = endpoint.failing_since.unwrap_or(now);
    let sql = "UPDATE webhooks_endpoint SET failures = ?2, failing_since = ?3 WHERE id = ?1";
    db::execute(sql, &params![&endpoint.id, failures, failing_since]);
    rest(endpoint, now + plan.rest(failures));
    let first_tried = due.first_tried.unwrap_or(now);
    let late = now.saturating_sub(first_tried) >= plan.whole();
    match plan.after(due.tries + 1).filter(|_| !late) {
        Some(pause) => {
            let random = random::bytes(1).first().copied().unwrap_or_default();
            let sql = "UPDATE webhooks_delivery SET tries = tries + 1, first_tried = ?4, due = ?5,
                status = ?6, error = ?7
                WHERE endpoint = ?1 AND event = ?2 AND run = ?3 AND state = 'waiting'";
            let due_at = now + jittered(pause, random);
            let row = params![&endpoint.id, due.event, due.run, first_tried, due_at, status, error];
            db::execute(sql, &row);
        }
        None => {
            end(endpoint, due, "failed", status, Some(&error), now);
            // Nothing else was taken there, from this delivery's first try to its last.
            if failing_since <= first_tried {
                let reason = format!("every delivery failed since its first try, at last: {error}");
                stop::tell(endpoint, &reason, now);
            }
        }
    }
}

/// A delivery was made or is given up.
fn end(
    endpoint: &Stored,
    due: &Due,
    state: &str,
    status: Option<u16>,
    error: Option<&str>,
    now: u64,
) {
    let sql =
        "UPDATE webhooks_delivery SET state = ?4, tries = tries + 1, ended_at = ?5, status = ?6,
        error = ?7 WHERE endpoint = ?1 AND event = ?2 AND run = ?3 AND state = 'waiting'";
    db::execute(sql, &params![&endpoint.id, due.event, due.run, state, now, status, error]);
}

fn rest(endpoint: &Stored, until: u64) {
    let sql = "UPDATE webhooks_endpoint SET rest_until = ?2 WHERE id = ?1";
    db::execute(sql, &params![&endpoint.id, until]);
}

fn plan() -> Plan {
    let text = configured("retry-after");
    Plan::read(&text).unwrap_or_else(|| {
        trap(&format!(
            "retry-after is {text:?}; write 1 to 20 times of up to a week, like 5s 30m 2h"
        ))
    })
}

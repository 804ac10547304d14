//! An endpoint has at most one later call outstanding, which makes its next delivery and asks for the one
//! after it. So what many endpoints wait for is rows, and no endpoint takes another's turn.

use quoin_sdk::db;
use quoin_sdk::host::{later, trap};
use quoin_sdk::params;

use crate::bindings::quoin::webhooks::jobs;

/// Milliseconds after which a call that should have run is taken for lost: an operator has dropped it, or it
/// is parked.
const LOST_MS: u64 = 15 * 60_000;
/// Milliseconds before its time in which a call is left as it is. It may have begun when what this request
/// does is committed, and would be for nothing then, after it has sent: what is new waits for it instead.
const NEAR_MS: u64 = 1_000;

/// Something is due at this endpoint now. Where its next call is outstanding already, that finds it: a call
/// that runs looks for more when it ends.
pub fn wake(endpoint: &str, now: u64) {
    let sql = "UPDATE webhooks_endpoint
        SET next_at = CASE WHEN rest_until > ?2 THEN rest_until ELSE ?2 END
        WHERE id = ?1 AND state = 'active'
            AND (next_at IS NULL OR next_at > ?4 AND next_at > rest_until OR next_at < ?3)
        RETURNING next_at";
    let lost = now.saturating_sub(LOST_MS);
    if let Some(row) = db::first(sql, &params![endpoint, now, lost, now + NEAR_MS]) {
        ask(endpoint, row.number("next_at"));
    }
}

/// Asks for the delivery after the one that was just made, if there is one to be made.
pub fn go_on(endpoint: &str, now: u64) {
    let sql = "SELECT min(d.due) AS due FROM webhooks_delivery AS d
        WHERE d.endpoint = ?1 AND d.state = 'waiting'";
    let due = db::first(sql, &params![endpoint]).and_then(|row| row.optional_integer("due"));
    let sql = "UPDATE webhooks_endpoint SET next_at = CASE
            WHEN CAST(?2 AS BIGINT) IS NULL THEN NULL
            WHEN rest_until > CAST(?2 AS BIGINT) THEN rest_until
            ELSE CAST(?2 AS BIGINT) END
        WHERE id = ?1 AND state = 'active' RETURNING next_at";
    let due = due.map(|due| due.cast_unsigned().max(now));
    let next = db::first(sql, &params![endpoint, due]);
    if let Some(next) = next.and_then(|row| row.optional_integer("next_at")) {
        ask(endpoint, next.cast_unsigned());
    }
}

fn ask(endpoint: &str, time: u64) {
    later::at(time);
    later::key(endpoint);
    if let Err(error) = jobs::send_next(endpoint) {
        trap(&format!("{error:?}"));
    }
}

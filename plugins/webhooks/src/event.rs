//! Events: as they are heard, and as long as they are kept.

use quoin_sdk::db;
use quoin_sdk::host::{clock, configured, trap};
use quoin_sdk::types::Error;
use quoin_sdk::{id, params};

use crate::bindings::exports::quoin::plugin::feed::Event;
use crate::endpoint::{self, Stored};
use crate::{kinds, time, wake};

/// The type of events that are made to try an endpoint.
pub const TEST: &str = "webhooks.test";

/// Bytes of the bodies of all events that are kept: a quarter of what the plugin's tables may have.
const KEPT_BYTES_MAX: i64 = 128 << 20;
/// Events that are forgotten at once: more than come.
const FORGOTTEN_AT_ONCE: u32 = 50;

/// Keeps an event, and asks for its delivery to each endpoint that wants it.
pub fn hear(event: &Event) {
    let kind = kinds::of(&event.kind);
    let body = body(&kind, event.occurred_at, &event.params);
    let Some(position) = keep(&event.id, &kind, event.occurred_at, &body) else { return };
    for endpoint in endpoint::all() {
        if endpoint.active && kinds::matches(&endpoint.kinds, &kind) {
            deliver(&endpoint, position, clock::now());
        }
    }
    forget(clock::now());
}

/// Makes an event for this endpoint alone, and returns its id.
///
/// # Errors
/// None so far.
pub fn test(endpoint: &Stored) -> Result<String, Error> {
    let (id, now) = (id::random("test"), clock::now());
    let body = body(TEST, now, &format!("{{\"endpoint\":\"{}\"}}", endpoint.id));
    if let Some(position) = keep(&id, TEST, now, &body) {
        deliver(endpoint, position, now);
    }
    Ok(id)
}

/// What is sent. `data` is JSON.
fn body(kind: &str, occurred_at: u64, data: &str) -> String {
    let timestamp = time::shown(occurred_at);
    format!("{{\"type\":\"{kind}\",\"timestamp\":\"{timestamp}\",\"data\":{data}}}")
}

/// Writes an event down, and returns its position; none where it is there already.
fn keep(id: &str, kind: &str, occurred_at: u64, body: &str) -> Option<i64> {
    let sql = "INSERT INTO webhooks_event (position, id, kind, occurred_at, body, bytes)
        SELECT coalesce(max(e.position), 0) + 1, CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS BIGINT),
            CAST(?4 AS TEXT), CAST(?5 AS BIGINT) FROM webhooks_event AS e WHERE TRUE
        ON CONFLICT (id) DO NOTHING RETURNING position";
    let bytes = body.len() as u64;
    let row = db::first(sql, &params![id, kind, occurred_at, body, bytes])?;
    db::execute("UPDATE webhooks_kept SET bytes = bytes + ?1", &params![bytes]);
    Some(row.integer("position"))
}

fn deliver(endpoint: &Stored, position: i64, now: u64) {
    let sql = "INSERT INTO webhooks_delivery (endpoint, event, state, due) VALUES (?1, ?2, 'waiting', ?3)";
    db::execute(sql, &params![&endpoint.id, position, now]);
    wake::wake(&endpoint.id, now);
}

/// Forgets the oldest events, with their deliveries, where they are too old, too many or too large.
fn forget(now: u64) {
    let number = |key: &str, least: u64, most: u64| {
        let text = configured(key);
        let number = text.trim().parse().ok().filter(|n| (least..=most).contains(n));
        number.unwrap_or_else(|| trap(&format!("{key} is {text:?}; use {least} to {most}")))
    };
    let oldest = now.saturating_sub(number("keep-days", 4, 90) * 86_400_000);
    let most = number("keep-events", 100, 100_000);
    let sql = "SELECT e.position, e.occurred_at, e.bytes, k.bytes AS kept,
            (SELECT max(l.position) FROM webhooks_event AS l) AS last
        FROM webhooks_event AS e CROSS JOIN webhooks_kept AS k ORDER BY e.position LIMIT ?1";
    let (mut upto, mut freed) = (None, 0);
    for row in db::rows(sql, &params![FORGOTTEN_AT_ONCE]) {
        let position = row.integer("position");
        let behind = (row.integer("last") - position).cast_unsigned();
        let large = row.integer("kept") - freed > KEPT_BYTES_MAX;
        if behind < most && row.number::<u64>("occurred_at") >= oldest && !large {
            break;
        }
        upto = Some(position);
        freed += row.integer("bytes");
    }
    if let Some(upto) = upto {
        db::execute("DELETE FROM webhooks_event WHERE position <= ?1", &params![upto]);
        db::execute("UPDATE webhooks_kept SET bytes = bytes - ?1", &params![freed]);
    }
}

//! Endpoints that nothing is sent to any more.

use quoin_sdk::db;
use quoin_sdk::host::{log, trap};
use quoin_sdk::params;

use crate::bindings::quoin::webhooks::events;
use crate::endpoint::Stored;

/// Disables an endpoint. What waits for it is given up.
pub fn disable(endpoint: &Stored, reason: &str, now: u64) {
    let sql = "UPDATE webhooks_endpoint SET state = 'disabled', reason = ?2, next_at = NULL WHERE id = ?1";
    db::execute(sql, &params![&endpoint.id, reason]);
    let sql = "UPDATE webhooks_delivery SET state = 'failed', ended_at = ?2,
        error = coalesce(error, 'the endpoint was disabled')
        WHERE endpoint = ?1 AND state = 'waiting'";
    db::execute(sql, &params![&endpoint.id, now]);
}

/// Disables an endpoint that is dead, and tells of it: in the log, and to whom wants to know.
pub fn tell(endpoint: &Stored, reason: &str, now: u64) {
    disable(endpoint, reason, now);
    let (id, url) = (endpoint.id.clone(), endpoint.url.clone());
    log::write(log::Level::Warn, &format!("the endpoint {id} ({url}) is disabled: {reason}"));
    let description = endpoint.description.clone();
    let told = events::Endpoint { id, url, description, reason: reason.to_owned() };
    if let Err(error) = events::disabled(&told) {
        trap(&format!("{error:?}"));
    }
}

//! Deliveries in lists.

use quoin_sdk::db::{self, Row, Value};
use quoin_sdk::host::trap;
use quoin_sdk::types::Error;
use quoin_sdk::{cursor, fault, params};

use crate::bindings::exports::quoin::webhooks::webhooks::{Delivery, DeliveryState, Page};

/// A page of deliveries to an endpoint, the newest events first.
///
/// # Errors
/// `invalid` for a cursor that is none of ours.
pub fn list(
    endpoint: &str,
    state: Option<DeliveryState>,
    kind: Option<String>,
    event: Option<String>,
    before: Option<String>,
    limit: Option<u32>,
) -> Result<Page, Error> {
    let before = before.map_or(Ok(i64::MAX), |text| position(&text))?;
    let limit = cursor::limit(limit);
    let mut filter = String::new();
    let mut params: Vec<Value> = params![endpoint, before, limit + 1].to_vec();
    let state = state.map(|state| word(state).to_owned());
    for (column, wanted) in [("d.state", state), ("e.kind", kind), ("e.id", event)] {
        if let Some(wanted) = wanted {
            params.push(wanted.into());
            filter += &format!("AND {column} = ?{} ", params.len());
        }
    }
    let sql = format!(
        "SELECT d.event, d.state, d.tries, d.due, d.ended_at, d.status, d.error, e.id, e.kind, e.occurred_at
        FROM webhooks_delivery AS d JOIN webhooks_event AS e ON e.position = d.event
        WHERE d.endpoint = ?1 AND d.event < ?2 {filter}ORDER BY d.event DESC LIMIT ?3"
    );
    let mut rows = db::rows(&sql, &params);
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| more).map(|row| row.integer("event"));
    Ok(Page {
        items: rows.iter().map(view).collect(),
        next: last.map(|position| cursor::encode(&position.to_string())),
    })
}

fn position(text: &str) -> Result<i64, Error> {
    let position = cursor::decode(text).and_then(|key| key.parse().ok());
    let problem = "is not a cursor; use `next` of the page before";
    position.ok_or_else(|| Error::Invalid(vec![fault("cursor", problem)]))
}

fn word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => "waiting",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Failed => "failed",
    }
}

fn view(row: &Row) -> Delivery {
    let state = match row.text("state").as_str() {
        "waiting" => DeliveryState::Waiting,
        "delivered" => DeliveryState::Delivered,
        "failed" => DeliveryState::Failed,
        other => trap(&format!("a delivery has the state {other}")),
    };
    let waits = state == DeliveryState::Waiting;
    Delivery {
        event: row.text("id"),
        kind: row.text("kind"),
        occurred_at: row.number("occurred_at"),
        state,
        tries: row.number("tries"),
        due_at: waits.then(|| row.number("due")),
        ended_at: row.optional_integer("ended_at").map(i64::cast_unsigned),
        status: row.optional_integer("status").and_then(|status| status.try_into().ok()),
        error: row.optional_text("error"),
    }
}

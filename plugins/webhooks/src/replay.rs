//! Events that are sent again.

use quoin_sdk::db::{self, Value};
use quoin_sdk::host::clock;
use quoin_sdk::types::Error;
use quoin_sdk::{fault, params};

use crate::endpoint::Stored;
use crate::{event, wake};

/// Events that are sent again at once: what the shop's one writer is held for is bounded.
const REPLAYED_MAX: u32 = 10_000;

/// Sends events again to an endpoint, and returns how many.
///
/// # Errors
/// It is not said which, there is no such event, or they are too many.
pub fn replay(
    endpoint: &Stored,
    event: Option<String>,
    from: Option<u64>,
    to: Option<u64>,
) -> Result<u32, Error> {
    let now = clock::now();
    let (which, mut params): (&str, Vec<Value>) = match (&event, from) {
        (Some(_), Some(_)) | (None, None) => {
            return Err(Error::Invalid(vec![fault(
                "from",
                "say either which event, or from which time on",
            )]));
        }
        (Some(id), None) => ("e.id = ?1", params![id].to_vec()),
        (None, Some(from)) => {
            let to = to.unwrap_or(now);
            ("e.occurred_at BETWEEN ?1 AND ?2", params![from.min(MAX), to.min(MAX)].to_vec())
        }
    };
    let mut wanted = Vec::new();
    for kind in &endpoint.kinds {
        let (stem, any) = match kind.strip_suffix('*') {
            Some(stem) => (stem, "%"),
            None => (kind.as_str(), ""),
        };
        // Kinds have no character that stands for others.
        params.push(format!("{stem}{any}").into());
        wanted.push(format!(r"e.kind LIKE ?{} ESCAPE '\'", params.len()));
    }
    let wanted = wanted.join(" OR ");
    params.push(event::TEST.into());
    let test = params.len();
    let chosen =
        format!("FROM webhooks_event AS e WHERE {which} AND ({wanted}) AND e.kind <> ?{test}");
    let count = db::first(&format!("SELECT count(*) AS n {chosen}"), &params);
    let count: u32 = count.map_or(0, |row| row.number("n"));
    if count == 0
        && let Some(id) = event
    {
        let none = format!("there is no event {id} for this endpoint, or it is not kept any more");
        return Err(Error::NotFound(none));
    }
    if count > REPLAYED_MAX {
        let many = format!("are {count} events; at most {REPLAYED_MAX} are sent again at once");
        return Err(Error::Invalid(vec![fault("from", many)]));
    }
    params.extend(params![&endpoint.id, now]);
    let (id, due) = (params.len() - 1, params.len());
    let sql = format!(
        "INSERT INTO webhooks_delivery (endpoint, event, state, due)
        SELECT CAST(?{id} AS TEXT), e.position, 'waiting', CAST(?{due} AS BIGINT) {chosen}
        ON CONFLICT (endpoint, event) DO UPDATE SET state = 'waiting', tries = 0, due = excluded.due,
            first_tried = NULL, run = webhooks_delivery.run + 1, ended_at = NULL, status = NULL, error = NULL"
    );
    db::execute(&sql, &params);
    wake::wake(&endpoint.id, now);
    Ok(count)
}

/// The latest time that SQL knows.
const MAX: u64 = i64::MAX.cast_unsigned();

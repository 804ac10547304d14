//! Endpoints as they are stored.

use quoin_sdk::db::{self, Row};
use quoin_sdk::params;
use quoin_sdk::types::Error;

use crate::bindings::exports::quoin::webhooks::webhooks::{Endpoint, EndpointState};

/// An endpoint.
pub struct Stored {
    pub id: String,
    pub url: String,
    pub description: String,
    pub kinds: Vec<String>,
    /// `whsec_` and Base64.
    pub secret: String,
    pub old_secret: Option<String>,
    /// Until when deliveries are signed with the old secret, too, in milliseconds since 1970.
    pub old_until: u64,
    pub active: bool,
    pub reason: Option<String>,
    pub created_at: u64,
    pub failing_since: Option<u64>,
    /// Tries that have failed since one succeeded.
    pub failures: u32,
    /// Nothing is sent before, in milliseconds since 1970.
    pub rest_until: u64,
}

const SELECT: &str =
    "SELECT e.id, e.url, e.description, e.kinds, e.secret, e.old_secret, e.old_until, e.state,
    e.reason, e.created_at, e.failing_since, e.failures, e.rest_until FROM webhooks_endpoint AS e";

/// All of them, oldest first.
pub fn all() -> Vec<Stored> {
    let sql = format!("{SELECT} ORDER BY e.created_at, e.id");
    db::rows(&sql, &params![]).iter().map(read).collect()
}

/// The endpoint with this id, if there is one.
pub fn look(id: &str) -> Option<Stored> {
    let sql = format!("{SELECT} WHERE e.id = ?1");
    db::first(&sql, &params![id]).as_ref().map(read)
}

/// The endpoint with this id.
///
/// # Errors
/// There is none.
pub fn find(id: &str) -> Result<Stored, Error> {
    look(id).ok_or_else(|| Error::NotFound(format!("there is no endpoint {id}")))
}

/// The same, if it is sent to.
///
/// # Errors
/// There is none, or it is disabled.
pub fn active(id: &str) -> Result<Stored, Error> {
    let found = find(id)?;
    match found.active {
        true => Ok(found),
        false => Err(Error::Conflict("the endpoint is disabled; enable it first".into())),
    }
}

impl Stored {
    /// As its staff see it.
    pub fn view(&self) -> Endpoint {
        let sql = "SELECT count(*) AS n FROM webhooks_delivery AS d
            WHERE d.endpoint = ?1 AND d.state = 'waiting'";
        let waiting = db::first(sql, &params![&self.id]).map_or(0, |row| row.number("n"));
        Endpoint {
            id: self.id.clone(),
            url: self.url.clone(),
            description: self.description.clone(),
            kinds: self.kinds.clone(),
            state: match self.active {
                true => EndpointState::Active,
                false => EndpointState::Disabled,
            },
            reason: self.reason.clone(),
            created_at: self.created_at,
            failing_since: self.failing_since,
            old_secret_until: self.old_secret.as_ref().map(|_| self.old_until),
            waiting,
        }
    }
}

fn read(row: &Row) -> Stored {
    let time = |column| row.optional_integer(column).map(i64::cast_unsigned);
    Stored {
        id: row.text("id"),
        url: row.text("url"),
        description: row.text("description"),
        kinds: row.text("kinds").split(' ').map(str::to_owned).collect(),
        secret: row.text("secret"),
        old_secret: row.optional_text("old_secret"),
        old_until: row.number("old_until"),
        active: row.text("state") == "active",
        reason: row.optional_text("reason"),
        created_at: row.number("created_at"),
        failing_since: time("failing_since"),
        failures: row.number("failures"),
        rest_until: row.number("rest_until"),
    }
}

//! Payments that somebody may still have to do something about.

use quoin_sdk::{cursor, db, fault, params};

use crate::bindings::exports::quoin::payment::provider::{Error, Page};
use crate::payment::Stored;

/// A page of a method's open payments, oldest first.
///
/// # Errors
/// `invalid` for a cursor that is none of ours.
pub fn list(method: &str, after: Option<String>, limit: Option<u32>) -> Result<Page, Error> {
    let (since, id) = match after {
        Some(after) => position(&after).ok_or_else(|| {
            let problem = "is not a cursor; use `next` of the page before";
            Error::Invalid(vec![fault("cursor", problem)])
        })?,
        None => (0, String::new()),
    };
    let limit = cursor::limit(limit);
    let rows = db::rows(
        "SELECT * FROM payment_card_payment
         WHERE method = ?1 AND is_open = 1 AND (created_at, id) > (?2, ?3)
         ORDER BY created_at, id LIMIT ?4",
        &params![method, since, id, limit + 1],
    );
    let mut found: Vec<Stored> = rows.iter().map(Stored::read).collect();
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let last = found.last().filter(|_| more);
    Ok(Page {
        next: last.map(|p| cursor::encode(&format!("{} {}", p.created_at, p.id))),
        items: found.iter().map(Stored::view).collect(),
    })
}

fn position(cursor: &str) -> Option<(i64, String)> {
    let key = cursor::decode(cursor)?;
    let (since, id) = key.split_once(' ')?;
    Some((since.parse().ok()?, id.into()))
}

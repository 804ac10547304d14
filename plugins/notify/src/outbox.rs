//! The mails that were asked for, a row each.

use quoin_sdk::db::{self, Row, Value};
use quoin_sdk::host::{clock, later, trap};
use quoin_sdk::types::{Error, Money};
use quoin_sdk::{cursor, fault, id, params};
use serde::{Deserialize, Serialize};

use crate::bindings::exports::quoin::notify::mails::{Kind, Mail, MailState, Page};
use crate::bindings::exports::quoin::order::events::Subject;
use crate::bindings::quoin::notify::delivery;
use crate::bindings::quoin::order::orders::Pieces;
use crate::kind::Word;

/// Milliseconds that a mail is remembered: a year, in which buyers ask where it is.
const KEPT_MS: u64 = 365 * 24 * 3_600_000;
/// Old ones that go with a new one: more than come, and few for one request.
const GONE_AT_ONCE: u32 = 20;

/// What an event changed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Change {
    /// Minor units.
    pub amount: i64,
    /// Lines and how many of each.
    pub pieces: Vec<(String, u32)>,
    /// Why.
    pub reason: String,
}

impl Change {
    /// Money moved.
    pub fn of(amount: &Money) -> Change {
        Change { amount: amount.minor, ..Change::default() }
    }

    /// Goods moved, or will not.
    pub fn moved(pieces: &[Pieces], reason: &str) -> Change {
        let pieces = pieces.iter().map(|part| (part.line.clone(), part.quantity)).collect();
        Change { amount: 0, pieces, reason: reason.into() }
    }
}

/// A mail that waits, with what it is to tell.
pub struct Waiting {
    pub id: String,
    pub kind: Kind,
    pub order: String,
    pub recipient: String,
    pub change: Change,
    pub tries: u32,
}

/// Whether a mail about this was asked for.
pub fn is_known(kind: Kind, order: &Subject) -> bool {
    let sql = "SELECT id FROM notify_mail WHERE order_id = ?1 AND kind = ?2 AND revision = ?3";
    db::first(sql, &params![&order.id, kind.word(), order.revision]).is_some()
}

/// Asks for a mail, and lets some go that are old.
pub fn add(kind: Kind, order: &Subject, change: &Change) {
    let (id, now) = (id::random("mail"), clock::now());
    let change = serde_json::to_string(change).unwrap_or_else(|e| trap(&e.to_string()));
    let sql = "UPDATE notify_counter SET value = value + 1 WHERE name = 'mail' RETURNING value";
    let position = db::first(sql, &[]).map(|row| row.integer("value"));
    let position = position.unwrap_or_else(|| trap("the counter of mails is gone"));
    db::execute(
        "INSERT INTO notify_mail (id, position, kind, order_id, number, revision, recipient, change,
             state, tries, created_at, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'waiting', 0, ?9, ?9)",
        &params![
            &id,
            position,
            kind.word(),
            &order.id,
            &order.number,
            order.revision,
            &order.email,
            &change,
            now
        ],
    );
    db::execute(
        "DELETE FROM notify_mail WHERE id IN (SELECT id FROM notify_mail
             WHERE created_at < ?1 AND state <> 'waiting' ORDER BY created_at LIMIT ?2)",
        &params![now.saturating_sub(KEPT_MS), GONE_AT_ONCE],
    );
    ask(&id, now);
}

/// Has a mail sent at this time.
fn ask(id: &str, at: u64) {
    later::at(at);
    later::key(id);
    if delivery::deliver(id).is_err() {
        trap("a mail was sent at once, and not later");
    }
}

/// The mail, if it waits.
pub fn waiting(id: &str) -> Option<Waiting> {
    let sql = "SELECT * FROM notify_mail WHERE id = ?1 AND state = 'waiting'";
    let row = db::first(sql, &params![id])?;
    let change = serde_json::from_str(&row.text("change"));
    Some(Waiting {
        id: row.text("id"),
        kind: Kind::read(&row.text("kind")),
        order: row.text("order_id"),
        recipient: row.text("recipient"),
        change: change.unwrap_or_else(|e| trap(&e.to_string())),
        tries: row.number("tries"),
    })
}

/// It was taken on, in this language.
pub fn sent(mail: &Waiting, locale: &str, message_id: &str) {
    db::execute(
        "UPDATE notify_mail SET state = 'sent', tries = tries + 1, problem = NULL, locale = ?2,
             message_id = ?3, changed_at = ?4
         WHERE id = ?1",
        &params![&mail.id, locale, message_id, clock::now()],
    );
}

/// It was not, and will not be.
pub fn failed(mail: &Waiting, problem: &str) {
    let sql =
        "UPDATE notify_mail SET state = 'failed', tries = tries + 1, problem = ?2, changed_at = ?3
         WHERE id = ?1";
    db::execute(sql, &params![&mail.id, problem, clock::now()]);
}

/// It was not, and is tried again after so many milliseconds.
pub fn put_off(mail: &Waiting, problem: &str, wait: u64) {
    let now = clock::now();
    let sql =
        "UPDATE notify_mail SET tries = tries + 1, problem = ?2, changed_at = ?3 WHERE id = ?1";
    db::execute(sql, &params![&mail.id, problem, now]);
    ask(&mail.id, now + wait);
}

/// Sends one again that has failed.
///
/// # Errors
/// `not-found`, or `conflict` where it has not failed.
pub fn again(id: &str) -> Result<Mail, Error> {
    let find = || db::first("SELECT * FROM notify_mail WHERE id = ?1", &params![id]);
    let Some(row) = find() else { return Err(Error::NotFound("there is no such mail".into())) };
    if MailState::read(&row.text("state")) != MailState::Failed {
        let state = row.text("state");
        return Err(Error::Conflict(format!(
            "the mail is {state}: only one that failed is sent again"
        )));
    }
    let now = clock::now();
    let sql = "UPDATE notify_mail SET state = 'waiting', tries = 0, changed_at = ?2 WHERE id = ?1";
    db::execute(sql, &params![id, now]);
    ask(id, now);
    find().map(|row| shown(&row)).ok_or_else(|| Error::NotFound("there is no such mail".into()))
}

/// A page of mails, newest first.
///
/// # Errors
/// `invalid` for a cursor that is none of ours.
pub fn list(
    state: Option<MailState>,
    order: Option<String>,
    before: Option<String>,
    limit: Option<u32>,
) -> Result<Page, Error> {
    let before = before.map_or(Ok(i64::MAX), |text| position(&text))?;
    let limit = cursor::limit(limit);
    let (mut filter, mut wanted): (String, Vec<Value>) = Default::default();
    let state = state.map(|state| ("state", Value::from(state.word())));
    let order = order.map(|order| ("order_id", Value::from(order.as_str())));
    for (column, value) in state.into_iter().chain(order) {
        wanted.push(value);
        filter += &format!("{column} = ?{} AND ", wanted.len());
    }
    let (last, most) = (wanted.len() + 1, wanted.len() + 2);
    let sql = format!(
        "SELECT * FROM notify_mail WHERE {filter} position < ?{last} ORDER BY position DESC LIMIT ?{most}"
    );
    let mut rows = db::rows(&sql, &[wanted.as_slice(), &params![before, limit + 1]].concat());
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| more).map(|row| row.integer("position"));
    Ok(Page {
        items: rows.iter().map(shown).collect(),
        next: last.map(|position| cursor::encode(&position.to_string())),
    })
}

fn position(text: &str) -> Result<i64, Error> {
    let position = cursor::decode(text).and_then(|key| key.parse().ok());
    let problem = "is not a cursor; use `next` of the page before";
    position.ok_or_else(|| Error::Invalid(vec![fault("cursor", problem)]))
}

fn shown(row: &Row) -> Mail {
    Mail {
        id: row.text("id"),
        kind: Kind::read(&row.text("kind")),
        order: row.text("order_id"),
        number: row.text("number"),
        recipient: row.text("recipient"),
        locale: row.optional_text("locale"),
        state: MailState::read(&row.text("state")),
        tries: row.number("tries"),
        problem: row.optional_text("problem"),
        message_id: row.optional_text("message_id"),
        created_at: row.number("created_at"),
        changed_at: row.number("changed_at"),
    }
}

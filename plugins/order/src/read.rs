//! Orders as callers see them.

use quoin_sdk::db::{self, Row, Value};
use quoin_sdk::types::Money;
use quoin_sdk::{cursor, fault, params};

use crate::bindings::exports::quoin::order::orders::{
    Error, FulfilledLine, Order, OrderState, Page, Summary,
};
use crate::state::Word;
use crate::{history, snapshot};

/// The order whose `column` (a unique one) has this value.
///
/// # Errors
/// `not-found`.
pub fn by(column: &str, value: &str) -> Result<Order, Error> {
    row(column, value).map(|row| order(&row)).ok_or_else(not_found)
}

/// The row of that order, without its lines and history.
pub fn row(column: &str, value: &str) -> Option<Row> {
    db::first(&format!("SELECT * FROM placed WHERE {column} = ?1"), &params![value])
}

/// Nothing is said about what was asked for: it may be a guess.
pub fn not_found() -> Error {
    Error::NotFound("there is no such order".into())
}

/// The whole order of a row.
pub fn order(row: &Row) -> Order {
    let id = row.text("id");
    Order {
        number: row.text("number"),
        revision: row.number("revision"),
        placed_at: row.number("placed_at"),
        state: Word::read(&row.text("state")),
        payment: Word::read(&row.text("payment")),
        fulfilment: Word::read(&row.text("fulfilment")),
        fulfilled: sent(&id),
        snapshot: snapshot::read(row),
        history: history::events(&id),
        id,
    }
}

/// What was sent of an order so far, by SKU.
pub fn sent(order: &str) -> Vec<FulfilledLine> {
    let sql = "SELECT sku, quantity FROM sent WHERE order_id = ?1 ORDER BY sku";
    let line = |row: &Row| FulfilledLine { sku: row.text("sku"), quantity: row.number("quantity") };
    db::rows(sql, &params![order]).iter().map(line).collect()
}

/// A page of orders, newest first.
///
/// # Errors
/// `invalid` for a cursor that is none of ours.
pub fn list(
    state: Option<OrderState>,
    after: Option<String>,
    limit: Option<u32>,
) -> Result<Page, Error> {
    let before: i64 = match &after {
        None => i64::MAX,
        Some(after) => match cursor::decode(after).and_then(|key| key.parse().ok()) {
            Some(position) => position,
            None => {
                let problem = "is not a cursor; use `next` of the page before";
                return Err(Error::Invalid(vec![fault("cursor", problem)]));
            }
        },
    };
    let limit = cursor::limit(limit);
    let mut filter = "1 = 1";
    let mut params = params![before, limit + 1].to_vec();
    let mut count: Vec<Value> = Vec::new();
    if let Some(state) = state {
        filter = "state = ?3";
        params.extend(params![state.word()]);
        count.extend(params![state.word()]);
    }
    let sql = format!(
        "SELECT * FROM placed WHERE {filter} AND position < ?1 ORDER BY position DESC LIMIT ?2"
    );
    let mut rows = db::rows(&sql, &params);
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| more).map(|row| row.integer("position"));
    let sql = format!("SELECT count(*) AS total FROM placed WHERE {}", filter.replace("?3", "?1"));
    Ok(Page {
        items: rows.iter().map(summary).collect(),
        next: last.map(|position| cursor::encode(&position.to_string())),
        total: db::first(&sql, &count).map_or(0, |row| row.number("total")),
    })
}

fn summary(row: &Row) -> Summary {
    Summary {
        id: row.text("id"),
        number: row.text("number"),
        placed_at: row.number("placed_at"),
        email: row.text("email"),
        grand: Money::new(row.integer("grand"), row.text("currency")),
        state: Word::read(&row.text("state")),
        payment: Word::read(&row.text("payment")),
        fulfilment: Word::read(&row.text("fulfilment")),
    }
}

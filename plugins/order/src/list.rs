//! Orders in lists.

use quoin_sdk::db::{self, Row, Value};
use quoin_sdk::types::Money;
use quoin_sdk::{cursor, fault, params};

use crate::bindings::exports::quoin::order::order_admin::{Page, Summary};
use crate::bindings::exports::quoin::order::orders::{Error, OrderState, PaymentState};
use crate::state::Word;

/// A page of orders in these states, newest first.
///
/// # Errors
/// `invalid` for a cursor that is none of ours.
pub fn list(
    state: Option<OrderState>,
    payment: Option<PaymentState>,
    before: Option<String>,
    limit: Option<u32>,
) -> Result<Page, Error> {
    let before = before.map_or(Ok(i64::MAX), |text| position(&text))?;
    let mut filter = String::new();
    let mut states: Vec<Value> = Vec::new();
    let wanted = [("state", state.map(Word::word)), ("payment", payment.map(Word::word))];
    for (column, word) in wanted.into_iter().filter_map(|(c, word)| Some((c, word?))) {
        states.push(word.into());
        filter += &format!("{column} = ?{} AND ", states.len());
    }
    let limit = cursor::limit(limit);
    let (last, most) = (states.len() + 1, states.len() + 2);
    let sql = format!(
        "SELECT * FROM order_placed WHERE {filter} position < ?{last} ORDER BY position DESC LIMIT ?{most}"
    );
    let params = [states.as_slice(), &params![before, limit + 1]].concat();
    let mut rows = db::rows(&sql, &params);
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| more).map(|row| row.integer("position"));
    Ok(Page {
        items: rows.iter().map(summary).collect(),
        next: last.map(|position| cursor::encode(&position.to_string())),
    })
}

fn position(text: &str) -> Result<i64, Error> {
    let position = cursor::decode(text).and_then(|key| key.parse().ok());
    let problem = "is not a cursor; use `next` of the page before";
    position.ok_or_else(|| Error::Invalid(vec![fault("cursor", problem)]))
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

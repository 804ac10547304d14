//! Orders as callers see them.

use quoin_sdk::db::{self, Row};
use quoin_sdk::params;
use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::order::orders::{Error, Order, Pieces};
use crate::state::Word;
use crate::{goods, history, snapshot};

/// The order whose `column` (a unique one) has this value.
///
/// # Errors
/// `not-found`, which says nothing about what was asked for: it may be a guess.
pub fn by(column: &str, value: &str) -> Result<Order, Error> {
    let found = row(column, value).map(|row| order(&row));
    found.ok_or_else(|| Error::NotFound("there is no such order".into()))
}

/// The row of that order, without its lines and history.
pub fn row(column: &str, value: &str) -> Option<Row> {
    db::first(&format!("SELECT * FROM order_placed WHERE {column} = ?1"), &params![value])
}

/// The whole order of a row.
pub fn order(row: &Row) -> Order {
    let id = row.text("id");
    let sql = "SELECT * FROM order_line WHERE order_id = ?1 ORDER BY position";
    let lines = db::rows(sql, &params![&id]);
    let currency = row.text("currency");
    let money = |column: &str| Money::new(row.integer(column), currency.as_str());
    let mut order = Order {
        number: row.text("number"),
        revision: row.number("revision"),
        placed_at: row.number("placed_at"),
        state: Word::read(&row.text("state")),
        payment: Word::read(&row.text("payment")),
        captured: money("captured"),
        refunded: money("refunded"),
        fulfilment: Word::read(&row.text("fulfilment")),
        shipped: pieces(&lines, "shipped"),
        returned: pieces(&lines, "returned"),
        cancelled: pieces(&lines, "cancelled"),
        due: money("grand"),
        snapshot: snapshot::read(row, &lines),
        payment_method: row.text("payment_method"),
        payment_id: row.text("payment_id"),
        history: history::events(&id, &currency),
        id,
    };
    order.due = goods::due(&order);
    order
}

/// The lines of which there are pieces in this column, and how many.
fn pieces(lines: &[Row], column: &str) -> Vec<Pieces> {
    let of = |row: &Row| Pieces { line: row.text("id"), quantity: row.number(column) };
    lines.iter().map(of).filter(|pieces| pieces.quantity > 0).collect()
}

//! Placing an order.

use quoin_sdk::host::{clock, configured, trap};
use quoin_sdk::types::{Money, Snapshot};
use quoin_sdk::{db, id, params};

use crate::bindings::exports::quoin::order::orders::{
    Error, FulfilmentState, Order, OrderState, PaymentState,
};
use crate::state::Word;
use crate::{check, events, history, read, snapshot};

/// Makes an order with the next number, or finds the one that this key made.
///
/// # Errors
/// `invalid` with what is wrong in the draft, `conflict` when the key made another order.
pub fn create(
    key: &str,
    draft: Snapshot,
    payment_method: String,
    payment_id: String,
    payment: PaymentState,
) -> Result<Order, Error> {
    check::order(key, &draft, [&payment_method, &payment_id], payment)?;
    if let Some(row) = read::row("key", key) {
        let before = read::order(&row);
        let paid_by = (&before.payment_method, &before.payment_id);
        return if before.snapshot == draft && paid_by == (&payment_method, &payment_id) {
            Ok(before)
        } else {
            Err(Error::Conflict("this key was used for another order".into()))
        };
    }
    let position = next_position();
    let number = format!("{}{position}", prefix());
    let captured = if payment == PaymentState::Paid { draft.grand.minor } else { 0 };
    let money = |minor| Money::new(minor, draft.grand.currency.as_str());
    let mut order = Order {
        id: id::random("order"),
        number,
        revision: 1,
        placed_at: clock::now(),
        state: OrderState::Open,
        payment,
        captured: money(captured),
        refunded: money(0),
        fulfilment: FulfilmentState::Unfulfilled,
        shipped: Vec::new(),
        returned: Vec::new(),
        cancelled: Vec::new(),
        due: draft.grand.clone(),
        snapshot: draft,
        payment_method,
        payment_id,
        history: Vec::new(),
    };
    insert(key, position, &order);
    snapshot::write(&order.id, &order.snapshot);
    let what = format!("order placed, payment {}", payment.word());
    history::append(&mut order, &what, captured);
    events::placed(&order);
    Ok(order)
}

fn insert(key: &str, position: i64, order: &Order) {
    let draft = &order.snapshot;
    db::execute(
        "INSERT INTO order_placed (id, key, position, number, placed_at, revision, state, payment,
             captured, refunded, fulfilment, cart_id, email, currency, tax_included, subtotal, grand,
             payment_method, payment_id)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, 0, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        &params![
            &order.id,
            key,
            position,
            &order.number,
            order.placed_at,
            order.state.word(),
            order.payment.word(),
            order.captured.minor,
            order.fulfilment.word(),
            &draft.cart_id,
            &draft.email,
            &draft.grand.currency,
            draft.tax_included,
            draft.subtotal.minor,
            draft.grand.minor,
            &order.payment_method,
            &order.payment_id,
        ],
    );
}

/// The next number. The row stays locked until the order is committed or rolled back with it.
fn next_position() -> i64 {
    let sql = "UPDATE order_counter SET value = value + 1 WHERE name = 'order' RETURNING value";
    match db::first(sql, &[]) {
        Some(row) => row.integer("value"),
        None => trap("the counter of orders is gone"),
    }
}

/// The configured prefix. It ends in no digit, so that numbers stay unique when a shop changes it.
fn prefix() -> String {
    let prefix = configured("prefix");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let ends_in_digit = prefix.ends_with(|c: char| c.is_ascii_digit());
    if prefix.len() > 16 || !prefix.bytes().all(plain) || ends_in_digit {
        trap(
            "the configuration key prefix must be up to 16 letters, digits, - and _, the last one no digit",
        )
    }
    prefix
}

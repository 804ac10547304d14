//! Making an order.

use quoin_sdk::db;
use quoin_sdk::host::{clock, configured, trap};
use quoin_sdk::{id, params};

use crate::bindings::exports::quoin::order::orders::{
    Draft, Error, FulfilmentState, Order, OrderState, PaymentState,
};
use crate::state::Word;
use crate::{check, history, read, snapshot};

/// Makes an order with the next number, or answers with the one that was made with this key.
///
/// # Errors
/// `invalid` for a draft that cannot be an order, `conflict` when the key was used for another draft.
pub fn create(key: &str, draft: Draft, payment: PaymentState) -> Result<Order, Error> {
    check::draft(key, &draft, payment)?;
    if let Ok(before) = read::by("key", key) {
        return if before.snapshot == draft {
            Ok(before)
        } else {
            Err(Error::Conflict("this key was used for another order".into()))
        };
    }
    let prefix = prefix();
    let position = next_position();
    let id = id::random("order");
    db::execute(
        "INSERT INTO placed (id, key, position, number, placed_at, revision, state, payment, fulfilment,
             cart_id, email, currency, subtotal, grand, payment_method, payment_id)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        &params![
            &id,
            key,
            position,
            format!("{prefix}{position}"),
            clock::now(),
            OrderState::Open.word(),
            payment.word(),
            FulfilmentState::Unfulfilled.word(),
            &draft.cart_id,
            &draft.email,
            &draft.grand.currency,
            draft.subtotal.minor,
            draft.grand.minor,
            &draft.payment_method,
            &draft.payment_id,
        ],
    );
    snapshot::write(&id, &draft);
    history::append(&id, &format!("order placed, payment {}", payment.word()));
    read::by("id", &id)
}

/// The next number. The row stays locked until the order is committed or rolled back with it.
fn next_position() -> i64 {
    let sql = "UPDATE counter SET value = value + 1 WHERE name = 'order' RETURNING value";
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

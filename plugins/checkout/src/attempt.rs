//! Which keys of buyers' requests were used, and for what.

use quoin_sdk::types::Error;
use quoin_sdk::{db, params};

/// The declined payment that answers a request with this key, if one does.
///
/// # Errors
/// `conflict` when the key was used for something else.
pub fn declined(key: &str, cart: &str, method: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT * FROM checkout_attempt WHERE key = ?1";
    match db::first(sql, &params![key]) {
        Some(row) if row.text("cart_id") != cart || row.text("payment_method") != method => {
            Err(Error::Conflict("this key was used for another cart, or another way to pay".into()))
        }
        row => Ok(row.and_then(|row| row.optional_text("declined_payment"))),
    }
}

/// Keeps what was asked for with this key, unless it is kept already.
pub fn keep(key: &str, cart: &str, method: &str, declined_payment: Option<&str>) {
    db::execute(
        "INSERT INTO checkout_attempt (key, cart_id, payment_method, declined_payment)
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO NOTHING",
        &params![key, cart, method, declined_payment],
    );
}

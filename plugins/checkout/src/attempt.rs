//! Which keys of buyers' requests were used, and for what.

use quoin_sdk::types::Error;
use quoin_sdk::{db, params};

/// Takes a key for this cart and way to pay, which is a `conflict` when it was used for something else, and
/// returns the declined payment that answers it, if one does. A request that fails leaves the key free.
pub fn claim(key: &str, cart: &str, method: &str) -> Result<Option<String>, Error> {
    db::execute(
        "INSERT INTO checkout_attempt (key, cart_id, payment_method) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO NOTHING",
        &params![key, cart, method],
    );
    let sql = "SELECT declined_payment FROM checkout_attempt
         WHERE key = ?1 AND cart_id = ?2 AND payment_method = ?3";
    let why = "this key was used for another cart, or another way to pay";
    let row = db::first(sql, &params![key, cart, method]);
    Ok(row.ok_or_else(|| Error::Conflict(why.into()))?.optional_text("declined_payment"))
}

/// Keeps that a key is answered with a declined payment.
pub fn decline(key: &str, payment: &str) {
    let sql = "UPDATE checkout_attempt SET declined_payment = ?2 WHERE key = ?1";
    db::execute(sql, &params![key, payment]);
}

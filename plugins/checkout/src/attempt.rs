//! Which keys of buyers' requests were used, and for what.

use quoin_sdk::types::Error;
use quoin_sdk::{db, params};

/// The declined payment that answers a request with this key, if one does; `conflict` when the key was used for
/// another cart or another way to pay.
pub fn declined(key: &str, cart: &str, method: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT * FROM checkout_attempt WHERE key = ?1";
    let Some(row) = db::first(sql, &params![key]) else { return Ok(None) };
    if (row.text("cart_id").as_str(), row.text("payment_method").as_str()) != (cart, method) {
        let why = "this key was used for another cart, or another way to pay";
        return Err(Error::Conflict(why.into()));
    }
    Ok(row.optional_text("declined_payment"))
}

/// Keys that are kept of a cart: more than there are good reasons for, and no cart fills the shop's disk.
const KEYS_MAX: u32 = 100;

/// Keeps what a key was used for: a payment that was declined, or an order.
pub fn keep(key: &str, cart: &str, method: &str, declined: Option<&str>) {
    db::execute(
        "INSERT INTO checkout_attempt (key, cart_id, payment_method, declined_payment)
         SELECT ?1, ?2, ?3, ?4 WHERE
             (SELECT count(*) FROM checkout_attempt WHERE cart_id = ?2) < ?5
         ON CONFLICT (key) DO NOTHING",
        &params![key, cart, method, declined, KEYS_MAX],
    );
}

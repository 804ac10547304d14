//! The plugin's own record of what is complete, and with it the one lock of a checkout: the first
//! statement of a call waits for the database's only writer, which the call then has until it ends.

use quoin_sdk::{db, params};

use crate::bindings::exports::quoin::checkout::checkout::Error;
use crate::error::conflict;

/// The right to decide about a cart. While a call has it, no other call decides about any cart.
pub struct Journal {
    cart: String,
    complete: bool,
}

impl Journal {
    /// Waits until no other call decides.
    pub fn lock(cart: &str) -> Journal {
        let row = db::first("SELECT order_id FROM placement WHERE cart_id = ?1", &params![cart]);
        Journal { cart: cart.into(), complete: row.is_some() }
    }

    /// Whether nothing is left to do for the cart's order.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// # Errors
    /// `conflict` when the key was used for another cart.
    pub fn check_key(&self, key: Option<&str>) -> Result<(), Error> {
        let Some(key) = key else { return Ok(()) };
        let sql = "SELECT cart_id FROM placement WHERE key = ?1";
        match db::first(sql, &params![key]) {
            Some(row) if row.text("cart_id") != self.cart => {
                Err(conflict("this idempotency key was used for another cart; use a new one"))
            }
            _ => Ok(()),
        }
    }

    /// Records that the cart's order is complete.
    pub fn complete(&mut self, order: &str, key: Option<&str>) {
        let sql = "INSERT INTO placement (cart_id, order_id, key) VALUES (?1, ?2, ?3)";
        db::execute(sql, &params![&self.cart, order, key]);
        self.complete = true;
    }
}

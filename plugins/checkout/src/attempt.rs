//! What buyers asked for: with which keys, and what became an order.

use quoin_sdk::db::{self, Statement, statement};
use quoin_sdk::params;
use quoin_sdk::types::Error;

use crate::orders::Order;

/// Keys that are kept of a cart: more than there are good reasons for, and no cart fills the shop's disk.
const KEYS_MAX: u32 = 100;

/// The order that a payment is for.
pub fn order_of(method: &str, payment: &str) -> Option<String> {
    let sql = "SELECT order_id FROM checkout_payment WHERE method = ?1 AND payment_id = ?2";
    db::first(sql, &params![method, payment]).map(|row| row.text("order_id"))
}

/// What a buyer asks for: this cart, as he saw it, paid in this way.
pub struct Asked<'a> {
    pub cart: &'a str,
    pub revision: u64,
    pub method: &'a str,
}

impl Asked<'_> {
    /// The declined payment that answers a request with this key, if one does.
    ///
    /// # Errors
    /// `conflict` when the key was used for something else.
    pub fn declined(&self, key: &str) -> Result<Option<String>, Error> {
        let sql = "SELECT * FROM checkout_attempt WHERE key = ?1";
        let Some(row) = db::first(sql, &params![key]) else { return Ok(None) };
        let (cart, method) = (row.text("cart_id"), row.text("payment_method"));
        let used = Asked { cart: &cart, revision: row.number("revision"), method: &method };
        if !self.is(&used) {
            let why =
                "this key was used for another cart, another revision of it, or another way to pay";
            return Err(Error::Conflict(why.into()));
        }
        Ok(row.optional_text("declined_payment"))
    }

    /// Sees that this is what the cart's order was made of.
    ///
    /// # Errors
    /// `conflict` where it is not: the buyer would take the order for another one.
    pub fn became(&self, order: &Order) -> Result<(), Error> {
        let sql = "SELECT revision FROM checkout_placed WHERE cart_id = ?1";
        let revision = db::first(sql, &params![self.cart]).map(|row| row.number("revision"));
        let revision = revision.unwrap_or(self.revision);
        let placed = Asked { cart: self.cart, revision, method: &order.payment_method };
        if self.is(&placed) {
            return Ok(());
        }
        Err(Error::Conflict(format!(
            "the cart was ordered already, with the revision {revision} and paid by {}: look at the order \
             {}, or start another cart",
            order.payment_method, order.id
        )))
    }

    /// Keeps what a key was used for: a payment that was declined, or an order.
    pub fn keep(&self, key: &str, declined: Option<&str>) {
        db::batch(&[self.used(key, declined)]);
    }

    /// Keeps that this order is made of it.
    pub fn place(&self, key: Option<&str>, order: &Order) {
        let placed = statement(
            "INSERT INTO checkout_placed (cart_id, revision) VALUES (?1, ?2)
             ON CONFLICT (cart_id) DO UPDATE SET revision = excluded.revision",
            &params![self.cart, self.revision],
        );
        let paid = statement(
            "INSERT INTO checkout_payment (method, payment_id, order_id) VALUES (?1, ?2, ?3)
             ON CONFLICT (method, payment_id) DO UPDATE SET order_id = excluded.order_id",
            &params![&order.payment_method, &order.payment_id, &order.id],
        );
        let used = key.map(|key| self.used(key, None));
        db::batch(&Vec::from_iter([placed, paid].into_iter().chain(used)));
    }

    fn used(&self, key: &str, declined: Option<&str>) -> Statement {
        statement(
            "INSERT INTO checkout_attempt (key, cart_id, revision, payment_method, declined_payment)
             SELECT ?1, ?2, ?3, ?4, ?5 WHERE
                 (SELECT count(*) FROM checkout_attempt WHERE cart_id = ?2) < ?6
             ON CONFLICT (key) DO NOTHING",
            &params![key, self.cart, self.revision, self.method, declined, KEYS_MAX],
        )
    }

    fn is(&self, other: &Asked) -> bool {
        (self.cart, self.revision, self.method) == (other.cart, other.revision, other.method)
    }
}

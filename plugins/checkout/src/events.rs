//! What payment plugins tell by themselves: the order goes on, whether or not anybody asks for it.

use quoin_sdk::types::Error;

use crate::bindings::exports::quoin::payment::events::Guest;
use crate::paid::{By, settle};
use crate::{Plugin, attempt, orders, provider};

impl Guest for Plugin {
    /// It may be told often, late and of payments that are for no order: what is done about it follows from
    /// how order and payment are now.
    fn changed(method: String, payment: String) -> Result<(), Error> {
        let Some(order) = attempt::order_of(&method, &payment) else { return Ok(()) };
        let payment = match provider::get(&method, &payment) {
            Err(Error::NotFound(_)) => return Ok(()),
            found => found?,
        };
        settle(orders::get(&order)?, payment, 0, By::Itself).map(drop)
    }
}

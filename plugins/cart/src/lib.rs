//! Carts: what somebody is about to buy.
//!
//! Every change of the lines asks the catalogue, pricing and inventory once for all lines together,
//! and stores their answers, so that reading a cart needs nobody else.

mod assess;
mod change;
mod ready;
mod settings;
mod store;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:cart-plugin;
            world plugin {
                import quoin:catalog/products@0.1.0;
                import quoin:pricing/quotes@0.1.0;
                import quoin:inventory/stock@0.1.0;
                export quoin:cart/carts@0.1.0;
                export quoin:cart/cart-steps@0.1.0;
            }",
        path: [
            "../../wit/types",
            "../../wit/catalog",
            "../../wit/pricing",
            "../../wit/inventory",
            "../../wit/cart",
        ],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        generate_all,
        additional_derives: [Clone, PartialEq],
    });
    use super::Plugin;
    export!(Plugin);
}

use bindings::exports::quoin::cart::cart_steps;
use bindings::exports::quoin::cart::carts::{self, Cart};
use quoin_sdk::types::{Address, Error, Field, Snapshot};

struct Plugin;

impl carts::Guest for Plugin {
    fn create(currency: Option<String>) -> Result<Cart, Error> {
        change::create(currency)
    }

    fn get(id: String) -> Result<Cart, Error> {
        store::current(&id)
    }

    fn add_line(
        id: String,
        variant: String,
        quantity: u32,
        fields: Option<Vec<Field>>,
        revision: Option<u64>,
    ) -> Result<Cart, Error> {
        change::add_line(&id, variant, quantity, fields.unwrap_or_default(), revision)
    }

    fn set_quantity(
        id: String,
        line: String,
        quantity: u32,
        revision: Option<u64>,
    ) -> Result<Cart, Error> {
        change::set_quantity(&id, &line, quantity, revision)
    }

    fn remove_line(id: String, line: String, revision: Option<u64>) -> Result<Cart, Error> {
        change::set_quantity(&id, &line, 0, revision)
    }

    fn set_contact(
        id: String,
        email: String,
        address: Option<Address>,
        revision: Option<u64>,
    ) -> Result<Cart, Error> {
        change::set_contact(&id, email, address, revision)
    }

    fn recalculate(id: String) -> Result<Cart, Error> {
        change::recalculate(&id)
    }
}

impl cart_steps::Guest for Plugin {
    fn ready(id: String, revision: u64) -> Result<Snapshot, Error> {
        ready::ready(&id, revision)
    }

    fn mark_ordered(id: String, order_id: String) -> Result<Cart, Error> {
        change::mark_ordered(&id, order_id)
    }
}

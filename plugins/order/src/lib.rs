//! Orders: what was bought, as it was; and what happened to it since.

mod change;
mod check;
mod create;
mod history;
mod read;
mod snapshot;
mod state;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:order-plugin;
            world plugin {
                export quoin:order/orders@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/order"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        additional_derives: [Clone, PartialEq],
    });
    use super::Plugin;
    export!(Plugin);
}

use bindings::exports::quoin::order::orders;
use orders::{Draft, Error, FulfilledLine, Order, OrderState, Page, PaymentState};

struct Plugin;

impl orders::Guest for Plugin {
    fn create(key: String, draft: Draft, payment: PaymentState) -> Result<Order, Error> {
        create::create(&key, draft, payment)
    }

    fn get(id: String) -> Result<Order, Error> {
        read::by("id", &id)
    }

    fn get_by_number(number: String) -> Result<Order, Error> {
        read::by("number", &number)
    }

    fn get_by_key(key: String) -> Result<Order, Error> {
        read::by("key", &key)
    }

    fn list_orders(
        state: Option<OrderState>,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<Page, Error> {
        read::list(state, cursor, limit)
    }

    fn set_payment(id: String, payment: PaymentState) -> Result<Order, Error> {
        change::set_payment(&id, payment)
    }

    fn fulfil(
        id: String,
        lines: Vec<FulfilledLine>,
        revision: Option<u64>,
    ) -> Result<Order, Error> {
        change::fulfil(&id, &lines, revision)
    }

    fn cancel(id: String, reason: String) -> Result<Order, Error> {
        change::cancel(&id, &reason)
    }
}

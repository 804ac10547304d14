//! Orders: what was bought, as it was; and what happened to it since.

mod change;
mod check;
mod create;
mod events;
mod goods;
mod history;
mod list;
mod read;
mod snapshot;
mod state;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:order-plugin;
            world plugin {
                export quoin:order/orders@0.1.0;
                export quoin:order/order-admin@0.1.0;
                export quoin:order/order-steps@0.1.0;
                import quoin:order/events@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/order"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        generate_all,
        additional_derives: [Clone, PartialEq],
    });
    use super::Plugin;
    export!(Plugin);
}

use bindings::exports::quoin::order::{order_admin, order_steps, orders};
use order_admin::Page;
use orders::{Error, Money, Order, OrderState, PaymentState};
use quoin_sdk::types::{Part, Snapshot};

struct Plugin;

impl orders::Guest for Plugin {
    fn get(id: String) -> Result<Order, Error> {
        read::by("id", &id)
    }
}

impl order_admin::Guest for Plugin {
    fn find(number: String) -> Result<Order, Error> {
        read::by("number", &number)
    }

    fn list_orders(
        state: Option<OrderState>,
        payment: Option<PaymentState>,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<Page, Error> {
        list::list(state, payment, cursor, limit)
    }
}

impl order_steps::Guest for Plugin {
    fn create(
        key: String,
        draft: Snapshot,
        payment_method: String,
        payment_id: String,
        payment: PaymentState,
    ) -> Result<Order, Error> {
        create::create(&key, draft, payment_method, payment_id, payment)
    }

    fn get_by_key(key: String) -> Result<Order, Error> {
        read::by("key", &key)
    }

    fn record_payment(
        id: String,
        payment: PaymentState,
        captured: Money,
        refunded: Money,
    ) -> Result<Order, Error> {
        change::record_payment(&id, payment, &captured, &refunded)
    }

    fn ship(id: String, lines: Option<Vec<Part>>, revision: Option<u64>) -> Result<Order, Error> {
        change::ship(&id, lines, revision)
    }

    fn take_back(
        id: String,
        lines: Vec<Part>,
        reason: String,
        revision: Option<u64>,
    ) -> Result<Order, Error> {
        change::take_back(&id, &lines, &reason, revision)
    }

    fn cancel(id: String, reason: String) -> Result<Order, Error> {
        change::cancel(&id, &reason)
    }
}

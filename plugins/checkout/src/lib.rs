//! From a cart to an order. The README says in which order things happen, and why.

mod admin;
mod basket;
mod error;
mod finish;
mod hold;
mod journal;
mod money;
mod pay;
mod place;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:checkout-plugin;
            world plugin {
                import quoin:cart/carts@0.1.0;
                import quoin:pricing/quotes@0.1.0;
                import quoin:inventory/stock@0.1.0;
                import quoin:payment/provider@0.1.0;
                import quoin:order/orders@0.1.0;
                export quoin:checkout/checkout@0.1.0;
            }",
        path: [
            "../../wit/types",
            "../../wit/cart",
            "../../wit/pricing",
            "../../wit/inventory",
            "../../wit/payment",
            "../../wit/order",
            "../../wit/checkout",
        ],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        generate_all,
        additional_derives: [Clone, PartialEq],
    });
    use super::Plugin;
    export!(Plugin);
}

use bindings::exports::quoin::checkout::checkout;
use checkout::{Error, Money, Order};

struct Plugin;

impl checkout::Guest for Plugin {
    fn place(
        cart_id: String,
        revision: u64,
        payment_method: String,
        key: Option<String>,
    ) -> Result<Order, Error> {
        place::place(&place::Request { cart_id, revision, payment_method, key })
    }

    fn capture(order_id: String) -> Result<Order, Error> {
        admin::capture(&order_id)
    }

    fn cancel(order_id: String, reason: String) -> Result<Order, Error> {
        admin::cancel(&order_id, &reason)
    }

    fn refund(order_id: String, key: String, amount: Option<Money>) -> Result<Order, Error> {
        admin::refund(&order_id, &key, amount)
    }
}

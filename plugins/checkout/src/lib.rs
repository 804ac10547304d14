//! From a cart to an order. A request is one transaction over all plugins: what fails here undoes what
//! the others did for it, and nothing in this plugin has to.

mod attempt;
mod events;
mod paid;
mod place;
mod staff;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:checkout-plugin;
            world plugin {
                import quoin:cart/cart-steps@0.1.0;
                import quoin:inventory/allocations@0.1.0;
                import quoin:payment/provider@0.1.0;
                import quoin:order/orders@0.1.0;
                import quoin:order/order-steps@0.1.0;
                export quoin:checkout/checkout@0.1.0;
                export quoin:checkout/checkout-admin@0.1.0;
                export quoin:payment/events@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/cart", "../../wit/inventory", "../../wit/payment",
            "../../wit/order", "../../wit/checkout"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        generate_all,
    });
    use super::Plugin;
    export!(Plugin);
}

use bindings::quoin::{cart::cart_steps, inventory::allocations, order, payment::provider};
use order::{order_steps, orders};

struct Plugin;

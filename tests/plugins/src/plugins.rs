//! The contract tests of the first-party plugins. They lie beside each plugin's sources and are
//! compiled here, because plugins are built for another target.

#[path = "../../../plugins/cart/tests/contract.rs"]
mod cart;
#[path = "../../../plugins/catalog/tests/contract.rs"]
mod catalog;
#[path = "../../../plugins/checkout/tests/contract.rs"]
mod checkout;
mod imports;
#[path = "../../../plugins/inventory/tests/contract.rs"]
mod inventory;
#[path = "../../../plugins/order/tests/contract.rs"]
mod order;
#[path = "../../../plugins/payment-card/tests/contract.rs"]
mod payment_card;
#[path = "../../../plugins/payment-manual/tests/contract.rs"]
mod payment_manual;
mod plans;
#[path = "../../../plugins/pricing/tests/contract.rs"]
mod pricing;
#[path = "../../../examples/volume-pricing-js/tests/contract.rs"]
mod volume_pricing;
#[path = "../../../plugins/webhooks/tests/contract.rs"]
mod webhooks;

//! Payments that people settle by hand. Nobody is asked: what the shop records is how it is.

mod authorize;
mod check;
mod ledger;
mod method;
mod movement;
mod open;
mod payment;
mod staff;
mod state;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:payment-manual-plugin;
            world plugin {
                export quoin:payment/provider@0.1.0;
                export quoin:payment/payment-admin@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/payment"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        additional_derives: [Clone, PartialEq],
    });
    use super::Plugin;
    export!(Plugin);
}

use bindings::exports::quoin::payment::{payment_admin, provider};
use provider::{Authorization, Entry, EntryKind, Error, Money, Page, Payment};

struct Plugin;

impl provider::Guest for Plugin {
    fn authorize(method: String, request: Authorization) -> Result<Payment, Error> {
        authorize::authorize(&method, request)
    }

    fn capture(
        method: String,
        id: String,
        key: String,
        amount: Option<Money>,
    ) -> Result<Payment, Error> {
        movement::record(&method, &id, EntryKind::Capture, &key, amount)
    }

    fn void(method: String, id: String, key: String) -> Result<Payment, Error> {
        movement::record(&method, &id, EntryKind::Void, &key, None)
    }

    fn refund(
        method: String,
        id: String,
        key: String,
        amount: Option<Money>,
    ) -> Result<Payment, Error> {
        movement::record(&method, &id, EntryKind::Refund, &key, amount)
    }

    fn get(method: String, id: String) -> Result<Payment, Error> {
        Ok(payment::find(&method, &id)?.view())
    }

    fn refresh(method: String, id: String) -> Result<Payment, Error> {
        // There is nobody to ask: the staff record what they learn.
        Ok(payment::find(&method, &id)?.view())
    }

    fn ledger(method: String, id: String) -> Result<Vec<Entry>, Error> {
        let found = payment::find(&method, &id)?;
        Ok(ledger::entries(&found.id, &found.currency))
    }

    fn list_open(
        method: String,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<Page, Error> {
        open::list(&method, cursor, limit)
    }
}

impl payment_admin::Guest for Plugin {
    fn receive(id: String) -> Result<Payment, Error> {
        staff::receive(&id)
    }

    fn decline(id: String, reason: String) -> Result<Payment, Error> {
        staff::decline(&id, &reason)
    }
}

//! Payments that people settle by hand: an invoice that is paid, cash at the door. The plugin keeps
//! the books; the money itself moves elsewhere.

mod check;
mod ledger;
mod method;
mod movement;
mod payment;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:payment-manual-plugin;
            world plugin {
                export quoin:payment/provider@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/payment"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        additional_derives: [Clone, PartialEq],
    });
    use super::Plugin;
    export!(Plugin);
}

use bindings::exports::quoin::payment::provider;
use provider::{Authorization, Entry, EntryKind, Error, Money, Payment};

struct Plugin;

impl provider::Guest for Plugin {
    fn authorize(method: String, request: Authorization) -> Result<Payment, Error> {
        payment::authorize(&method, request)
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

    fn get_by_key(method: String, key: String) -> Result<Payment, Error> {
        method::known(&method)?;
        match payment::by_key(&key) {
            Some(found) => Ok(found.view()),
            None => Err(Error::NotFound("no payment was authorized with this key".into())),
        }
    }

    fn ledger(method: String, id: String) -> Result<Vec<Entry>, Error> {
        let found = payment::find(&method, &id)?;
        Ok(ledger::entries(&found.id, &found.currency))
    }
}

//! Card payments through a provider that has the buyer's card, so that the shop never sees it.
//!
//! Within the buyer's or the staff's request it is only written down what the provider is to be asked
//! (`operation`). A request of its own (`attend`) then reads what is outstanding, asks, and records what the
//! provider said (`record`). It may be tried often: the provider knows an operation by its key.

mod attend;
mod authorize;
mod check;
mod intent;
mod ledger;
mod method;
mod movement;
mod open;
mod operation;
mod payment;
mod psp;
mod record;
mod settings;
mod state;
mod tell;
mod webhook;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:payment-card-plugin;
            world plugin {
                import quoin:payment/events@0.1.0;
                import quoin:payment-card/work@0.1.0;
                export quoin:payment/provider@0.1.0;
                export quoin:payment-card/work@0.1.0;
                export quoin:plugin/web@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/payment", "../../wit/plugin", "wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        generate_all,
        additional_derives: [Clone, PartialEq],
    });
    use super::Plugin;
    export!(Plugin);
}

use bindings::exports::quoin::payment::provider;
use bindings::exports::quoin::payment_card::work;
use bindings::exports::quoin::plugin::web;
use bindings::quoin::payment::events;
use bindings::quoin::payment_card::work as later_work;
use operation::Kind;
use provider::{Authorization, Entry, Error, Money, Page, Payment};

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
        movement::ask(&method, &id, Kind::Capture, &key, amount)
    }

    fn void(method: String, id: String, key: String) -> Result<Payment, Error> {
        movement::ask(&method, &id, Kind::Void, &key, None)
    }

    fn refund(
        method: String,
        id: String,
        key: String,
        amount: Option<Money>,
    ) -> Result<Payment, Error> {
        movement::ask(&method, &id, Kind::Refund, &key, amount)
    }

    fn get(method: String, id: String) -> Result<Payment, Error> {
        Ok(payment::find(&method, &id)?.view())
    }

    fn refresh(method: String, id: String) -> Result<Payment, Error> {
        attend::refresh(payment::find(&method, &id)?)
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

impl work::Guest for Plugin {
    fn attend(payment: String) -> Result<(), Error> {
        attend::attend(&payment)
    }
}

impl web::Guest for Plugin {
    fn handle(request: web::Request) -> Result<web::Response, Error> {
        Ok(webhook::answer(&request))
    }
}

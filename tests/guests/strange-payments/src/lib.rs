//! Payments that come to what the name of their method says: `asks-then-declined` requires action, and
//! is declined when it is asked for again. Other words in the name say what else goes wrong.

mod payment;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:strange-payments;
            world plugin {
                export quoin:payment/provider@0.1.0;
            }",
        path: ["../../../wit/types", "../../../wit/payment"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
    });
    use super::Payments;
    export!(Payments);
}

use bindings::exports::quoin::payment::provider::{
    Authorization, Entry, Guest, Page, Payment, State,
};
use payment::{Stored, state};
use quoin_sdk::host::trap;
use quoin_sdk::types::{Error, Money};

struct Payments;

impl Guest for Payments {
    fn authorize(method: String, request: Authorization) -> Result<Payment, Error> {
        if method.contains("trap") {
            trap("as asked");
        }
        if method.contains("busy") {
            return Err(Error::Retryable(250));
        }
        let first = method.split("-then-").next().unwrap_or_default();
        let made = Stored::insert(&method, request, state(first));
        if method.contains("dies") {
            trap("as asked, after it was written down");
        }
        if method.contains("endless") {
            loop {
                std::hint::spin_loop();
            }
        }
        Ok(made.view())
    }

    fn capture(_: String, id: String, key: String, only: Option<Money>) -> Result<Payment, Error> {
        let mut payment = Stored::find(&id)?;
        if payment.method.contains("in-parts") && only.is_none() {
            return Err(Error::Unavailable("as asked".into()));
        }
        if payment.method.contains("uncapturable") {
            payment.capture(only);
            trap("as asked, after it was written down");
        }
        if payment.method.contains("bounces") {
            payment.set(State::Declined);
        } else if payment.succeeds(&key, "unsure") {
            payment.capture(only);
        }
        Ok(payment.view())
    }

    fn void(_: String, id: String, key: String) -> Result<Payment, Error> {
        let mut payment = Stored::find(&id)?;
        if payment.method.contains("unvoidable") {
            return Err(Error::Unavailable("as asked".into()));
        }
        if payment.succeeds(&key, "unsure") && payment.succeeds(&key, "half") {
            payment.void();
        }
        Ok(payment.view())
    }

    fn refund(_: String, id: String, key: String, only: Option<Money>) -> Result<Payment, Error> {
        let mut payment = Stored::find(&id)?;
        if payment.succeeds(&key, "vague") {
            payment.refund(only);
        }
        Ok(payment.view())
    }

    fn get(_: String, id: String) -> Result<Payment, Error> {
        Ok(Stored::find(&id)?.view())
    }

    fn refresh(_: String, id: String) -> Result<Payment, Error> {
        let mut payment = Stored::find(&id)?;
        payment.refresh();
        Ok(payment.view())
    }

    fn ledger(_: String, id: String) -> Result<Vec<Entry>, Error> {
        Stored::find(&id)?;
        Ok(Vec::new())
    }

    fn list_open(method: String, _: Option<String>, _: Option<u32>) -> Result<Page, Error> {
        Ok(Page { items: Stored::all(&method).iter().map(Stored::view).collect(), next: None })
    }
}

//! Needs one interface for each kind of binding, and passes everything on.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:consumer;
            world plugin {
                import test:links/parts@0.1.0;
                import test:links/offers@0.1.0;
                import test:links/methods@0.1.0;
                export test:links/desk@0.1.0;
            }",
        path: ["../wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        generate_all,
    });
    use super::Consumer;
    export!(Consumer);
}

use bindings::exports::test::links::desk::{Error, Everything, Guest, Identity};
use bindings::test::links::{methods, offers, parts};
use quoin_sdk::host::call;

struct Consumer;

impl Guest for Consumer {
    fn name() -> String {
        parts::name()
    }

    fn act(what: String) -> Result<String, Error> {
        parts::act(&what)
    }

    fn act_plainly(what: String) -> String {
        parts::act_plainly(&what)
    }

    fn remaining() -> Result<(u64, u64), Error> {
        let own = call::remaining();
        Ok((own, parts::remaining()?))
    }

    fn identify() -> Result<Identity, Error> {
        parts::identify()
    }

    fn identify_itself() -> Result<Identity, Error> {
        let call::Identity { role, id } = call::principal();
        Ok(Identity {
            role,
            id,
            tenant: call::tenant(),
            caller: call::caller(),
            call: call::id(),
            trace: call::trace(),
        })
    }

    fn echo(it: Everything) -> Result<Everything, Error> {
        parts::echo(&it)
    }

    fn offers(about_name: String, what: String) -> Result<Vec<String>, Error> {
        offers::offers(&about_name, &what)
    }

    fn take(method: String, amount: i64) -> Result<String, Error> {
        methods::take(&method, amount)
    }
}

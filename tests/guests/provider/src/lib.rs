//! Provides one interface for each kind of binding, and does what it is told.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:provider;
            world plugin {
                export test:links/parts@0.1.0;
                export test:links/offers@0.1.0;
                export test:links/methods@0.1.0;
            }",
        path: ["../wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
    });
    use super::Provider;
    export!(Provider);
}

use bindings::exports::test::links::parts::{Error, Everything, Identity};
use bindings::exports::test::links::{methods, offers, parts};
use quoin_sdk::host::{call, configured};

struct Provider;

fn act(what: &str) -> Result<String, Error> {
    match what {
        "well" => Ok(configured("name")),
        "refuse" => Err(Error::Refused(configured("name"))),
        "spin" => loop {
            std::hint::spin_loop();
        },
        other => panic!("{other}"),
    }
}

impl parts::Guest for Provider {
    fn name() -> String {
        configured("name")
    }

    fn act(what: String) -> Result<String, Error> {
        act(&what)
    }

    fn act_plainly(what: String) -> String {
        act(&what).unwrap_or_default()
    }

    fn remaining() -> Result<u64, Error> {
        Ok(call::remaining())
    }

    fn identify() -> Result<Identity, Error> {
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
        Ok(it)
    }
}

impl offers::Guest for Provider {
    fn offers(about_name: String, what: String) -> Result<Vec<String>, Error> {
        let name = configured("name");
        let what = if about_name == name { what } else { "well".into() };
        act(&what).map(|name| vec![format!("offer of {name}")])
    }
}

impl methods::Guest for Provider {
    fn take(method: String, amount: i64) -> Result<String, Error> {
        Ok(format!("{} took {amount} by {method}", configured("name")))
    }
}

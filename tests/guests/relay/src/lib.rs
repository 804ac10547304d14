//! Needs what one plugin provides to provide another: the middle of a chain or of a diamond.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:relay;
            world plugin {
                import test:links/parts@0.1.0;
                export test:links/offers@0.1.0;
            }",
        path: ["../wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        generate_all,
    });
    use super::Relay;
    export!(Relay);
}

use bindings::exports::test::links::offers::{Error, Guest};
use bindings::test::links::parts;
use quoin_sdk::host::configured;

struct Relay;

impl Guest for Relay {
    fn offers(about_name: String, what: String) -> Result<Vec<String>, Error> {
        let name = configured("name");
        let what = if about_name == name { what } else { "well".into() };
        Ok(vec![format!("{name} for {}", parts::act(&what)?)])
    }
}

//! The desk where buyers ask what wrapping their gifts costs. The studio does the work.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package acme:gift-desk;
            world plugin {
                import acme:gifts/wrapping@1.0.0;
                export acme:gifts/desk@1.0.0;
            }",
        path: ["../wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        generate_all,
        additional_derives: [Clone, PartialEq],
    });
    use super::Desk;
    export!(Desk);
}

use bindings::acme::gifts::wrapping;
use bindings::exports::acme::gifts::desk::{Error, Extras, Finish, Gift, Guest, Offer, Paper};
use quoin_sdk::host::{configured, trap};

struct Desk;

impl Guest for Desk {
    fn papers(finish: Option<Finish>) -> Result<Vec<Paper>, Error> {
        wrapping::papers(finish)
    }

    fn quote(gifts: Vec<Gift>, paper: Option<String>, extras: Extras) -> Result<Offer, Error> {
        let gifts = wrapping::wrap(&gifts, paper.as_deref(), extras)?;
        let fee = fee();
        let wrapped = || gifts.iter().flatten();
        let minutes: u32 = wrapped().fold(0, |sum, w| sum.saturating_add(w.minutes));
        Ok(Offer {
            cents: wrapped().map(|w| u64::from(w.cents) + fee).sum(),
            ready_in: wrapped().next().map(|_| (minutes / 60, minutes % 60)),
            extras,
            gifts,
        })
    }
}

fn fee() -> u64 {
    match configured("fee-cents").parse() {
        Ok(cents @ 0..=100_000) => cents,
        _ => trap("the configuration key fee-cents must be a number from 0 to 100000"),
    }
}

//! A studio that wraps gifts in paper. It keeps nothing, so it asks for no database.

mod papers;
mod wrap;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package acme:paper-studio;
            world plugin {
                export acme:gifts/wrapping@1.0.0;
            }",
        path: ["../wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        additional_derives: [Clone, PartialEq],
    });
    use super::Studio;
    export!(Studio);
}

use bindings::exports::acme::gifts::wrapping::{
    Error, Extras, Finish, Gift, Guest, Paper, Refusal, Wrapped,
};
use quoin_sdk::host::{configured, trap};

struct Studio;

/// Gifts that are wrapped at once: a table full.
const GIFTS_MAX: u32 = 100;

impl Guest for Studio {
    fn papers(finish: Option<Finish>) -> Result<Vec<Paper>, Error> {
        Ok(papers::all().into_iter().filter(|p| finish.is_none_or(|f| p.finish == f)).collect())
    }

    fn wrap(
        gifts: Vec<Gift>,
        paper: Option<String>,
        extras: Extras,
    ) -> Result<Vec<Result<Wrapped, Refusal>>, Error> {
        if gifts.len() > GIFTS_MAX as usize {
            return Err(Error::TooMany(GIFTS_MAX));
        }
        let paper = papers::chosen(paper)?;
        let hour = match configured("cents-per-hour").parse() {
            Ok(cents @ 0..=100_000) => cents,
            _ => trap("the configuration key cents-per-hour must be a number from 0 to 100000"),
        };
        Ok(gifts.into_iter().map(|gift| wrap::wrap(gift, &paper, extras, hour)).collect())
    }
}

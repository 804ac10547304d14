//! What the catalogue knows of variants.

use std::collections::{HashMap, HashSet};

use quoin_sdk::types::Error;

use crate::quoin::catalog::variants::{self, KnownVariant};

/// Variants of one question, as the catalogue's contract has it.
const ASKED_MAX: usize = 1_000;

/// The ids of the variants that have these SKUs now, by SKU; unknown SKUs are left out.
///
/// # Errors
/// The catalogue could not answer.
pub fn by_sku<'a>(
    skus: impl IntoIterator<Item = &'a str>,
) -> Result<HashMap<String, String>, Error> {
    let found = ask(skus, variants::by_sku)?;
    Ok(found.into_iter().map(|variant| (variant.sku, variant.id)).collect())
}

/// Which of these ids are of variants.
///
/// # Errors
/// The catalogue could not answer.
pub fn known<'a>(ids: impl IntoIterator<Item = &'a str>) -> Result<HashSet<String>, Error> {
    let found = ask(ids, variants::by_id)?;
    Ok(found.into_iter().map(|variant| variant.id).collect())
}

/// Asks for each key once, a thousand at a time.
fn ask<'a>(
    keys: impl IntoIterator<Item = &'a str>,
    question: impl Fn(&[String]) -> Result<Vec<KnownVariant>, Error>,
) -> Result<Vec<KnownVariant>, Error> {
    let distinct: HashSet<&str> = keys.into_iter().collect();
    let keys: Vec<String> = distinct.into_iter().map(str::to_owned).collect();
    let mut found = Vec::with_capacity(keys.len());
    for some in keys.chunks(ASKED_MAX) {
        found.extend(question(some).map_err(|error| match error {
            Error::Retryable(ms) => Error::Retryable(ms),
            Error::Unavailable(why) => Error::Unavailable(why),
            other => Error::Unavailable(format!("the catalogue refused to answer: {other:?}")),
        })?);
    }
    Ok(found)
}

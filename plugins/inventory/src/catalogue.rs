//! What the catalogue knows of variants.

use std::collections::{BTreeSet, HashMap, HashSet};

use quoin_sdk::types::Error;

use crate::bindings::quoin::catalog::variants::{self, KnownVariant};

/// Variants of one question, as the catalogue's contract has it.
const ASKED_MAX: usize = 1_000;

/// The ids of the variants that have these SKUs now, by SKU. Unknown SKUs are left out.
///
/// # Errors
/// The catalogue could not answer.
pub fn by_sku<'a>(skus: impl Iterator<Item = &'a str>) -> Result<HashMap<String, String>, Error> {
    Ok(ask(skus, variants::by_sku)?.into_iter().map(|v| (v.sku, v.id)).collect())
}

/// Which of these ids are of variants.
///
/// # Errors
/// The catalogue could not answer.
pub fn known<'a>(ids: impl Iterator<Item = &'a str>) -> Result<HashSet<String>, Error> {
    Ok(ask(ids, variants::by_id)?.into_iter().map(|v| v.id).collect())
}

fn ask<'a>(
    keys: impl Iterator<Item = &'a str>,
    question: impl Fn(&[String]) -> Result<Vec<KnownVariant>, Error>,
) -> Result<Vec<KnownVariant>, Error> {
    let keys: Vec<String> = keys.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect();
    let mut found = Vec::with_capacity(keys.len());
    for some in keys.chunks(ASKED_MAX) {
        found.extend(question(some).map_err(|error| match error {
            Error::Retryable(_) | Error::Unavailable(_) => error,
            other => Error::Unavailable(format!("the catalogue refused to answer: {other:?}")),
        })?);
    }
    Ok(found)
}

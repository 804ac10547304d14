//! Products and variants by their keys.

use std::collections::HashMap;

use quoin_sdk::db::{self, Value};
use quoin_sdk::types::Error;
use quoin_sdk::{batch, fault, text};

use crate::check::SLUG_MAX;
use crate::exports::quoin::catalog::products::{Product, Status, Translation, VariantInfo};
use crate::store;

/// SKUs of one call, as the contract has it.
const SKUS_MAX: usize = 1_000;
/// SKUs of one query: its rows with their titles and options stay far below the host's 4 MiB.
const SKUS_OF_QUERY: usize = 250;

/// A product of any status.
pub fn any(slug: &str) -> Result<Product, Error> {
    store::by_slug(slug).ok_or_else(|| missing(slug))
}

/// A published product, in another language where it has that.
pub fn published(slug: &str, locale: Option<&str>) -> Result<Product, Error> {
    let mut product = any(slug)?;
    if product.status != Status::Published {
        return Err(missing(slug));
    }
    let translation = locale.and_then(|locale| translation(&product.translations, locale));
    if let Some(translation) = translation.cloned() {
        product.title = translation.title;
        product.description = translation.description;
    }
    Ok(product)
}

fn missing(slug: &str) -> Error {
    match text::slug_problem(slug, SLUG_MAX) {
        None => Error::NotFound(format!("there is no product {slug}")),
        Some(_) => Error::NotFound("there is no product of this name".into()),
    }
}

/// The translation for a language tag, or for a shorter one: `de` serves `de-AT`.
fn translation<'a>(all: &'a [Translation], locale: &str) -> Option<&'a Translation> {
    let mut tag = locale;
    loop {
        if let Some(found) = all.iter().find(|t| t.locale.eq_ignore_ascii_case(tag)) {
            return Some(found);
        }
        tag = tag.rsplit_once('-')?.0;
    }
}

/// The published variants with these SKUs.
pub fn variants(skus: &[String]) -> Result<Vec<VariantInfo>, Error> {
    if skus.len() > SKUS_MAX {
        let problem = format!("are {}; at most {SKUS_MAX} are possible", skus.len());
        return Err(Error::Invalid(vec![fault("skus", problem)]));
    }
    let mut found: HashMap<String, VariantInfo> = HashMap::with_capacity(skus.len());
    for some in skus.chunks(SKUS_OF_QUERY) {
        let params: Vec<Value> = some.iter().map(Value::from).collect();
        let statement = format!(
            "SELECT {}, product.id AS product_id, product.slug, product.title AS product_title
            FROM variant JOIN product ON product.id = variant.product_id
            WHERE variant.sku IN ({}) AND product.status = 'published'",
            store::VARIANT_COLUMNS,
            batch::marks(1, params.len())
        );
        found.extend(db::rows(&statement, &params).iter().map(|row| {
            let info = VariantInfo {
                variant: store::variant(row),
                product_id: row.text("product_id"),
                product_slug: row.text("slug"),
                product_title: row.text("product_title"),
            };
            (info.variant.sku.clone(), info)
        }));
    }
    Ok(skus.iter().filter_map(|sku| found.get(sku).cloned()).collect())
}

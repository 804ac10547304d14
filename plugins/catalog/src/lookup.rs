//! Products and variants by their keys.

use std::collections::HashMap;

use quoin_sdk::db::Row;
use quoin_sdk::types::Error;
use quoin_sdk::{batch, fault, text};

use crate::check::SLUG_MAX;
use crate::exports::quoin::catalog::products::{Product, Status, Translation, VariantInfo};
use crate::exports::quoin::catalog::variants::KnownVariant;
use crate::store;

/// Variants of one call, as the contract has it.
const VARIANTS_MAX: usize = 1_000;
/// Variants of one statement.
const VARIANTS_OF_STATEMENT: usize = 16;
/// Statements in one crossing: the titles and options of their variants stay far below the host's 4 MiB.
const STATEMENTS_AT_ONCE: usize = 15;

/// The product with this id, of any status.
pub fn by_id(id: &str) -> Result<Product, Error> {
    let missing = || Error::NotFound("there is no product with this id".into());
    store::by_id(id).ok_or_else(missing)
}

/// The product with this slug, of any status.
pub fn by_slug(slug: &str) -> Result<Product, Error> {
    store::by_slug(slug).ok_or_else(|| missing(slug))
}

/// A published product, in another language where it has that.
pub fn published(slug: &str, locale: Option<&str>) -> Result<Product, Error> {
    let mut product = by_slug(slug)?;
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

/// What a variant is asked for by: a unique column.
#[derive(Clone, Copy)]
pub enum Key {
    Id,
    Sku,
}

impl Key {
    fn column(self) -> &'static str {
        match self {
            Key::Id => "id",
            Key::Sku => "sku",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Key::Id => "ids",
            Key::Sku => "skus",
        }
    }
}

/// The variants of published products with these keys.
pub fn sold(key: Key, keys: &[String]) -> Result<Vec<VariantInfo>, Error> {
    let columns = format!(
        "{}, product.id AS product_id, product.slug, product.title AS product_title, product.status",
        store::VARIANT_COLUMNS
    );
    let info = |row: &Row| VariantInfo {
        variant: store::variant(row),
        product_id: row.text("product_id"),
        product_slug: row.text("slug"),
        product_title: row.text("product_title"),
    };
    // Looked at here: as a condition it makes SQLite go through all published products.
    let sold = |row: &Row| (store::status(row) == Status::Published).then(|| info(row));
    find(key, keys, &columns, sold)
}

/// The variants with these keys, of products of any status.
pub fn known(key: Key, keys: &[String]) -> Result<Vec<KnownVariant>, Error> {
    let columns =
        "variant.id, variant.sku, variant.product_id, variant.requires_shipping, product.status";
    let known = |row: &Row| KnownVariant {
        id: row.text("id"),
        sku: row.text("sku"),
        product_id: row.text("product_id"),
        published: store::status(row) == Status::Published,
        requires_shipping: row.boolean("requires_shipping"),
    };
    find(key, keys, columns, |row| Some(known(row)))
}

/// What is found for the keys, in their order.
fn find<T: Clone>(
    key: Key,
    keys: &[String],
    columns: &str,
    read: impl Fn(&Row) -> Option<T>,
) -> Result<Vec<T>, Error> {
    if keys.len() > VARIANTS_MAX {
        let problem = format!("are {}; at most {VARIANTS_MAX} are possible", keys.len());
        return Err(Error::Invalid(vec![fault(key.field(), problem)]));
    }
    let column = key.column();
    // CROSS JOIN: from the variants to their products. The other way round goes through all.
    let statement = format!(
        "SELECT {columns} FROM catalog_variant AS variant CROSS JOIN catalog_product AS product
        WHERE variant.{column} IN ({{keys}}) AND product.id = variant.product_id"
    );
    let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
    let rows = batch::find(&statement, &asked, VARIANTS_OF_STATEMENT, STATEMENTS_AT_ONCE);
    let found = rows.iter().filter_map(|row| Some((row.text(column), read(row)?)));
    let found: HashMap<String, T> = found.collect();
    Ok(keys.iter().filter_map(|key| found.get(key).cloned()).collect())
}

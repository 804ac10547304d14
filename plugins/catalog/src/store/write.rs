//! Writing products. What filters look at is brought from what the old product had to what the new one
//! has, and what stays the same is not touched.

mod entries;

use std::collections::HashMap;

use quoin_sdk::batch;
use quoin_sdk::db::{self, Statement, Value};
use quoin_sdk::host::trap;
use quoin_sdk::params;
use serde::Serialize;

use super::{Details, status_text};
use crate::category;
use crate::exports::quoin::catalog::products::Product;
use crate::words;
use entries::Entries;

pub use entries::facet;

/// A product that is written.
pub struct Write<'a> {
    /// What it was, if it was there.
    pub old: Option<&'a Product>,
    pub new: &'a Product,
}

/// What the database knows of a product beside what it is.
struct Row {
    number: i64,
    /// The words that it had.
    had: String,
    /// Those that it gets.
    words: String,
}

/// Ids in one statement, and statements in one crossing: their words stay far below the host's 4 MiB.
const IDS: usize = 16;
const IDS_AT_ONCE: usize = 15;
/// Products whose rows are held in memory at once.
const PRODUCTS_AT_ONCE: usize = 500;

/// Writes products. They were checked: categories exist, and no product that stays as it is has one of
/// their SKUs.
pub fn replace(products: &[Write]) {
    let rows = rows(products);
    // All old variants go before any new one comes, so that a SKU can move from one to another.
    let other_variants: Vec<&Write> =
        products.iter().filter(|p| p.old.is_none_or(|o| o.variants != p.new.variants)).collect();
    let other_channels: Vec<&Write> = (products.iter())
        .filter(|p| p.old.map_or(&[][..], |o| &o.channels) != p.new.channels)
        .collect();
    batch::run(&removals("DELETE FROM catalog_variant WHERE product_id = ?1", &other_variants));
    batch::run(&removals(
        "DELETE FROM catalog_product_channel WHERE product_id = ?1",
        &other_channels,
    ));
    let numbered: Vec<(&Write, &Row)> =
        products.iter().filter_map(|p| Some((p, rows.get(p.new.id.as_str())?))).collect();
    insert(&numbered, PRODUCT, 13, UPDATE_PRODUCT, |(p, row)| product_values(p.new, row));
    insert(&other_variants, VARIANT, 9, "", |p| variants(p.new));
    insert(&other_channels, "catalog_product_channel (product_id, channel)", 2, "", |p| {
        p.new.channels.iter().flat_map(|channel| params![&p.new.id, channel]).collect()
    });
    file(&numbered);
}

/// Number and old words of each product, by id. New ones get the next numbers, and no words yet.
fn rows<'a>(products: &[Write<'a>]) -> HashMap<&'a str, Row> {
    let old: Vec<&str> = products.iter().filter_map(|p| Some(p.old?.id.as_str())).collect();
    let known = "SELECT id, number, words FROM catalog_product WHERE id IN ({keys})";
    let known = batch::find(known, &old, IDS, IDS_AT_ONCE);
    let mut known: HashMap<String, (i64, String)> = known
        .iter()
        .map(|row| (row.text("id"), (row.integer("number"), row.text("words"))))
        .collect();
    let last = "SELECT coalesce(max(number), 0) AS last FROM catalog_product";
    let last = db::first(last, &[]).map_or(0, |row| row.integer("last"));
    let mut next = last + 1..;
    let mut row = |product: &'a Product| {
        let new = || (next.next().unwrap_or(i64::MAX), String::new());
        let (number, had) = known.remove(&product.id).unwrap_or_else(new);
        (product.id.as_str(), Row { number, had, words: words::of(product) })
    };
    products.iter().map(|p| row(p.new)).collect()
}

fn removals(text: &str, products: &[&Write]) -> Vec<Statement> {
    let old = products.iter().filter_map(|p| p.old);
    old.map(|old| db::statement(text, &params![&old.id])).collect()
}

/// Brings what filters look at up to date.
fn file(products: &[(&Write, &Row)]) {
    let mut entries = Entries::new(category::parents());
    for (product, row) in products {
        entries.change(product.old, product.new, row.number, (&row.had, &row.words));
    }
    let count = "UPDATE catalog_category SET products = products + ?2 WHERE slug = ?1";
    let counts = entries.counts();
    let counts: Vec<Statement> =
        counts.iter().map(|(slug, more)| db::statement(count, &params![*slug, *more])).collect();
    batch::run(&counts);
    entries.write();
}

fn insert<T>(
    products: &[T],
    table: &str,
    columns: usize,
    tail: &str,
    values: impl Fn(&T) -> Vec<Value>,
) {
    for some in products.chunks(PRODUCTS_AT_ONCE) {
        let values: Vec<Value> = some.iter().flat_map(&values).collect();
        batch::insert_many(&format!("INSERT INTO {table} VALUES"), columns, &values, tail);
    }
}

const PRODUCT: &str = "catalog_product (id, number, slug, title, sort_title, description, status,
    details, image_url, image_alt, words, revision, updated_at)";
const UPDATE_PRODUCT: &str =
    "ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, title = excluded.title,
    sort_title = excluded.sort_title, description = excluded.description,
    status = excluded.status, details = excluded.details, image_url = excluded.image_url,
    image_alt = excluded.image_alt, words = excluded.words, revision = excluded.revision,
    updated_at = excluded.updated_at";
const VARIANT: &str = "catalog_variant (id, sku, product_id, position, title, options, gtin,
    weight_grams, requires_shipping)";

/// The title as lists are sorted by it.
fn sort_title(product: &Product) -> String {
    product.title.to_lowercase()
}

fn product_values(product: &Product, row: &Row) -> Vec<Value> {
    let details = Details {
        options: product.options.clone(),
        categories: product.categories.clone(),
        attributes: product.attributes.clone(),
        media: product.media.clone(),
        translations: product.translations.clone(),
        channels: product.channels.clone(),
    };
    let image = product.media.first();
    Vec::from(params![
        &product.id,
        row.number,
        &product.slug,
        &product.title,
        sort_title(product),
        &product.description,
        status_text(product.status),
        json(&details),
        image.map(|image| &image.url),
        image.map(|image| &image.alt),
        &row.words,
        product.revision,
        product.updated_at
    ])
}

fn variants(product: &Product) -> Vec<Value> {
    (product.variants.iter().zip(0i64..))
        .flat_map(|(variant, position)| {
            params![
                &variant.id,
                &variant.sku,
                &product.id,
                position,
                &variant.title,
                json(&variant.options),
                variant.gtin.as_deref(),
                variant.weight_grams,
                variant.requires_shipping
            ]
        })
        .collect()
}

fn json(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => text,
        Err(error) => trap(&format!("a JSON column cannot be written: {error}")),
    }
}

//! Writing products.

use quoin_sdk::batch;
use quoin_sdk::db::{self, Value};
use quoin_sdk::host::trap;
use quoin_sdk::params;
use serde::Serialize;

use super::{Details, status_text};
use crate::exports::quoin::catalog::products::{Attribute, Product};

/// What refers to a product, and is written anew with it.
const TABLES_OF_PRODUCT: [&str; 4] = [
    "catalog_variant",
    "catalog_product_category",
    "catalog_product_facet",
    "catalog_product_channel",
];
/// Ids in one `IN (…)`.
const IDS_OF_STATEMENT: usize = 500;

/// Writes products as they are given, in the place of those with the same ids. They were checked:
/// categories exist, and no product that stays as it is has one of their SKUs.
pub fn replace(products: &[Product]) {
    // All old rows go before any new one comes, so that a SKU can move from one variant to another.
    for some in products.chunks(IDS_OF_STATEMENT) {
        let ids: Vec<Value> = some.iter().map(|p| Value::from(p.id.as_str())).collect();
        for table in TABLES_OF_PRODUCT {
            let marks = batch::marks(1, ids.len());
            db::execute(&format!("DELETE FROM {table} WHERE product_id IN ({marks})"), &ids);
        }
    }
    insert(products, PRODUCT, 12, UPDATE_PRODUCT, product_values);
    insert(
        products,
        "catalog_variant (id, sku, product_id, position, title, options, gtin, weight_grams,
            requires_shipping)",
        9,
        "",
        variants,
    );
    insert(products, "catalog_product_category (category, product_id)", 2, "", |p| {
        p.categories.iter().flat_map(|c| params![c, &p.id]).collect()
    });
    insert(products, "catalog_product_facet (facet, product_id)", 2, "", |p| {
        p.attributes.iter().flat_map(|a| params![facet(a), &p.id]).collect()
    });
    insert(products, "catalog_product_channel (product_id, channel)", 2, "", |p| {
        p.channels.iter().flat_map(|c| params![&p.id, c]).collect()
    });
}

/// Products whose rows are held in memory at once.
const PRODUCTS_AT_ONCE: usize = 500;

fn insert(
    products: &[Product],
    table: &str,
    columns: usize,
    tail: &str,
    values: impl Fn(&Product) -> Vec<Value>,
) {
    for some in products.chunks(PRODUCTS_AT_ONCE) {
        let values: Vec<Value> = some.iter().flat_map(&values).collect();
        batch::insert_many(&format!("INSERT INTO {table} VALUES"), columns, &values, tail);
    }
}

const PRODUCT: &str = "catalog_product (id, slug, title, sort_title, description, status, details,
    image_url, image_alt, search, revision, updated_at)";
const UPDATE_PRODUCT: &str =
    "ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, title = excluded.title,
    sort_title = excluded.sort_title, description = excluded.description,
    status = excluded.status, details = excluded.details, image_url = excluded.image_url,
    image_alt = excluded.image_alt, search = excluded.search, revision = excluded.revision,
    updated_at = excluded.updated_at";

fn product_values(product: &Product) -> Vec<Value> {
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
        &product.slug,
        &product.title,
        product.title.to_lowercase(),
        &product.description,
        status_text(product.status),
        json(&details),
        image.map(|image| &image.url),
        image.map(|image| &image.alt),
        search(product),
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

/// Everything by which a search finds a product, one piece a line.
fn search(product: &Product) -> String {
    let mut text = format!("{}\n{}", product.title, product.description);
    let attributes = product.attributes.iter().map(|attribute| &attribute.value);
    let variants = product.variants.iter().flat_map(|v| [&v.sku, &v.title]);
    let translations = product.translations.iter().flat_map(|t| [&t.title, &t.description]);
    for piece in attributes.chain(variants).chain(translations) {
        text.push('\n');
        text.push_str(piece);
    }
    text.to_lowercase()
}

/// An attribute as filters look for it.
pub fn facet(attribute: &Attribute) -> String {
    format!("{}:{}", attribute.name, attribute.value).to_lowercase()
}

/// Writes status, revision and time of a product, and nothing else.
pub fn set_status(product: &Product) {
    db::execute(
        "UPDATE catalog_product SET status = ?1, revision = ?2, updated_at = ?3 WHERE id = ?4",
        &params![status_text(product.status), product.revision, product.updated_at, &product.id],
    );
}

fn json(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => text,
        Err(error) => trap(&format!("a JSON column cannot be written: {error}")),
    }
}

//! Products in the database.
//!
//! `catalog_variant` is the truth about variants, `catalog_product` about everything else;
//! `catalog_product_category`, `_facet` and `_channel` and `catalog_word` repeat what filters look at.

mod write;

use std::collections::{HashMap, HashSet};

use quoin_sdk::batch;
use quoin_sdk::db::Row;
use quoin_sdk::host::trap;
use serde::{Deserialize, Serialize};

pub use write::{Write, facet, replace};

use crate::exports::quoin::catalog::products::{
    Attribute, Media, Product, ProductOption, ProductVariant, Status, Translation,
};

/// Products that one query returns with all they have. Each has at most
/// [`crate::check::PRODUCT_BYTES_MAX`] bytes and [`crate::check::VARIANTS_MAX`] variants, so this many
/// stay below the host's 4 MiB and 10,000 rows.
pub const PRODUCTS_OF_QUERY: usize = 25;

/// Keys of a statement that asks only whether they are there, and statements in one crossing.
const KEYS: usize = 16;
const KEYS_AT_ONCE: usize = 60;

/// The columns of a variant, for [`variant`].
pub const VARIANT_COLUMNS: &str = "variant.id, variant.sku, variant.title, variant.options,
    variant.gtin, variant.weight_grams, variant.requires_shipping";

/// The nested lists of a product in its JSON column.
#[derive(Serialize, Deserialize)]
struct Details {
    options: Vec<ProductOption>,
    categories: Vec<String>,
    attributes: Vec<Attribute>,
    media: Vec<Media>,
    translations: Vec<Translation>,
    channels: Vec<String>,
}

/// The product with this slug.
pub fn by_slug(slug: &str) -> Option<Product> {
    read("slug", &[slug]).pop()
}

/// The product with this id.
pub fn by_id(id: &str) -> Option<Product> {
    read("id", &[id]).pop()
}

/// The products with these slugs.
pub fn by_slugs(slugs: &[&str]) -> HashMap<String, Product> {
    // Most of what a file has is new: whole products are read only where there are any.
    let known = "SELECT slug FROM catalog_product WHERE slug IN ({keys})";
    let known: HashSet<String> = (batch::find(known, slugs, KEYS, KEYS_AT_ONCE).iter())
        .map(|row| row.text("slug"))
        .collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let products = known.chunks(PRODUCTS_OF_QUERY).flat_map(|some| read("slug", some));
    products.map(|product| (product.slug.clone(), product)).collect()
}

/// The products whose `column`, a unique one, has one of these values, at most [`PRODUCTS_OF_QUERY`].
fn read(column: &str, keys: &[&str]) -> Vec<Product> {
    let statement = format!(
        "SELECT id, slug, title, description, status, details, revision, updated_at
        FROM catalog_product WHERE {column} IN ({{keys}})"
    );
    let rows = batch::find(&statement, keys, PRODUCTS_OF_QUERY, 1);
    let mut products: Vec<Product> = rows.iter().map(product).collect();
    let statement = format!(
        "SELECT variant.product_id, {VARIANT_COLUMNS} FROM catalog_variant AS variant
        WHERE variant.product_id IN ({{keys}}) ORDER BY variant.product_id, variant.position"
    );
    let ids: Vec<&str> = products.iter().map(|product| product.id.as_str()).collect();
    let mut variants: HashMap<String, Vec<ProductVariant>> = HashMap::new();
    for row in batch::find(&statement, &ids, PRODUCTS_OF_QUERY, 1) {
        variants.entry(row.text("product_id")).or_default().push(variant(&row));
    }
    for product in &mut products {
        product.variants = variants.remove(&product.id).unwrap_or_default();
    }
    products
}

/// A product without its variants.
fn product(row: &Row) -> Product {
    let details: Details = json(&row.text("details"));
    Product {
        id: row.text("id"),
        slug: row.text("slug"),
        title: row.text("title"),
        description: row.text("description"),
        status: status(row),
        options: details.options,
        variants: Vec::new(),
        categories: details.categories,
        attributes: details.attributes,
        media: details.media,
        translations: details.translations,
        channels: details.channels,
        revision: row.number("revision"),
        updated_at: row.number("updated_at"),
    }
}

/// The variant in a row with [`VARIANT_COLUMNS`].
pub fn variant(row: &Row) -> ProductVariant {
    ProductVariant {
        id: row.text("id"),
        sku: row.text("sku"),
        title: row.text("title"),
        options: json(&row.text("options")),
        gtin: row.optional_text("gtin"),
        weight_grams: row.optional_integer("weight_grams").and_then(|g| u32::try_from(g).ok()),
        requires_shipping: row.boolean("requires_shipping"),
    }
}

/// The status in a row.
pub fn status(row: &Row) -> Status {
    match row.text("status").as_str() {
        "published" => Status::Published,
        "archived" => Status::Archived,
        _ => Status::Draft,
    }
}

/// A status as the database has it.
pub fn status_text(status: Status) -> &'static str {
    match status {
        Status::Draft => "draft",
        Status::Published => "published",
        Status::Archived => "archived",
    }
}

fn json<T: for<'a> Deserialize<'a>>(text: &str) -> T {
    match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => trap(&format!("a JSON column cannot be read: {error}")),
    }
}

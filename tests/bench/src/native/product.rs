//! Products in the database: the same queries and the same JSON as the catalogue plugin's.

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};

/// A product as clients see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    id: String,
    slug: String,
    title: String,
    description: String,
    status: String,
    options: Vec<ProductOption>,
    variants: Vec<Variant>,
    categories: Vec<String>,
    attributes: Vec<Attribute>,
    media: Vec<Media>,
    translations: Vec<Translation>,
    channels: Vec<String>,
    revision: i64,
    updated_at: i64,
}

#[derive(Serialize, Deserialize)]
struct ProductOption {
    name: String,
    values: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Variant {
    id: String,
    sku: String,
    title: String,
    options: Vec<Attribute>,
    gtin: Option<String>,
    weight_grams: Option<u32>,
    requires_shipping: bool,
}

#[derive(Serialize, Deserialize)]
struct Attribute {
    name: String,
    value: String,
}

#[derive(Serialize, Deserialize)]
struct Media {
    url: String,
    alt: String,
}

#[derive(Serialize, Deserialize)]
struct Translation {
    locale: String,
    title: String,
    description: String,
}

/// The JSON column of a product.
#[derive(Deserialize)]
struct Details {
    options: Vec<ProductOption>,
    categories: Vec<String>,
    attributes: Vec<Attribute>,
    media: Vec<Media>,
    translations: Vec<Translation>,
    channels: Vec<String>,
}

/// The published product with this slug, in another language where it has that.
pub fn published(sqlite: &Connection, slug: &str, locale: Option<&str>) -> Result<Option<Product>> {
    let snapshot = sqlite.unchecked_transaction()?;
    let mut product = match by_slug(&snapshot, slug)? {
        Some(product) if product.status == "published" => product,
        _ => return Ok(None),
    };
    product.variants = variants(&snapshot, &product.id)?;
    drop(snapshot);
    let translation = locale.and_then(|locale| translation(&product.translations, locale));
    if let Some(index) = translation
        && let Some(translation) = product.translations.get(index)
    {
        product.title = translation.title.clone();
        product.description = translation.description.clone();
    }
    Ok(Some(product))
}

fn by_slug(sqlite: &Connection, slug: &str) -> Result<Option<Product>> {
    let mut statement = sqlite.prepare_cached(
        "SELECT id, slug, title, description, status, details, revision, updated_at
        FROM catalog_product WHERE slug IN (?1)",
    )?;
    let found = statement.query_row([slug], |row| Ok(product(row))).optional()?;
    found.transpose()
}

/// A product without its variants.
fn product(row: &Row<'_>) -> Result<Product> {
    let details: Details = serde_json::from_str(row.get_ref("details")?.as_str()?)?;
    Ok(Product {
        id: row.get("id")?,
        slug: row.get("slug")?,
        title: row.get("title")?,
        description: row.get("description")?,
        status: row.get("status")?,
        options: details.options,
        variants: Vec::new(),
        categories: details.categories,
        attributes: details.attributes,
        media: details.media,
        translations: details.translations,
        channels: details.channels,
        revision: row.get("revision")?,
        updated_at: row.get("updated_at")?,
    })
}

fn variants(sqlite: &Connection, product: &str) -> Result<Vec<Variant>> {
    let mut statement = sqlite.prepare_cached(
        "SELECT variant.product_id, variant.id, variant.sku, variant.title, variant.options,
        variant.gtin, variant.weight_grams, variant.requires_shipping
        FROM catalog_variant AS variant
        WHERE variant.product_id IN (?1) ORDER BY variant.product_id, variant.position",
    )?;
    let mut rows = statement.query([product])?;
    let mut variants = Vec::new();
    while let Some(row) = rows.next()? {
        variants.push(Variant {
            id: row.get("id")?,
            sku: row.get("sku")?,
            title: row.get("title")?,
            options: serde_json::from_str(row.get_ref("options")?.as_str()?)?,
            gtin: row.get("gtin")?,
            weight_grams: row.get("weight_grams")?,
            requires_shipping: row.get("requires_shipping")?,
        });
    }
    Ok(variants)
}

/// The translation for a language tag, or for a shorter one.
fn translation(all: &[Translation], locale: &str) -> Option<usize> {
    let mut tag = locale;
    loop {
        if let Some(found) = all.iter().position(|t| t.locale.eq_ignore_ascii_case(tag)) {
            return Some(found);
        }
        tag = tag.rsplit_once('-')?.0;
    }
}

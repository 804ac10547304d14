//! Changing products one at a time.

use std::collections::HashSet;

use quoin_sdk::db::{self, Value};
use quoin_sdk::host::clock;
use quoin_sdk::types::Error;
use quoin_sdk::{batch, id};

use crate::exports::quoin::catalog::product_admin::ProductInput;
use crate::exports::quoin::catalog::products::{Product, Status};
use crate::{category, check, lookup, store};

/// SKUs in one query.
const SKUS_OF_QUERY: usize = 500;

pub fn upsert(input: ProductInput, revision: Option<u64>) -> Result<Product, Error> {
    let mut check = check::product(&input);
    let known = category::parents();
    for (i, slug) in input.categories.iter().enumerate() {
        if !known.contains_key(slug) {
            check.fault(format!("categories/{i}"), "is not the slug of a category; make it first");
        }
    }
    let skus: Vec<&str> = input.variants.iter().map(|v| v.sku.as_str()).collect();
    let others = owners(&skus);
    for (i, variant) in input.variants.iter().enumerate() {
        let owner = others.iter().find(|(sku, owner)| *sku == variant.sku && *owner != input.slug);
        check.note(format!("variants/{i}/sku"), owner.map(|(_, owner)| belongs_to(owner)));
    }
    check.done()?;

    let old = store::by_slug(&input.slug);
    expect_revision(&input.slug, old.as_ref(), revision)?;
    let (product, change) = merged(input, None, old, clock::now());
    if change != Change::None {
        store::replace(std::slice::from_ref(&product));
    }
    Ok(product)
}

pub fn set_status(slug: &str, status: Status, revision: Option<u64>) -> Result<Product, Error> {
    let mut product = lookup::any(slug)?;
    expect_revision(slug, Some(&product), revision)?;
    if product.status != status {
        product.status = status;
        product.revision += 1;
        product.updated_at = clock::now();
        store::set_status(&product);
    }
    Ok(product)
}

fn expect_revision(slug: &str, now: Option<&Product>, wanted: Option<u64>) -> Result<(), Error> {
    match (now, wanted) {
        (_, None) => Ok(()),
        (Some(now), Some(wanted)) if now.revision == wanted => Ok(()),
        (Some(now), Some(wanted)) => Err(Error::Conflict(format!(
            "{slug} has revision {} now, not {wanted}; read it again",
            now.revision
        ))),
        (None, Some(_)) => Err(Error::Conflict(format!(
            "there is no product {slug} yet; leave the revision out to make it"
        ))),
    }
}

/// What writing a product would do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Make it.
    Create,
    /// Replace it.
    Update,
    /// Nothing: it is like that already.
    None,
}

/// The product that `input` makes of `old`, with `status` or the one that it had.
pub fn merged(
    input: ProductInput,
    status: Option<Status>,
    old: Option<Product>,
    now: u64,
) -> (Product, Change) {
    let was = old.as_ref();
    let mut product = Product {
        id: was.map_or_else(|| id::random("prod"), |old| old.id.clone()),
        slug: input.slug,
        title: input.title,
        description: input.description,
        status: status.or(was.map(|old| old.status)).unwrap_or(Status::Draft),
        options: input.options,
        variants: input.variants,
        categories: input.categories,
        attributes: input.attributes,
        media: input.media,
        translations: input.translations,
        channels: input.channels,
        revision: was.map_or(1, |old| old.revision),
        updated_at: was.map_or(now, |old| old.updated_at),
    };
    match old {
        None => (product, Change::Create),
        Some(old) if old == product => (product, Change::None),
        Some(_) => {
            product.revision += 1;
            product.updated_at = now;
            (product, Change::Update)
        }
    }
}

/// Which products have these SKUs now: SKUs with slugs.
pub fn owners(skus: &[&str]) -> HashSet<(String, String)> {
    let mut owners = HashSet::new();
    for some in skus.chunks(SKUS_OF_QUERY) {
        let params: Vec<Value> = some.iter().map(|sku| Value::from(*sku)).collect();
        let statement = format!(
            "SELECT variant.sku, product.slug FROM variant
            JOIN product ON product.id = variant.product_id WHERE variant.sku IN ({})",
            batch::marks(1, params.len())
        );
        owners.extend(
            db::rows(&statement, &params).into_iter().map(|r| (r.text("sku"), r.text("slug"))),
        );
    }
    owners
}

/// Why a SKU cannot be taken.
pub fn belongs_to(slug: &str) -> String {
    format!("already belongs to the product {slug}; a SKU is unique in the shop")
}

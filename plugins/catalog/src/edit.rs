//! Changing products one at a time.

use quoin_sdk::check::Check;
use quoin_sdk::db::Row;
use quoin_sdk::host::clock;
use quoin_sdk::types::Error;
use quoin_sdk::{batch, id};

use crate::exports::quoin::catalog::product_admin::ProductInput;
use crate::exports::quoin::catalog::products::{Product, Status};
use crate::identity::Identities;
use crate::store::Write;
use crate::{category, check, lookup, store};

/// SKUs of a statement that asks who has them, and statements in one crossing.
const SKUS_OF_STATEMENT: usize = 16;
const STATEMENTS_AT_ONCE: usize = 60;

/// Makes the product, or replaces the one with this slug.
pub fn upsert(input: ProductInput, revision: Option<u64>) -> Result<Product, Error> {
    let old = store::by_slug(&input.slug);
    write(input, old, revision)
}

/// Replaces the product with this id.
pub fn replace(id: &str, input: ProductInput, revision: Option<u64>) -> Result<Product, Error> {
    let old = lookup::by_id(id)?;
    write(input, Some(old), revision)
}

fn write(
    input: ProductInput,
    old: Option<Product>,
    revision: Option<u64>,
) -> Result<Product, Error> {
    let mut check = check::product(&input);
    let known = category::parents();
    for (i, slug) in input.categories.iter().enumerate() {
        if !known.contains_key(slug) {
            check.fault(format!("categories/{i}"), "is not the slug of a category; make it first");
        }
    }
    let mut identities = Identities::of(&old);
    for (i, variant) in input.variants.iter().enumerate() {
        if let Some(Err(problem)) = variant.id.as_ref().map(|id| identities.name(id)) {
            check.fault(format!("variants/{i}/id"), problem);
        }
    }
    others(&input, old.as_ref(), &mut check);
    check.done()?;

    expect_revision(&input.slug, old.as_ref(), revision)?;
    let old = old.as_ref();
    let (product, change) = merged(input, None, old, &mut identities, clock::now());
    if change != Change::None {
        store::replace(&[Write { old, new: &product }]);
    }
    Ok(product)
}

/// What belongs to other products: a slug and SKUs.
fn others(input: &ProductInput, old: Option<&Product>, check: &mut Check) {
    let id = old.map(|old| old.id.as_str());
    if old.is_some_and(|old| old.slug != input.slug) && store::by_slug(&input.slug).is_some() {
        check.fault("slug", "belongs to another product; a slug is unique in the shop");
    }
    let skus: Vec<&str> = input.variants.iter().map(|v| v.sku.as_str()).collect();
    let owners = owners(&skus);
    for (i, variant) in input.variants.iter().enumerate() {
        let owner = owners.iter().find(|o| o.sku == variant.sku && Some(o.product.as_str()) != id);
        check.note(format!("variants/{i}/sku"), owner.map(|owner| belongs_to(&owner.slug)));
    }
}

/// Sets the status of the product with this id.
pub fn set_status(id: &str, status: Status, revision: Option<u64>) -> Result<Product, Error> {
    let old = lookup::by_id(id)?;
    expect_revision(&old.slug, Some(&old), revision)?;
    if old.status == status {
        return Ok(old);
    }
    let revision = old.revision + 1;
    let product = Product { status, revision, updated_at: clock::now(), ..old.clone() };
    store::replace(&[Write { old: Some(&old), new: &product }]);
    Ok(product)
}

fn expect_revision(slug: &str, now: Option<&Product>, wanted: Option<u64>) -> Result<(), Error> {
    match (now, wanted) {
        (_, None) => Ok(()),
        (Some(now), Some(wanted)) if now.revision == wanted => Ok(()),
        (Some(now), Some(wanted)) => Err(Error::Conflict(format!(
            "{} has revision {} now, not {wanted}; read it again",
            now.slug, now.revision
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

/// The product that `input` makes of what was there, with `status` or the one that it had.
pub fn merged(
    input: ProductInput,
    status: Option<Status>,
    was: Option<&Product>,
    identities: &mut Identities,
    now: u64,
) -> (Product, Change) {
    let mut product = Product {
        id: was.map_or_else(|| id::random("prod"), |old| old.id.clone()),
        slug: input.slug,
        title: input.title,
        description: input.description,
        status: status.or(was.map(|old| old.status)).unwrap_or(Status::Draft),
        options: input.options,
        variants: identities.variants(input.variants),
        categories: input.categories,
        attributes: input.attributes,
        media: input.media,
        translations: input.translations,
        channels: input.channels,
        revision: was.map_or(1, |old| old.revision),
        updated_at: was.map_or(now, |old| old.updated_at),
    };
    match was {
        None => (product, Change::Create),
        Some(was) if *was == product => (product, Change::None),
        Some(_) => {
            product.revision += 1;
            product.updated_at = now;
            (product, Change::Update)
        }
    }
}

/// Who has a SKU now.
pub struct Owner {
    pub sku: String,
    /// The id of the product.
    pub product: String,
    /// Its slug.
    pub slug: String,
}

/// Which products have these SKUs now.
pub fn owners(skus: &[&str]) -> Vec<Owner> {
    // CROSS JOIN: from the SKUs to their products, whatever SQLite thinks of how many there are.
    let statement = "SELECT variant.sku, variant.product_id, product.slug
        FROM catalog_variant AS variant CROSS JOIN catalog_product AS product
        WHERE variant.sku IN ({keys}) AND product.id = variant.product_id";
    let rows = batch::find(statement, skus, SKUS_OF_STATEMENT, STATEMENTS_AT_ONCE);
    let owner = |row: &Row| Owner {
        sku: row.text("sku"),
        product: row.text("product_id"),
        slug: row.text("slug"),
    };
    rows.iter().map(owner).collect()
}

/// Why a SKU cannot be taken.
pub fn belongs_to(slug: &str) -> String {
    format!("already belongs to the product {slug}; a SKU is unique in the shop")
}

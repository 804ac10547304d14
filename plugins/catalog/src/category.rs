//! Categories: a forest in which products are found.

use std::collections::HashMap;

use quoin_sdk::check::Check;
use quoin_sdk::db::{self, Row, Value};
use quoin_sdk::types::Error;
use quoin_sdk::{batch, params, text};

use crate::check::{SLUG_MAX, TITLE_MAX};
use crate::exports::quoin::catalog::products::Category;

/// Categories of a shop: all of them are listed in one answer.
pub const CATEGORIES_MAX: usize = 2_000;

/// Every category with each category below it, itself included. `UNION` ends at what is known.
const BELOW: &str = "WITH RECURSIVE below (slug, descendant) AS (
    SELECT slug, slug FROM catalog_category
    UNION
    SELECT below.slug, child.slug FROM below
    JOIN catalog_category AS child ON child.parent = below.descendant
)";

/// Categories with the number of published products.
pub fn all() -> Vec<Category> {
    let statement = format!(
        "{BELOW}, counted (slug, products) AS (
            SELECT below.slug, count(DISTINCT product.id) FROM below
            JOIN catalog_product_category AS filed ON filed.category = below.descendant
            JOIN catalog_product AS product ON product.id = filed.product_id
            WHERE product.status = 'published' GROUP BY below.slug
        )
        SELECT category.slug, category.title, category.parent,
            coalesce(counted.products, 0) AS products
        FROM catalog_category AS category
        LEFT JOIN counted ON counted.slug = category.slug ORDER BY category.slug"
    );
    db::rows(&statement, &[]).iter().map(category).collect()
}

fn category(row: &Row) -> Category {
    Category {
        slug: row.text("slug"),
        title: row.text("title"),
        parent: row.optional_text("parent"),
        products: row.number("products"),
    }
}

/// Slugs of all categories with those of their parents.
pub fn parents() -> HashMap<String, Option<String>> {
    let rows = db::rows("SELECT slug, parent FROM catalog_category", &[]);
    rows.iter().map(|row| (row.text("slug"), row.optional_text("parent"))).collect()
}

pub fn upsert(slug: String, title: String, parent: Option<String>) -> Result<Category, Error> {
    let mut check = Check::default();
    check.note("slug", text::slug_problem(&slug, SLUG_MAX));
    check.note("title", text::line_problem(&title, TITLE_MAX));
    let known = parents();
    if let Some(parent) = &parent {
        check.note("parent", parent_problem(&slug, parent, &known));
    }
    check.done()?;
    if !known.contains_key(&slug) && known.len() >= CATEGORIES_MAX {
        return Err(Error::Conflict(format!("the shop has {CATEGORIES_MAX} categories already")));
    }
    db::execute(
        "INSERT INTO catalog_category (slug, title, parent) VALUES (?1, ?2, ?3)
        ON CONFLICT (slug) DO UPDATE SET title = excluded.title, parent = excluded.parent",
        &params![&slug, &title, parent.as_deref()],
    );
    let products = all().into_iter().find(|c| c.slug == slug).map_or(0, |c| c.products);
    Ok(Category { slug, title, parent, products })
}

fn parent_problem(
    slug: &str,
    parent: &str,
    known: &HashMap<String, Option<String>>,
) -> Option<String> {
    if slug == parent {
        return Some("is the category itself".into());
    }
    if !known.contains_key(parent) {
        return Some("is not the slug of a category; make it first".into());
    }
    let mut above = known.get(parent)?.as_deref();
    // No chain is longer than the categories are many.
    for _ in 0..known.len() {
        match above {
            Some(found) if found == slug => {
                return Some(format!("is below {slug} already; that would make a circle"));
            }
            Some(found) => above = known.get(found)?.as_deref(),
            None => return None,
        }
    }
    None
}

/// A category by what it is known by.
#[derive(Clone)]
pub struct Named {
    pub slug: String,
    pub title: String,
    /// The slug of the category above it.
    pub parent: Option<String>,
}

/// All categories of the shop.
pub fn named() -> Vec<Named> {
    let rows = db::rows("SELECT slug, title, parent FROM catalog_category ORDER BY slug", &[]);
    let named = |row: &Row| Named {
        slug: row.text("slug"),
        title: row.text("title"),
        parent: row.optional_text("parent"),
    };
    rows.iter().map(named).collect()
}

/// Adds categories, parents before what is below them.
pub fn add(categories: &[Named]) {
    let values: Vec<Value> =
        categories.iter().flat_map(|c| params![&c.slug, &c.title, c.parent.as_deref()]).collect();
    let head = "INSERT INTO catalog_category (slug, title, parent) VALUES";
    batch::insert_many(head, 3, &values, "");
}

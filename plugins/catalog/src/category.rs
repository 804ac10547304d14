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

const SELECT: &str = "SELECT slug, title, parent, products FROM catalog_category";

/// Categories with the number of published products.
pub fn all() -> Vec<Category> {
    db::rows(&format!("{SELECT} ORDER BY slug"), &[]).iter().map(category).collect()
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
    if let Some(before) = known.get(&slug).filter(|before| **before != parent) {
        moved(&slug, before.as_deref(), parent.as_deref(), &known);
    }
    let row = db::first(&format!("{SELECT} WHERE slug = ?1"), &params![&slug]);
    row.as_ref().map(category).ok_or_else(|| Error::NotFound(format!("there is no {slug}")))
}

/// What is in a category is in those above it, too: brings that up to date after it was moved.
fn moved(
    slug: &str,
    before: Option<&str>,
    after: Option<&str>,
    known: &HashMap<String, Option<String>>,
) {
    let above = |parent: Option<&str>| -> Vec<String> {
        let chain = parent.map_or_else(Vec::new, |parent| chain(parent, known));
        chain.into_iter().map(str::to_owned).collect()
    };
    let (before, after) = (above(before), above(after));
    let mut statements = Vec::new();
    // The lowest first: what the one above still has is asked of those below it.
    for left in before.iter().filter(|category| !after.contains(category)) {
        statements.push(db::statement(LEAVE, &params![left, slug]));
        statements.push(db::statement(COUNT, &params![left]));
    }
    for entered in after.iter().filter(|category| !before.contains(category)) {
        statements.push(db::statement(ENTER, &params![entered, slug]));
        statements.push(db::statement(COUNT, &params![entered]));
    }
    batch::run(&statements);
}

/// Takes what is in ?2 out of ?1, but for what is filed there, or in another category below it.
const LEAVE: &str = "DELETE FROM catalog_product_category WHERE category = ?1 AND filed = 0
    AND EXISTS (SELECT 1 FROM catalog_product_category AS moved WHERE moved.category = ?2
        AND moved.sort_title = catalog_product_category.sort_title
        AND moved.product = catalog_product_category.product)
    AND NOT EXISTS (SELECT 1 FROM catalog_category AS child
        CROSS JOIN catalog_product_category AS other
        WHERE child.parent = ?1 AND other.category = child.slug
        AND other.sort_title = catalog_product_category.sort_title
        AND other.product = catalog_product_category.product)";
const ENTER: &str = "INSERT INTO catalog_product_category (category, sort_title, product, filed)
    SELECT ?1, sort_title, product, 0 FROM catalog_product_category AS moved
    WHERE moved.category = ?2
    ON CONFLICT (category, sort_title, product) DO NOTHING";
const COUNT: &str = "UPDATE catalog_category SET products = (
        SELECT count(*) FROM catalog_product_category AS inside WHERE inside.category = ?1)
    WHERE slug = ?1";

/// A category and those above it, the next one first.
pub fn chain<'a>(slug: &'a str, parents: &'a HashMap<String, Option<String>>) -> Vec<&'a str> {
    let mut chain = vec![slug];
    let mut above = parents.get(slug).and_then(Option::as_deref);
    while let Some(parent) = above.filter(|_| chain.len() <= parents.len()) {
        chain.push(parent);
        above = parents.get(parent).and_then(Option::as_deref);
    }
    chain
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

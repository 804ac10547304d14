//! Pages of products.

use std::collections::HashMap;

use quoin_sdk::db::{self, Row, Value};
use quoin_sdk::types::{Error, FieldFault};
use quoin_sdk::{batch, cursor, fault};

use crate::exports::quoin::catalog::products::{Filter, Media, Page, Status, Summary, VariantName};
use crate::store::{self, PRODUCTS_OF_QUERY};

/// Characters of a search: what somebody types, not a book.
const TEXT_MAX: usize = 200;
/// Words of a search: each is looked for in every product.
const WORDS_MAX: usize = 10;
/// Characters of the other filters: names and values have fewer.
const FILTER_MAX: usize = 300;

/// A page in the order of titles. Products of one title are ordered by id, so that every product
/// has its place and a page starts exactly where the one before it ended.
pub fn page(
    status: Option<Status>,
    filter: &Filter,
    after: Option<&str>,
    limit: Option<u32>,
) -> Result<Page, Error> {
    let mut query = conditions(status, filter).map_err(|fault| Error::Invalid(vec![fault]))?;
    let statement = format!("SELECT count(*) AS total FROM catalog_product {}", query.clause());
    let total = db::first(&statement, &query.params).map_or(0, |row| row.number("total"));

    if let Some(after) = after {
        let (title, id) = place(after).ok_or_else(|| {
            let problem = "is not one that a page gave; start without it";
            Error::Invalid(vec![fault("cursor", problem)])
        })?;
        let (title, id) = (query.param(title), query.param(id));
        query.conditions.push(format!("(sort_title, id) > ({title}, {id})"));
    }
    let limit = cursor::limit(limit);
    let statement = format!(
        "SELECT id, slug, title, sort_title, status, image_url, image_alt, revision
        FROM catalog_product {} ORDER BY sort_title, id LIMIT {}",
        query.clause(),
        limit + 1
    );
    let mut rows = db::rows(&statement, &query.params);
    let limit = limit as usize;
    let is_last = rows.len() <= limit;
    rows.truncate(limit);
    let next = rows
        .last()
        .filter(|_| !is_last)
        .map(|row| cursor::encode(&format!("{}\n{}", row.text("sort_title"), row.text("id"))));
    Ok(Page { items: summaries(&rows), next, total })
}

/// Title and id of the last product on the page before.
fn place(after: &str) -> Option<(String, String)> {
    let key = cursor::decode(after)?;
    let (title, id) = key.split_once('\n')?;
    Some((title.to_owned(), id.to_owned()))
}

fn summaries(rows: &[Row]) -> Vec<Summary> {
    let ids: Vec<Value> = rows.iter().map(|row| Value::from(row.text("id"))).collect();
    let mut variants: HashMap<String, Vec<VariantName>> = HashMap::new();
    for some in ids.chunks(PRODUCTS_OF_QUERY) {
        let statement = format!(
            "SELECT product_id, id, sku, title FROM catalog_variant WHERE product_id IN ({})
            ORDER BY product_id, position",
            batch::marks(1, some.len())
        );
        for row in db::rows(&statement, some) {
            let variant =
                VariantName { id: row.text("id"), sku: row.text("sku"), title: row.text("title") };
            variants.entry(row.text("product_id")).or_default().push(variant);
        }
    }
    let summary = |row: &Row| {
        let id = row.text("id");
        let alt = row.optional_text("image_alt").unwrap_or_default();
        Summary {
            slug: row.text("slug"),
            title: row.text("title"),
            status: store::status(row),
            image: row.optional_text("image_url").map(|url| Media { url, alt }),
            variants: variants.remove(&id).unwrap_or_default(),
            revision: row.number("revision"),
            id,
        }
    };
    rows.iter().map(summary).collect()
}

/// Conditions with their parameters.
#[derive(Default)]
struct Query {
    conditions: Vec<String>,
    params: Vec<Value>,
}

impl Query {
    /// Adds a parameter and returns its mark.
    fn param(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("?{}", self.params.len())
    }

    fn clause(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!("WHERE {}", self.conditions.join(" AND ")),
        }
    }
}

fn conditions(status: Option<Status>, filter: &Filter) -> Result<Query, FieldFault> {
    let mut query = Query::default();
    if let Some(status) = status {
        let mark = query.param(store::status_text(status));
        query.conditions.push(format!("status = {mark}"));
    }
    if let Some(category) = short("category", &filter.category)? {
        // CROSS JOIN: from the categories to their products. The other way round goes through all.
        let mark = query.param(category);
        query.conditions.push(format!(
            "id IN (WITH RECURSIVE below (slug) AS (
                SELECT slug FROM catalog_category WHERE slug = {mark}
                UNION
                SELECT child.slug FROM below
                JOIN catalog_category AS child ON child.parent = below.slug
            )
            SELECT product_id FROM below
            CROSS JOIN catalog_product_category AS filed WHERE filed.category = below.slug)"
        ));
    }
    if let Some(attribute) = short("attribute", &filter.attribute)? {
        if !attribute.contains(':') {
            let problem = "must be a name and a value with a colon between them, e.g. maker:Acme";
            return Err(fault("attribute", problem));
        }
        let mark = query.param(attribute.to_lowercase());
        query.conditions.push(format!(
            "id IN (SELECT product_id FROM catalog_product_facet WHERE facet = {mark})"
        ));
    }
    if let Some(channel) = short("channel", &filter.channel)? {
        let mark = query.param(channel);
        query.conditions.push(format!(
            "(NOT EXISTS (SELECT 1 FROM catalog_product_channel AS shown
                WHERE shown.product_id = catalog_product.id)
            OR EXISTS (SELECT 1 FROM catalog_product_channel AS shown
                WHERE shown.product_id = catalog_product.id AND shown.channel = {mark}))"
        ));
    }
    for word in words(filter.text.as_deref().unwrap_or_default())? {
        let mark = query.param(pattern(word));
        query.conditions.push(format!("search LIKE {mark} ESCAPE '\\'"));
    }
    Ok(query)
}

fn short<'a>(field: &str, value: &'a Option<String>) -> Result<Option<&'a str>, FieldFault> {
    match value {
        Some(text) if text.chars().count() > FILTER_MAX => {
            let problem = format!("has more than {FILTER_MAX} characters");
            Err(fault(field, problem))
        }
        // Forms send what was not filled in as an empty text.
        other => Ok(other.as_deref().filter(|text| !text.is_empty())),
    }
}

fn words(text: &str) -> Result<Vec<&str>, FieldFault> {
    let words: Vec<&str> = text.split_whitespace().take(WORDS_MAX + 1).collect();
    if words.len() > WORDS_MAX || text.chars().count() > TEXT_MAX {
        let problem = format!("has more than {WORDS_MAX} words or {TEXT_MAX} characters");
        return Err(fault("text", problem));
    }
    Ok(words)
}

/// A LIKE pattern for texts that contain this word, which is taken literally.
fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

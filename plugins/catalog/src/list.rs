//! Pages of products.
//!
//! A page is read in the order of lists from the table that has the fewest of the products it may show, and
//! each is looked at for whatever else is asked. Where that finds few, no page looks at more than
//! [`LOOKED_AT_MAX`] of them: it is shorter then, and tells where the next one goes on.

mod source;

use std::collections::HashMap;

use quoin_sdk::db::{Row, Value};
use quoin_sdk::types::{Error, FieldFault};
use quoin_sdk::{batch, cursor, fault};

use crate::exports::quoin::catalog::products::{Filter, Media, Page, Status, Summary, VariantName};
use crate::store::{self, PRODUCTS_OF_QUERY};
use crate::words;
use source::{Place, Query};

/// Products that are looked at for one page.
pub const LOOKED_AT_MAX: u32 = 2_000;
/// Characters of a search: what somebody types, not a book.
const TEXT_MAX: usize = 200;
/// Words of a search: each is looked for in every product.
const WORDS_MAX: usize = 10;
/// Characters of the other filters: names and values have fewer.
const FILTER_MAX: usize = 300;

/// What is looked for.
pub struct Wanted {
    pub status: Option<Status>,
    pub category: Option<String>,
    /// `name:value` in lower case.
    pub facet: Option<String>,
    pub channel: Option<String>,
    /// The beginnings of words.
    pub words: Vec<String>,
}

/// A page in the order of titles. Products of one title are ordered by number, so that every product
/// has its place and a page starts exactly where the one before it ended.
pub fn page(
    status: Option<Status>,
    filter: &Filter,
    after: Option<&str>,
    limit: Option<u32>,
) -> Result<Page, Error> {
    let wanted = wanted(status, filter).map_err(|fault| Error::Invalid(vec![fault]))?;
    let after = after.map(|after| {
        let problem = "is not one that a page gave; start without it";
        place(after).ok_or_else(|| Error::Invalid(vec![fault("cursor", problem)]))
    });
    let after = after.transpose()?;
    let Some(wanted) = wanted else { return Ok(Page { items: Vec::new(), next: None }) };
    let limit = cursor::limit(limit);
    let query = Query::new(&wanted, after);
    let end = query.end();
    let mut rows = query.rows(end.as_ref(), limit + 1);
    let is_full = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = if is_full { rows.last().map(Place::of) } else { end };
    let next = last.map(|last| cursor::encode(&format!("{}\n{}", last.title, last.number)));
    Ok(Page { items: summaries(&rows), next })
}

/// Title and number of the last product on the page before.
fn place(after: &str) -> Option<Place> {
    let key = cursor::decode(after)?;
    let (title, number) = key.split_once('\n')?;
    Some(Place { title: title.to_owned(), number: number.parse().ok()? })
}

fn summaries(rows: &[Row]) -> Vec<Summary> {
    let ids: Vec<String> = rows.iter().map(|row| row.text("id")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let statement = "SELECT product_id, id, sku, title FROM catalog_variant
        WHERE product_id IN ({keys}) ORDER BY product_id, position";
    let mut variants: HashMap<String, Vec<VariantName>> = HashMap::new();
    for row in batch::find(statement, &ids, PRODUCTS_OF_QUERY, 1) {
        let variant =
            VariantName { id: row.text("id"), sku: row.text("sku"), title: row.text("title") };
        variants.entry(row.text("product_id")).or_default().push(variant);
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

/// What is looked for; nothing where no product can be it.
fn wanted(status: Option<Status>, filter: &Filter) -> Result<Option<Wanted>, FieldFault> {
    let category = short("category", &filter.category)?.map(str::to_owned);
    let attribute = short("attribute", &filter.attribute)?;
    if attribute.is_some_and(|attribute| !attribute.contains(':')) {
        let problem = "must be a name and a value with a colon between them, e.g. maker:Acme";
        return Err(fault("attribute", problem));
    }
    let facet = attribute.map(str::to_lowercase);
    let channel = short("channel", &filter.channel)?.map(str::to_owned);
    let text = filter.text.as_deref().unwrap_or_default();
    let words = words_of(text)?;
    // Signs without a letter or digit are in no product.
    let is_found = !words.is_empty() || text.trim().is_empty();
    Ok(is_found.then_some(Wanted { status, category, facet, channel, words }))
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

fn words_of(text: &str) -> Result<Vec<String>, FieldFault> {
    let mut words = Vec::new();
    if text.chars().count() <= TEXT_MAX {
        words = words::split(text);
    }
    if words.len() > WORDS_MAX || text.chars().count() > TEXT_MAX {
        let problem = format!("has more than {WORDS_MAX} words or {TEXT_MAX} characters");
        return Err(fault("text", problem));
    }
    words.sort_unstable();
    words.dedup();
    Ok(words)
}

/// Conditions with their parameters.
#[derive(Default)]
struct Conditions {
    all: Vec<String>,
    params: Vec<Value>,
}

impl Conditions {
    /// Adds a parameter and returns its mark.
    fn param(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("?{}", self.params.len())
    }
}

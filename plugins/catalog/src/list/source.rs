//! Where the products of a page are read from.

use quoin_sdk::db::{self, Row, Statement};
use quoin_sdk::params;

use super::{Conditions, LOOKED_AT_MAX, Wanted};
use crate::exports::quoin::catalog::products::Status;
use crate::{store, words};

/// The place of a product in a list.
pub struct Place {
    pub title: String,
    pub number: i64,
}

impl Place {
    /// That of the product in a row.
    pub fn of(row: &Row) -> Place {
        Place { title: row.text("sort_title"), number: row.integer("number") }
    }
}

/// A table that has all products that may be shown.
#[derive(Clone, Copy, PartialEq)]
enum Source<'a> {
    /// Products of any status, or of one.
    Products(Option<Status>),
    Category(&'a str),
    Facet(&'a str),
    /// Of the beginnings of words the rarest. It is not in the order of lists, and so only for few.
    Word(&'a str),
}

/// The question for a page.
pub struct Query<'a> {
    wanted: &'a Wanted,
    source: Source<'a>,
    after: Option<Place>,
}

/// Columns of a page.
const COLUMNS: &str = "product.id, product.number, product.slug, product.title, product.sort_title,
    product.status, product.image_url, product.image_alt, product.revision";

impl<'a> Query<'a> {
    /// Reads from the source with the fewest products.
    pub fn new(wanted: &'a Wanted, after: Option<Place>) -> Query<'a> {
        let mut sources: Vec<Source> = Vec::new();
        sources.extend(wanted.category.as_deref().map(Source::Category));
        sources.extend(wanted.facet.as_deref().map(Source::Facet));
        sources.extend(wanted.words.iter().map(|word| Source::Word(word)));
        let all = Source::Products(wanted.status);
        let source = match sources.as_slice() {
            [] => all,
            [one @ (Source::Category(_) | Source::Facet(_))] => *one,
            _ => rarest(&sources).unwrap_or(all),
        };
        Query { wanted, source, after }
    }

    /// The last product that is looked at for the page, if it ends before the list does.
    pub fn end(&self) -> Option<Place> {
        let mut conditions = Conditions::default();
        if self.probes(&mut conditions) == 0 || matches!(self.source, Source::Word(_)) {
            return None;
        }
        let mut conditions = Conditions::default();
        let (table, title, number) = self.place(&mut conditions);
        let statement = format!(
            "SELECT {title} AS sort_title, {number} AS number FROM {table} {}
            ORDER BY {title}, {number} LIMIT 1 OFFSET {}",
            clause(&conditions),
            LOOKED_AT_MAX - 1
        );
        db::first(&statement, &conditions.params).as_ref().map(Place::of)
    }

    /// The next products, at most so many, up to `end`.
    pub fn rows(&self, end: Option<&Place>, limit: u32) -> Vec<Row> {
        let mut conditions = Conditions::default();
        // CROSS JOIN: in this order, whatever SQLite thinks of how many there are.
        let (from, title, number) = match self.source {
            Source::Products(_) => {
                let (table, title, number) = self.place(&mut conditions);
                (table.to_owned(), title, number)
            }
            Source::Category(_) | Source::Facet(_) => {
                let (table, title, number) = self.place(&mut conditions);
                conditions.all.push("product.number = place.product".into());
                (format!("{table} CROSS JOIN catalog_product AS product"), title, number)
            }
            Source::Word(word) => {
                let (from, to) = (conditions.param(word), conditions.param(words::end(word)));
                conditions.all.push("product.number = found.product".into());
                if let Some(status) = self.wanted.status {
                    let mark = conditions.param(store::status_text(status));
                    conditions.all.push(format!("product.status = {mark}"));
                }
                self.begin(&mut conditions, "product.sort_title", "product.number");
                let from = format!(
                    "(SELECT DISTINCT product FROM catalog_word
                        WHERE word >= {from} AND word < {to}) AS found
                    CROSS JOIN catalog_product AS product"
                );
                (from, "product.sort_title", "product.number")
            }
        };
        if let Some(end) = end {
            let (last, last_number) = (conditions.param(&end.title), conditions.param(end.number));
            conditions.all.push(format!("({title}, {number}) <= ({last}, {last_number})"));
        }
        self.probes(&mut conditions);
        let clause = clause(&conditions);
        let statement = format!(
            "SELECT {COLUMNS} FROM {from} {clause} ORDER BY {title}, {number} LIMIT {limit}"
        );
        db::rows(&statement, &conditions.params)
    }

    /// The table of the source, if it is in the order of lists, and its columns for the place in lists. The
    /// page begins there.
    fn place(&self, conditions: &mut Conditions) -> (&'static str, &'static str, &'static str) {
        let (table, title, number) = match self.source {
            Source::Category(slug) => {
                let mark = conditions.param(slug);
                conditions.all.push(format!("place.category = {mark}"));
                ("catalog_product_category AS place", "place.sort_title", "place.product")
            }
            Source::Facet(facet) => {
                let mark = conditions.param(facet);
                conditions.all.push(format!("place.facet = {mark}"));
                ("catalog_product_facet AS place", "place.sort_title", "place.product")
            }
            Source::Products(status) => {
                if let Some(status) = status {
                    let mark = conditions.param(store::status_text(status));
                    conditions.all.push(format!("product.status = {mark}"));
                }
                ("catalog_product AS product", "product.sort_title", "product.number")
            }
            Source::Word(_) => {
                ("catalog_product AS product", "product.sort_title", "product.number")
            }
        };
        self.begin(conditions, title, number);
        (table, title, number)
    }

    /// Where the page begins.
    fn begin(&self, conditions: &mut Conditions, title: &str, number: &str) {
        if let Some(after) = &self.after {
            let (from, last) = (conditions.param(&after.title), conditions.param(after.number));
            conditions.all.push(format!("({title}, {number}) > ({from}, {last})"));
        }
    }

    /// What is looked for in each product of the source; returns how many conditions that are.
    fn probes(&self, conditions: &mut Conditions) -> usize {
        let before = conditions.all.len();
        let wanted = self.wanted;
        let tables = [
            (&wanted.category, "category", "catalog_product_category"),
            (&wanted.facet, "facet", "catalog_product_facet"),
        ];
        for (value, column, table) in tables {
            let Some(value) = value else { continue };
            let is_source = match self.source {
                Source::Category(_) => column == "category",
                Source::Facet(_) => column == "facet",
                _ => false,
            };
            if !is_source {
                let mark = conditions.param(value);
                conditions.all.push(format!(
                    "EXISTS (SELECT 1 FROM {table} AS inside WHERE inside.{column} = {mark}
                        AND inside.sort_title = product.sort_title
                        AND inside.product = product.number)"
                ));
            }
        }
        for word in wanted.words.iter().filter(|word| self.source != Source::Word(word)) {
            let mark = conditions.param(words::pattern(word));
            conditions.all.push(format!("product.words LIKE {mark} ESCAPE '\\'"));
        }
        if let Some(channel) = &wanted.channel {
            let mark = conditions.param(channel);
            conditions.all.push(format!(
                "(NOT EXISTS (SELECT 1 FROM catalog_product_channel AS shown
                    WHERE shown.product_id = product.id)
                OR EXISTS (SELECT 1 FROM catalog_product_channel AS shown
                    WHERE shown.product_id = product.id AND shown.channel = {mark}))"
            ));
        }
        conditions.all.len() - before
    }
}

fn clause(conditions: &Conditions) -> String {
    match conditions.all.is_empty() {
        true => String::new(),
        false => format!("WHERE {}", conditions.all.join(" AND ")),
    }
}

/// The source with the fewest rows. A word that many products have is none; then a category or an attribute
/// is, if there is one.
fn rarest<'a>(sources: &[Source<'a>]) -> Option<Source<'a>> {
    let counts: Vec<Statement> = sources.iter().map(count).collect();
    let counts = db::batch(&counts);
    let counted = sources.iter().zip(&counts).filter_map(|(source, rows)| {
        let rows: u32 = rows.first()?.number("count");
        let is_ordered = !matches!(source, Source::Word(_));
        (is_ordered || rows < LOOKED_AT_MAX).then_some((rows, *source))
    });
    counted.min_by_key(|(rows, _)| *rows).map(|(_, source)| source)
}

/// Counts the rows of a source, as far as it matters.
fn count(source: &Source) -> Statement {
    let (from, params) = match source {
        Source::Category(slug) => {
            ("catalog_product_category WHERE category = ?1", Vec::from(params![*slug]))
        }
        Source::Facet(facet) => {
            ("catalog_product_facet WHERE facet = ?1", Vec::from(params![*facet]))
        }
        Source::Word(word) => (
            "catalog_word WHERE word >= ?1 AND word < ?2",
            Vec::from(params![*word, words::end(word)]),
        ),
        Source::Products(_) => ("catalog_product", Vec::new()),
    };
    let statement = format!(
        "SELECT count(*) AS count FROM (SELECT 1 AS one FROM {from} LIMIT {LOOKED_AT_MAX}) AS counted"
    );
    db::statement(&statement, &params)
}

//! What filters look at: a row for each category, attribute and word of a product.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use quoin_sdk::db::{self, Statement, Value};
use quoin_sdk::{batch, params};

use super::sort_title;
use crate::category;
use crate::exports::quoin::catalog::products::{Attribute, Product, Status};

/// A row that is to come or to go.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The category, attribute or word.
    pub key: String,
    /// The place in lists; empty for words.
    pub title: String,
    pub product: i64,
    pub filed: bool,
}

/// Rows of one of the tables.
#[derive(Default)]
struct Rows {
    /// In the order of the table's key, so that those that lie together are written together.
    come: Vec<Entry>,
    go: Vec<Entry>,
}

/// The rows of all three tables.
pub struct Entries {
    parents: HashMap<String, Option<String>>,
    categories: Rows,
    facets: Rows,
    words: Rows,
}

impl Entries {
    /// No rows yet, in this tree of categories.
    pub fn new(parents: HashMap<String, Option<String>>) -> Entries {
        let (categories, facets, words) = Default::default();
        Entries { parents, categories, facets, words }
    }

    /// A product becomes another; its row has had the first words and gets the others.
    pub fn change(
        &mut self,
        old: Option<&Product>,
        new: &Product,
        number: i64,
        (had, gets): (&str, &str),
    ) {
        let of = |entries: fn(&Entries, &Product, i64) -> BTreeSet<Entry>, this: &Entries| {
            let was = old.map_or_else(BTreeSet::new, |old| entries(this, old, number));
            (was, entries(this, new, number))
        };
        let categories = of(Entries::categories_of, self);
        let facets = of(|_, product, number| facets_of(product, number), self);
        let words = |words: &str| -> BTreeSet<Entry> {
            let word = |word: &str| Entry {
                key: word.to_owned(),
                title: String::new(),
                product: number,
                filed: false,
            };
            words.split(' ').filter(|word| !word.is_empty()).map(word).collect()
        };
        self.categories.change(categories);
        self.facets.change(facets);
        if had != gets {
            self.words.change((words(had), words(gets)));
        }
    }

    fn categories_of(&self, product: &Product, number: i64) -> BTreeSet<Entry> {
        let mut entries = BTreeMap::new();
        if product.status == Status::Published {
            for slug in &product.categories {
                for above in category::chain(slug, &self.parents) {
                    entries.entry(above.to_owned()).or_insert(false);
                }
                entries.insert(slug.clone(), true);
            }
        }
        let title = sort_title(product);
        let entry = |(key, filed)| Entry { key, title: title.clone(), product: number, filed };
        entries.into_iter().map(entry).collect()
    }

    /// How many more, or fewer, products each category has.
    pub fn counts(&self) -> BTreeMap<&str, i64> {
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for (entries, more) in [(&self.categories.come, 1), (&self.categories.go, -1)] {
            for entry in entries {
                *counts.entry(&entry.key).or_default() += more;
            }
        }
        counts.retain(|_, more| *more != 0);
        counts
    }

    /// Writes the rows.
    pub fn write(mut self) {
        for rows in [&mut self.categories, &mut self.facets, &mut self.words] {
            rows.come.sort_unstable();
            rows.go.sort_unstable();
        }
        let [mut gone, facets, words] = [
            self.categories.gone(
                "DELETE FROM catalog_product_category
                WHERE category = ?1 AND sort_title = ?2 AND product = ?3",
            ),
            self.facets.gone(
                "DELETE FROM catalog_product_facet
                WHERE facet = ?1 AND sort_title = ?2 AND product = ?3",
            ),
            (self.words.go.iter())
                .map(|entry| {
                    let delete = "DELETE FROM catalog_word WHERE word = ?1 AND product = ?2";
                    db::statement(delete, &params![&entry.key, entry.product])
                })
                .collect(),
        ];
        gone.extend(facets);
        gone.extend(words);
        batch::run(&gone);
        insert(
            "catalog_product_category (category, sort_title, product, filed)",
            &self.categories,
            |e| Vec::from(params![&e.key, &e.title, e.product, e.filed]),
        );
        insert("catalog_product_facet (facet, sort_title, product)", &self.facets, |e| {
            Vec::from(params![&e.key, &e.title, e.product])
        });
        insert("catalog_word (word, product)", &self.words, |e| {
            Vec::from(params![&e.key, e.product])
        });
    }
}

impl Rows {
    fn change(&mut self, (was, is): (BTreeSet<Entry>, BTreeSet<Entry>)) {
        let (mut was, mut is) = (was, is);
        was.retain(|entry| !is.remove(entry));
        self.go.extend(was);
        self.come.extend(is);
    }

    fn gone(&self, text: &str) -> Vec<Statement> {
        let gone = |e: &Entry| db::statement(text, &params![&e.key, &e.title, e.product]);
        self.go.iter().map(gone).collect()
    }
}

/// Rows whose values are held in memory at once.
const ROWS_AT_ONCE: usize = 5_000;

fn insert(table: &str, rows: &Rows, values: impl Fn(&Entry) -> Vec<Value>) {
    let head = format!("INSERT INTO {table} VALUES");
    for some in rows.come.chunks(ROWS_AT_ONCE) {
        let columns = some.first().map_or(1, |first| values(first).len());
        let values: Vec<Value> = some.iter().flat_map(&values).collect();
        batch::insert_many(&head, columns, &values, "");
    }
}

fn facets_of(product: &Product, number: i64) -> BTreeSet<Entry> {
    let title = sort_title(product);
    let shown = product.attributes.iter().filter(|_| product.status == Status::Published);
    shown
        .map(|attribute| {
            let (key, title) = (facet(attribute), title.clone());
            Entry { key, title, product: number, filed: false }
        })
        .collect()
}

/// An attribute as filters look for it.
pub fn facet(attribute: &Attribute) -> String {
    format!("{}:{}", attribute.name, attribute.value).to_lowercase()
}

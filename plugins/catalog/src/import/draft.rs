//! A product from its rows. A column of the file replaces what the product had; what the file has
//! no column for stays as it was.

use std::collections::HashMap;

use quoin_sdk::report::Faults;
use quoin_sdk::sheet::Row;

use super::columns::Columns;
use super::status;
use super::tree::Tree;
use crate::exports::quoin::catalog::product_admin::{ProductInput, VariantInput};
use crate::exports::quoin::catalog::products::{
    Attribute, Media, Product, ProductOption, ProductVariant, Status,
};
use crate::identity::Identities;

impl Columns {
    /// Keeps the ids that rows name for them.
    pub fn name_variants(&self, rows: &[Row], identities: &mut Identities, faults: &mut Faults) {
        let Some(column) = self.variant_id else { return };
        for row in rows.iter().filter(|row| !row.cell(column).is_empty()) {
            if let Err(problem) = identities.name(row.cell(column)) {
                faults.add(row.line, format!("variant_id {problem}"));
            }
        }
    }

    /// The product that these rows make of `old`, and the status that they give it.
    pub fn draft(
        &self,
        slug: &str,
        rows: &[&Row],
        old: Option<&Product>,
        tree: &mut Tree,
        faults: &mut Faults,
    ) -> (ProductInput, Option<Status>) {
        let line = rows.first().map_or(1, |row| row.line);
        let category = shared(rows, self.category, "category", faults);
        let title = shared(rows, self.title, "title", faults);
        let options = match self.options.is_empty() {
            true => old.map_or_else(Vec::new, |old| old.options.clone()),
            false => self.options(rows),
        };
        let input = ProductInput {
            slug: slug.to_owned(),
            title: title.to_owned(),
            description: shared(rows, self.description, "description", faults).to_owned(),
            variants: self.variants(rows, title, &options, old, faults),
            options,
            categories: tree.slugs(category, line, faults),
            attributes: self.attributes(rows, old, faults),
            media: match self.image {
                Some(column) => self.media(rows, column),
                None => old.map_or_else(Vec::new, |old| old.media.clone()),
            },
            translations: old.map_or_else(Vec::new, |old| old.translations.clone()),
            channels: old.map_or_else(Vec::new, |old| old.channels.clone()),
        };
        let cell = self.status.map_or("", |column| shared(rows, column, "status", faults));
        let status = status(cell).unwrap_or_else(|problem| {
            faults.add(line, format!("status {problem}"));
            None
        });
        (input, status)
    }

    /// The options for which any row has a value, with the values in the order of the rows.
    fn options(&self, rows: &[&Row]) -> Vec<ProductOption> {
        let option = |(column, name): &(usize, String)| {
            let mut values: Vec<String> = Vec::new();
            for value in rows.iter().map(|row| row.cell(*column)).filter(|v| !v.is_empty()) {
                if !values.iter().any(|known| known == value) {
                    values.push(value.to_owned());
                }
            }
            ProductOption { name: name.clone(), values }
        };
        self.options.iter().map(option).filter(|option| !option.values.is_empty()).collect()
    }

    fn variants(
        &self,
        rows: &[&Row],
        product_title: &str,
        options: &[ProductOption],
        old: Option<&Product>,
        faults: &mut Faults,
    ) -> Vec<VariantInput> {
        let old = Old::of(old);
        let mut variants = Vec::with_capacity(rows.len());
        for row in rows {
            let sku = row.cell(self.sku);
            let id = self.variant_id.map(|column| row.cell(column)).filter(|id| !id.is_empty());
            let old = old.variant(id, sku);
            let values = match self.options.is_empty() {
                true => old.map_or_else(Vec::new, |old| old.options.clone()),
                false => self.values(row, options),
            };
            let named = self.variant_title.map_or("", |column| row.cell(column));
            let kept = old.filter(|_| self.variant_title.is_none() && self.options.is_empty());
            variants.push(VariantInput {
                id: id.map(str::to_owned),
                sku: sku.to_owned(),
                title: match (named, kept) {
                    ("", Some(old)) => old.title.clone(),
                    ("", None) => variant_title(&values, product_title),
                    (named, _) => named.to_owned(),
                },
                options: values,
                gtin: match self.gtin.map(|column| row.cell(column)) {
                    None => old.and_then(|old| old.gtin.clone()),
                    Some("") => None,
                    Some(gtin) => Some(gtin.to_owned()),
                },
                weight_grams: match self.weight_grams.map(|column| row.cell(column)) {
                    None => old.and_then(|old| old.weight_grams),
                    Some("") => None,
                    Some(grams) => whole(grams, row.line, faults),
                },
                requires_shipping: match self.requires_shipping.map(|column| row.cell(column)) {
                    None => old.map(|old| old.requires_shipping),
                    Some("") => None,
                    Some(cell) => truth(cell, row.line, faults),
                },
            });
        }
        variants
    }

    fn values(&self, row: &Row, options: &[ProductOption]) -> Vec<Attribute> {
        (self.options.iter())
            .filter(|(_, name)| options.iter().any(|option| option.name == *name))
            .map(|(column, name)| Attribute {
                name: name.clone(),
                value: row.cell(*column).to_owned(),
            })
            .filter(|value| !value.value.is_empty())
            .collect()
    }

    /// The attributes of the file's columns, then those for which it has none.
    fn attributes(
        &self,
        rows: &[&Row],
        old: Option<&Product>,
        faults: &mut Faults,
    ) -> Vec<Attribute> {
        let mut attributes = Vec::new();
        for (column, name) in &self.attributes {
            let values = shared(rows, *column, name, faults).split('|').map(str::trim);
            attributes.extend(
                values
                    .filter(|value| !value.is_empty())
                    .map(|value| Attribute { name: name.clone(), value: value.to_owned() }),
            );
        }
        let in_file = |name: &str| self.attributes.iter().any(|(_, column)| column == name);
        let old = old.map_or(&[][..], |old| &old.attributes);
        attributes.extend(old.iter().filter(|attribute| !in_file(&attribute.name)).cloned());
        attributes
    }

    /// The pictures of all rows, each once.
    fn media(&self, rows: &[&Row], column: usize) -> Vec<Media> {
        let mut media: Vec<Media> = Vec::new();
        for row in rows {
            let url = row.cell(column);
            if !url.is_empty() && !media.iter().any(|known| known.url == url) {
                let alt = self.image_alt.map_or("", |column| row.cell(column));
                media.push(Media { url: url.to_owned(), alt: alt.to_owned() });
            }
        }
        media
    }
}

/// What all rows of a product say in a column: the first that says something, and no other may say
/// something else.
fn shared<'a>(rows: &[&'a Row], column: usize, name: &str, faults: &mut Faults) -> &'a str {
    let mut said: Option<(&str, u32)> = None;
    for row in rows {
        match (row.cell(column), said) {
            ("", _) => {}
            (cell, None) => said = Some((cell, row.line)),
            (cell, Some((first, line))) if cell != first => {
                let problem = format!("{name} is another than in line {line}, for the same slug");
                faults.add(row.line, problem);
            }
            _ => {}
        }
    }
    said.map_or("", |(cell, _)| cell)
}

/// What a variant is called when nobody says: its values, or the product's name where it has none.
fn variant_title(values: &[Attribute], product_title: &str) -> String {
    match values {
        [] => product_title.to_owned(),
        values => values.iter().map(|v| v.value.as_str()).collect::<Vec<_>>().join(" / "),
    }
}

/// The variants that a product has, by their keys.
struct Old<'a> {
    by_id: HashMap<&'a str, &'a ProductVariant>,
    by_sku: HashMap<&'a str, &'a ProductVariant>,
}

impl<'a> Old<'a> {
    fn of(product: Option<&'a Product>) -> Old<'a> {
        let variants = product.map_or(&[][..], |product| &product.variants);
        Old {
            by_id: variants.iter().map(|v| (v.id.as_str(), v)).collect(),
            by_sku: variants.iter().map(|v| (v.sku.as_str(), v)).collect(),
        }
    }

    fn variant(&self, id: Option<&str>, sku: &str) -> Option<&'a ProductVariant> {
        match id {
            Some(id) => self.by_id.get(id).copied(),
            None => self.by_sku.get(sku).copied(),
        }
    }
}

fn truth(cell: &str, line: u32, faults: &mut Faults) -> Option<bool> {
    let parsed = cell.parse().ok();
    if parsed.is_none() {
        faults.add(line, "requires_shipping must be true or false");
    }
    parsed
}

fn whole(cell: &str, line: u32, faults: &mut Faults) -> Option<u32> {
    let parsed = cell.parse().ok();
    if parsed.is_none() {
        faults.add(line, "weight_grams must be a whole number of grams");
    }
    parsed
}

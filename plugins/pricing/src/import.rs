//! Prices from CSV.

use std::collections::HashMap;

use quoin_sdk::check::SKU_MAX;
use quoin_sdk::host::configured;
use quoin_sdk::report::Faults;
use quoin_sdk::sheet::Sheet;
use quoin_sdk::types::{Error, ImportReport};
use quoin_sdk::{batch, currency, fault, text};

use crate::exports::quoin::pricing::price_admin::{Kind, Price, PriceList};
use crate::quoin::catalog::variants;
use crate::{lists, prices};

/// Rows of one import; its prices fit into an instance's memory several times.
const ROWS_MAX: usize = 50_000;
/// The list that an import makes when there is none.
const REGULAR: &str = "regular";
const COLUMNS: [&str; 3] = ["sku", "price", "min_quantity"];

pub fn import(csv: &str, list: Option<String>, dry_run: bool) -> Result<ImportReport, Error> {
    let id = list.as_deref().unwrap_or(REGULAR);
    let (list, is_new) = match lists::by_id(id) {
        Some(list) => (list, false),
        None if id == REGULAR => (regular()?, true),
        None => return Err(Error::NotFound(format!("there is no price list {}", shown(id)))),
    };
    let mut faults = Faults::default();
    let prices = read(csv, &list, &mut faults)?;
    if !faults.is_empty() {
        return faults.report(dry_run, 0, 0, 0);
    }

    let now = prices::amounts(&list.id, &prices);
    let (mut created, mut updated, mut unchanged) = (0, 0, 0);
    let changed: Vec<Price> = (prices.into_iter())
        .filter(|price| {
            let amount = now.get(&(price.variant.clone(), price.min_quantity));
            *match amount {
                None => &mut created,
                Some(amount) if *amount != price.minor => &mut updated,
                Some(_) => &mut unchanged,
            } += 1;
            amount != Some(&price.minor)
        })
        .collect();
    if !dry_run {
        if is_new {
            lists::store(&list);
        }
        prices::store(&changed)?;
    }
    faults.report(dry_run, created, updated, unchanged)
}

/// The list of everyday prices as the configuration has it.
fn regular() -> Result<PriceList, Error> {
    let currency = configured("currency");
    let tax_included = configured("tax-included");
    let mut faults = Vec::new();
    if let Some(problem) = currency::problem(&currency) {
        faults.push(fault("config/currency", problem));
    }
    if tax_included != "true" && tax_included != "false" {
        faults.push(fault("config/tax-included", "must be true or false"));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    Ok(PriceList {
        id: REGULAR.into(),
        title: "Everyday prices".into(),
        kind: Kind::Regular,
        currency,
        tax_included: tax_included == "true",
        group: None,
        channel: None,
        starts_at: None,
        ends_at: None,
    })
}

/// The prices of the rows.
///
/// # Errors
/// The catalogue could not say which variants have the SKUs.
fn read(csv: &str, list: &PriceList, faults: &mut Faults) -> Result<Vec<Price>, Error> {
    let sheet = Sheet::read(csv, ROWS_MAX, faults);
    sheet.refuse_others(&COLUMNS, &[], faults);
    let sku = sheet.required("sku", faults);
    let amount = sheet.required("price", faults);
    let quantity = sheet.column("min_quantity");
    // Rows under a wrong header would only repeat what is wrong with it.
    if faults.in_line(1) {
        return Ok(Vec::new());
    }

    let usable = |sku: &&str| text::line_problem(sku, SKU_MAX).is_none();
    let skus = sheet.rows.iter().map(|row| row.cell(sku)).filter(usable);
    let variants: HashMap<String, String> =
        batch::ask(skus, variants::by_sku)?.into_iter().map(|v| (v.sku, v.id)).collect();
    let mut lines: HashMap<(&str, u32), u32> = HashMap::new();
    let mut prices = Vec::with_capacity(sheet.rows.len());
    for row in &sheet.rows {
        let sku = row.cell(sku);
        let mut price = Price {
            price_list: list.id.clone(),
            variant: variants.get(sku).cloned().unwrap_or_default(),
            min_quantity: 1,
            minor: 0,
        };
        match text::line_problem(sku, SKU_MAX) {
            Some(problem) => faults.add(row.line, format!("sku {problem}")),
            None if price.variant.is_empty() => {
                faults.add(row.line, "sku is not that of a variant in the catalogue");
            }
            None => {}
        }
        match quantity.map(|column| row.cell(column)).filter(|cell| !cell.is_empty()) {
            None => {}
            Some(cell) => match cell.parse() {
                Ok(from) if from > 0 => price.min_quantity = from,
                _ => faults.add(row.line, "min_quantity must be a whole number from 1 on"),
            },
        }
        match currency::parse(row.cell(amount), &list.currency) {
            Ok(minor) => price.minor = minor,
            Err(problem) => faults.add(row.line, format!("price {problem}")),
        }
        if let Some(line) = lines.insert((sku, price.min_quantity), row.line) {
            faults.add(row.line, format!("sku and min_quantity are the same as in line {line}"));
        }
        prices.push(price);
    }
    Ok(prices)
}

/// An id as a message shows it: short and in one line.
fn shown(id: &str) -> String {
    match text::slug_problem(id, 64) {
        None => id.to_owned(),
        Some(_) => "of this name".into(),
    }
}

//! Prices in the lists.

use std::collections::{HashMap, HashSet};

use quoin_sdk::db::{self, Row, Value};
use quoin_sdk::types::Error;
use quoin_sdk::{batch, fault, params, text};

use crate::currency::MINOR_MAX;
use crate::exports::quoin::pricing::price_admin::Price;
use crate::lists;

/// Prices that one call sets, as the contract has it.
const SET_MAX: usize = 10_000;
/// Prices of one SKU over all lists and quantities: an answer lists them all.
const OF_SKU_MAX: usize = 1_000;
/// Characters of a SKU, as the catalogue has it.
const SKU_MAX: usize = 64;
/// Faults that one answer lists; more help nobody.
const FAULTS_MAX: usize = 100;
/// Keys of one query: its text stays small and its rows few.
const KEYS_OF_QUERY: usize = 500;

pub fn of(sku: &str) -> Vec<Price> {
    let statement = "SELECT sku, price_list, min_quantity, minor FROM price WHERE sku = ?1
        ORDER BY price_list, min_quantity";
    db::rows(statement, &params![sku]).iter().map(price).collect()
}

fn price(row: &Row) -> Price {
    Price {
        price_list: row.text("price_list"),
        sku: row.text("sku"),
        min_quantity: row.number("min_quantity"),
        minor: row.integer("minor"),
    }
}

pub fn set(prices: &[Price]) -> Result<u32, Error> {
    if prices.len() > SET_MAX {
        let problem = format!("are {}; set at most {SET_MAX} at once", prices.len());
        return Err(Error::Invalid(vec![fault("prices", problem)]));
    }
    let lists: HashSet<String> = lists::all().into_iter().map(|list| list.id).collect();
    let mut seen = HashMap::new();
    let mut faults = Vec::new();
    for (i, price) in prices.iter().enumerate() {
        let mut problems = problems(price);
        if !lists.contains(&price.price_list) {
            problems.push(("priceList", "is not the id of a price list".into()));
        }
        let key = (&price.price_list, &price.sku, price.min_quantity);
        if let Some(earlier) = seen.insert(key, i) {
            problems.push(("minQuantity", format!("is the same as in prices/{earlier}")));
        }
        let field = |(field, problem)| fault(format!("prices/{i}/{field}"), problem);
        faults.extend(problems.into_iter().map(field));
        if faults.len() > FAULTS_MAX {
            break;
        }
    }
    faults.truncate(FAULTS_MAX);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    store(prices)?;
    Ok(u32::try_from(prices.len()).unwrap_or(u32::MAX))
}

/// What is wrong with a price by itself: fields and their problems.
pub fn problems(price: &Price) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    if let Some(problem) = text::line_problem(&price.sku, SKU_MAX) {
        problems.push(("sku", problem));
    }
    if price.min_quantity == 0 {
        problems.push(("minQuantity", "must be at least 1, which is the plain price".into()));
    }
    if !(0..=MINOR_MAX).contains(&price.minor) {
        problems.push(("minor", format!("must be 0 to {MINOR_MAX} minor units")));
    }
    problems
}

/// Writes prices that were checked.
///
/// # Errors
/// A SKU would have too many.
pub fn store(prices: &[Price]) -> Result<(), Error> {
    let values: Vec<Value> = prices
        .iter()
        .flat_map(|p| params![p.sku.as_str(), p.price_list.as_str(), p.min_quantity, p.minor])
        .collect();
    batch::insert_many(
        "INSERT INTO price (sku, price_list, min_quantity, minor) VALUES",
        4,
        &values,
        "ON CONFLICT (sku, price_list, min_quantity) DO UPDATE SET minor = excluded.minor",
    );
    for some in prices.chunks(KEYS_OF_QUERY) {
        let skus: Vec<Value> = some.iter().map(|p| Value::from(p.sku.as_str())).collect();
        let statement = format!(
            "SELECT sku FROM price WHERE sku IN ({}) GROUP BY sku HAVING count(*) > {OF_SKU_MAX}",
            batch::marks(1, skus.len())
        );
        if let Some(row) = db::first(&statement, &skus) {
            let sku = row.text("sku");
            return Err(Error::Conflict(format!(
                "{sku} would have more than {OF_SKU_MAX} prices; remove some first"
            )));
        }
    }
    Ok(())
}

/// The amounts that a list has now for these SKUs and quantities.
pub fn amounts(list: &str, prices: &[Price]) -> HashMap<(String, u32), i64> {
    let mut amounts = HashMap::with_capacity(prices.len());
    for some in prices.chunks(KEYS_OF_QUERY) {
        let mut params = Vec::from(params![list]);
        params.extend(some.iter().flat_map(|p| params![p.sku.as_str(), p.min_quantity]));
        let keys = batch::typed_rows(2, &["TEXT", "BIGINT"], some.len());
        let statement = format!(
            "WITH wanted (sku, min_quantity) AS (VALUES {keys})
            SELECT price.sku, price.min_quantity, price.minor FROM wanted
            JOIN price ON price.sku = wanted.sku AND price.price_list = ?1
                AND price.min_quantity = wanted.min_quantity"
        );
        amounts.extend(
            db::rows(&statement, &params)
                .into_iter()
                .map(|row| ((row.text("sku"), row.number("min_quantity")), row.integer("minor"))),
        );
    }
    amounts
}

pub fn remove(list: &str, sku: &str, min_quantity: u32) -> Result<(), Error> {
    let removed = db::execute(
        "DELETE FROM price WHERE sku = ?1 AND price_list = ?2 AND min_quantity = ?3",
        &params![sku, list, min_quantity],
    );
    if removed == 0 {
        let which = format!("price of {sku} from {min_quantity} in the list {list}");
        return Err(Error::NotFound(format!("there is no {which}")));
    }
    Ok(())
}

//! Prices in the lists.

use std::collections::{BTreeSet, HashMap, HashSet};

use quoin_sdk::check::Check;
use quoin_sdk::currency::MINOR_MAX;
use quoin_sdk::db::{self, Row, Value};
use quoin_sdk::types::Error;
use quoin_sdk::{batch, fault, params};

use crate::exports::quoin::pricing::price_admin::Price;
use crate::lists;
use crate::quoin::catalog::variants as catalogue;

/// Prices that one call sets, as the contract has it.
const SET_MAX: usize = 10_000;
/// Statements in one crossing that find nothing but what is wrong.
const COUNTED_AT_ONCE: usize = 120;
/// Prices of one variant over all lists and quantities: an answer lists them all.
const OF_VARIANT_MAX: usize = 1_000;
/// Variants of one statement: their prices are fewer than the 10,000 rows that the host returns.
pub const VARIANTS_OF_STATEMENT: usize = 8;
/// Statements in one crossing: all prices of so many variants stay below the host's 4 MiB.
pub const STATEMENTS_AT_ONCE: usize = 5;

/// All prices of a variant.
pub fn of(variant: &str) -> Vec<Price> {
    let statement = "SELECT variant, price_list, min_quantity, minor FROM pricing_price
        WHERE variant = ?1 ORDER BY price_list, min_quantity";
    db::rows(statement, &params![variant]).iter().map(price).collect()
}

fn price(row: &Row) -> Price {
    Price {
        price_list: row.text("price_list"),
        variant: row.text("variant"),
        min_quantity: row.number("min_quantity"),
        minor: row.integer("minor"),
    }
}

/// Sets all of these prices, or none when one is faulty.
pub fn set(prices: &[Price]) -> Result<u32, Error> {
    if prices.len() > SET_MAX {
        let problem = format!("are {}; set at most {SET_MAX} at once", prices.len());
        return Err(Error::Invalid(vec![fault("prices", problem)]));
    }
    let lists: HashSet<String> = lists::all().into_iter().map(|list| list.id).collect();
    let known = batch::ask(prices.iter().map(|price| price.variant.as_str()), catalogue::by_id)?;
    let known: HashSet<&str> = known.iter().map(|variant| variant.id.as_str()).collect();
    let mut seen = HashMap::new();
    let mut check = Check::default();
    for (i, price) in prices.iter().enumerate() {
        let field = |name: &str| format!("prices/{i}/{name}");
        if !lists.contains(&price.price_list) {
            check.fault(field("priceList"), "is not the id of a price list");
        }
        if !known.contains(price.variant.as_str()) {
            check.fault(field("variant"), "is not the id of a variant in the catalogue");
        }
        for (name, problem) in problems(price) {
            check.fault(field(name), problem);
        }
        let key = (&price.price_list, &price.variant, price.min_quantity);
        if let Some(earlier) = seen.insert(key, i) {
            check.fault(field("minQuantity"), format!("is the same as in prices/{earlier}"));
        }
    }
    check.done()?;
    store(prices)?;
    Ok(u32::try_from(prices.len()).unwrap_or(u32::MAX))
}

/// What is wrong with the numbers of a price: fields and their problems.
pub fn problems(price: &Price) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
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
/// A variant would have too many.
pub fn store(prices: &[Price]) -> Result<(), Error> {
    let values: Vec<Value> = prices
        .iter()
        .flat_map(|p| params![p.variant.as_str(), p.price_list.as_str(), p.min_quantity, p.minor])
        .collect();
    batch::insert_many(
        "INSERT INTO pricing_price (variant, price_list, min_quantity, minor) VALUES",
        4,
        &values,
        "ON CONFLICT (variant, price_list, min_quantity) DO UPDATE SET minor = excluded.minor",
    );
    let counted = format!(
        "SELECT variant FROM pricing_price WHERE variant IN ({{keys}})
        GROUP BY variant HAVING count(*) > {OF_VARIANT_MAX}"
    );
    let full = batch::find(&counted, &variants(prices), VARIANTS_OF_STATEMENT, COUNTED_AT_ONCE);
    if let Some(row) = full.first() {
        let variant = row.text("variant");
        return Err(Error::Conflict(format!(
            "{variant} would have more than {OF_VARIANT_MAX} prices; remove some first"
        )));
    }
    Ok(())
}

/// The variants that have these prices.
fn variants(prices: &[Price]) -> Vec<&str> {
    let variants: BTreeSet<&str> = prices.iter().map(|price| price.variant.as_str()).collect();
    variants.into_iter().collect()
}

/// The amounts that a list has now for the variants of these prices, by variant and quantity.
pub fn amounts(list: &str, prices: &[Price]) -> HashMap<(String, u32), i64> {
    let text = "SELECT variant, min_quantity, minor FROM pricing_price
        WHERE price_list = ?1 AND variant IN ({keys})";
    let mut amounts = HashMap::with_capacity(prices.len());
    let list = params![list];
    let statements = batch::keyed(text, &variants(prices), VARIANTS_OF_STATEMENT, &list);
    for some in statements.chunks(STATEMENTS_AT_ONCE) {
        amounts.extend(
            db::batch(some).into_iter().flatten().map(|row| {
                ((row.text("variant"), row.number("min_quantity")), row.integer("minor"))
            }),
        );
    }
    amounts
}

/// Removes a price.
///
/// # Errors
/// `not-found` where there is none.
pub fn remove(list: &str, variant: &str, min_quantity: u32) -> Result<(), Error> {
    let removed = db::execute(
        "DELETE FROM pricing_price WHERE variant = ?1 AND price_list = ?2 AND min_quantity = ?3",
        &params![variant, list, min_quantity],
    );
    if removed == 0 {
        let why = format!("the list has no price of this variant from {min_quantity} pieces on");
        return Err(Error::NotFound(why));
    }
    Ok(())
}

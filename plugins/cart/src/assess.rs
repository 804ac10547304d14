//! What the lines of a cart are, cost, and whether there are enough: one question each to the
//! catalogue, to pricing and to inventory, however many lines there are.

use std::collections::{HashMap, HashSet};

use quoin_sdk::types::{Error, FieldFault};

use crate::bindings::exports::quoin::cart::carts::{Cart, Line};
use crate::bindings::quoin::catalog::products::{self, VariantInfo};
use crate::bindings::quoin::inventory::stock;
use crate::bindings::quoin::pricing::quotes::{self, Context, Quoted};
use crate::store;

/// Quotes that are asked for at most. One line without a price fails the whole quote, so the others
/// are asked for again without the lines that it names; it may name no more than 100 at a time.
const QUOTES_MAX: usize = 4;
/// Characters of a title or a reason that are kept.
const TEXT_MAX: usize = 300;

/// Brings title, price and problem of every line up to date, and the totals.
///
/// # Errors
/// A plugin could not answer, or answered what cannot be true. The cart is half changed then and must
/// not be stored.
pub fn all(cart: &mut Cart) -> Result<(), Error> {
    let zero = store::money(cart, 0);
    for line in &mut cart.lines {
        line.unit = zero.clone();
        line.total = zero.clone();
        line.tax_included = false;
        line.reason.clear();
        line.problem = None;
    }
    if !cart.lines.is_empty() {
        title(cart)?;
        price(cart)?;
        check_stock(cart)?;
    }
    store::add_up(cart)
}

fn title(cart: &mut Cart) -> Result<(), Error> {
    let skus: Vec<String> = cart.lines.iter().map(|line| line.sku.clone()).collect();
    let found = products::variants_by_sku(&skus).map_err(|e| no_answer("the catalogue", e))?;
    let titles: HashMap<&str, String> =
        found.iter().map(|info| (info.variant.sku.as_str(), title_of(info))).collect();
    for line in &mut cart.lines {
        match titles.get(line.sku.as_str()) {
            Some(title) => line.title.clone_from(title),
            None => line.problem = Some("is not sold any more".into()),
        }
    }
    Ok(())
}

fn title_of(info: &VariantInfo) -> String {
    let (product, variant) = (info.product_title.trim(), info.variant.title.trim());
    let title = match (product, variant) {
        ("", "") => info.variant.sku.clone(),
        (title, "") | ("", title) => title.to_owned(),
        (product, variant) if product == variant => product.to_owned(),
        (product, variant) => format!("{product} – {variant}"),
    };
    title.chars().take(TEXT_MAX).collect()
}

/// Prices the lines that have no problem yet. Those without a price get one.
fn price(cart: &mut Cart) -> Result<(), Error> {
    let context = Context { currency: cart.currency.clone(), group: None, channel: None };
    for _ in 0..QUOTES_MAX {
        let mut asked: Vec<&mut Line> =
            cart.lines.iter_mut().filter(|line| line.problem.is_none()).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let lines: Vec<quotes::Line> = (asked.iter())
            .map(|line| quotes::Line { sku: line.sku.clone(), quantity: line.quantity })
            .collect();
        match quotes::quote(&lines, &context) {
            Ok(quoted) => return take(asked, quoted, &context.currency),
            Err(Error::Invalid(faults)) => {
                let faulty: HashSet<usize> = faults.iter().filter_map(line_of).collect();
                if faulty.is_empty() {
                    return Err(no_answer("pricing", Error::Invalid(faults)));
                }
                let no_price = format!("has no price in {}", context.currency);
                for line in faulty {
                    if let Some(line) = asked.get_mut(line) {
                        line.problem = Some(no_price.clone());
                    }
                }
            }
            Err(error) => return Err(no_answer("pricing", error)),
        }
    }
    Err(Error::Unavailable("pricing refuses ever more lines".into()))
}

/// The line that a fault in `lines/3/sku` is about.
fn line_of(fault: &FieldFault) -> Option<usize> {
    fault.field.strip_prefix("lines/")?.split('/').next()?.parse().ok()
}

/// Takes the quoted prices over, if they can be true.
fn take(asked: Vec<&mut Line>, quoted: Vec<Quoted>, currency: &str) -> Result<(), Error> {
    if asked.len() != quoted.len() {
        return Err(nonsense("another number of lines than it was asked for"));
    }
    for (line, price) in asked.into_iter().zip(quoted) {
        if (&price.sku, price.quantity) != (&line.sku, line.quantity) {
            return Err(nonsense("other lines than it was asked for"));
        }
        if price.unit.minor < 0 || price.unit.currency != currency {
            return Err(nonsense("a price below zero or in another currency"));
        }
        if price.unit.times(price.quantity).as_ref() != Some(&price.total) {
            return Err(nonsense("a total that is not unit times quantity"));
        }
        line.unit = price.unit;
        line.total = price.total;
        line.tax_included = price.tax_included;
        line.reason = price.reason.chars().take(TEXT_MAX).collect();
    }
    Ok(())
}

fn nonsense(what: &str) -> Error {
    Error::Unavailable(format!("pricing answered {what}"))
}

/// Tells which lines there are not enough for. What is reserved for this very cart counts as there.
fn check_stock(cart: &mut Cart) -> Result<(), Error> {
    let mut sold: Vec<&mut Line> =
        cart.lines.iter_mut().filter(|line| line.problem.is_none()).collect();
    if sold.is_empty() {
        return Ok(());
    }
    let skus: Vec<String> = sold.iter().map(|line| line.sku.clone()).collect();
    let found = stock::get_availability(&skus, Some(&cart.id)).map_err(|error| match error {
        stock::Error::Retryable(ms) => Error::Retryable(ms),
        stock::Error::Unavailable(why) => Error::Unavailable(why),
        other => Error::Unavailable(format!("inventory refused to say what there is: {other:?}")),
    })?;
    let known: HashMap<&str, &stock::Availability> =
        found.iter().map(|availability| (availability.sku.as_str(), availability)).collect();
    for line in &mut sold {
        let there = known.get(line.sku.as_str());
        let available = there.map_or(0, |a| a.available);
        if available < line.quantity && !there.is_some_and(|a| a.backorder) {
            line.problem = Some(match available {
                0 => "is out of stock".into(),
                available => format!("only {available} left"),
            });
        }
    }
    Ok(())
}

/// What a change fails with when a plugin that it needs did not answer the question.
fn no_answer(who: &str, error: Error) -> Error {
    match error {
        Error::Retryable(ms) => Error::Retryable(ms),
        Error::Unavailable(why) => Error::Unavailable(why),
        other => Error::Unavailable(format!("{who} refused to answer: {other:?}")),
    }
}

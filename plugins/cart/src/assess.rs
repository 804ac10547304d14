//! What the lines of a cart are, cost, and whether there are enough: one question each to the
//! catalogue, to pricing and to inventory, however many lines there are.

use std::collections::{HashMap, HashSet};

use quoin_sdk::check::TITLE_MAX;
use quoin_sdk::types::{Error, FieldFault};

use crate::bindings::exports::quoin::cart::carts::{Cart, Line};
use crate::bindings::quoin::catalog::products::{self, VariantInfo};
use crate::bindings::quoin::inventory::stock::{self, Availability};
use crate::bindings::quoin::pricing::quotes::{self, Context, Quoted};
use crate::store;

/// Quotes that are asked for at most. One line without a price fails the whole quote, so the others
/// are asked for again without the lines that it names; it may name no more than 100 at a time.
const QUOTES_MAX: usize = 4;

/// Brings SKU, title, price and problem of every line up to date, and the totals. Answers with the ids of
/// the lines whose variants are not sold.
///
/// # Errors
/// A plugin could not answer, or answered what cannot be true. The cart is half changed then and must
/// not be stored.
pub fn all(cart: &mut Cart) -> Result<HashSet<String>, Error> {
    let unsold = but_stock(cart)?;
    check_stock(cart)?;
    Ok(unsold)
}

/// The same, but for whether there is enough.
///
/// # Errors
/// As above.
pub fn but_stock(cart: &mut Cart) -> Result<HashSet<String>, Error> {
    for line in &mut cart.lines {
        line.unit.minor = 0;
        line.total.minor = 0;
        line.tax_included = true;
        line.reason.clear();
        line.problem = None;
    }
    let mut unsold = HashSet::new();
    if !cart.lines.is_empty() {
        identify(cart)?;
        let faulty = cart.lines.iter().filter(|line| line.problem.is_some());
        unsold.extend(faulty.map(|line| line.id.clone()));
    }
    price(cart)?;
    store::add_up(cart)?;
    Ok(unsold)
}

fn identify(cart: &mut Cart) -> Result<(), Error> {
    let ids: Vec<String> = cart.lines.iter().map(|line| line.variant.clone()).collect();
    let found = products::variants(&ids).map_err(|e| no_answer("the catalogue", e))?;
    let found: HashMap<&str, &VariantInfo> =
        found.iter().map(|info| (info.variant.id.as_str(), info)).collect();
    for line in &mut cart.lines {
        match found.get(line.variant.as_str()) {
            Some(info) => {
                line.sku.clone_from(&info.variant.sku);
                line.title = title(info);
                line.requires_shipping = info.variant.requires_shipping;
            }
            None => line.problem = Some("is not sold any more".into()),
        }
    }
    Ok(())
}

fn title(info: &VariantInfo) -> String {
    let (product, variant) = (info.product_title.trim(), info.variant.title.trim());
    match (product, variant) {
        ("", "") => info.variant.sku.clone(),
        (title, "") | ("", title) => fit(title),
        (product, variant) if product == variant => fit(product),
        (product, variant) => fit(&format!("{product} – {variant}")),
    }
}

/// A text as a line that every plugin accepts: without line breaks, and cut.
fn fit(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let cut: String = plain.skip_while(|c| c.is_whitespace()).take(TITLE_MAX).collect();
    cut.trim_end().to_owned()
}

/// Prices the lines that have no problem yet. Those without a price get one, and those that are priced the
/// other way than the first, net or gross.
fn price(cart: &mut Cart) -> Result<(), Error> {
    let context = Context { currency: cart.currency.clone(), group: None, channel: None };
    cart.tax_included = true;
    for _ in 0..QUOTES_MAX {
        let mut asked: Vec<&mut Line> =
            cart.lines.iter_mut().filter(|line| line.problem.is_none()).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let lines: Vec<quotes::Line> = (asked.iter())
            .map(|l| quotes::Line { variant: l.variant.clone(), quantity: l.quantity })
            .collect();
        match quotes::quote(&lines, &context) {
            Ok(quoted) => {
                cart.tax_included = quoted.first().is_none_or(|first| first.tax_included);
                return take(asked, quoted, &context.currency, cart.tax_included);
            }
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

/// The line that a fault in `lines/3/variant` is about.
fn line_of(fault: &FieldFault) -> Option<usize> {
    fault.field.strip_prefix("lines/")?.split('/').next()?.parse().ok()
}

/// Takes the quoted prices over, if they can be true.
fn take(
    asked: Vec<&mut Line>,
    quoted: Vec<Quoted>,
    currency: &str,
    tax_included: bool,
) -> Result<(), Error> {
    if asked.len() != quoted.len() {
        return Err(nonsense("another number of lines than it was asked for"));
    }
    for (line, price) in asked.into_iter().zip(quoted) {
        if (&price.variant, price.quantity) != (&line.variant, line.quantity) {
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
        line.reason = fit(&price.reason);
        if line.tax_included != tax_included {
            let (this, others) = if tax_included { ("net", "gross") } else { ("gross", "net") };
            line.problem = Some(format!("has a {this} price, others have {others} prices"));
        }
    }
    Ok(())
}

fn nonsense(what: &str) -> Error {
    Error::Unavailable(format!("pricing answered {what}"))
}

/// Tells which lines there are not enough for. Lines of one variant share what there is, in their order.
fn check_stock(cart: &mut Cart) -> Result<(), Error> {
    let mut sold: Vec<&mut Line> =
        cart.lines.iter_mut().filter(|line| line.problem.is_none()).collect();
    if sold.is_empty() {
        return Ok(());
    }
    let variants: Vec<String> = sold.iter().map(|line| line.variant.clone()).collect();
    let found = stock::get_availability(&variants).map_err(|e| no_answer("inventory", e))?;
    let mut there: HashMap<String, Availability> =
        found.into_iter().map(|one| (one.variant.clone(), one)).collect();
    for line in &mut sold {
        let there = there.get_mut(&line.variant);
        if there.as_ref().is_some_and(|there| there.backorder) {
            continue;
        }
        match there.map(|there| &mut there.available) {
            Some(left) if *left >= line.quantity => *left -= line.quantity,
            None | Some(0) => line.problem = Some("is out of stock".into()),
            Some(left) => line.problem = Some(format!("only {left} left")),
        }
    }
    Ok(())
}

/// What a change fails with when a plugin that it needs did not answer the question.
fn no_answer(who: &str, error: Error) -> Error {
    match error {
        Error::Retryable(_) | Error::Unavailable(_) => error,
        other => Error::Unavailable(format!("{who} refused to answer: {other:?}")),
    }
}

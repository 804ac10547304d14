//! What can be done to a cart.
//!
//! Order of things in a change of lines: read the cart, ask the other plugins, store. The first
//! statement takes the database's one writer, and it is kept while the others answer. That is on
//! purpose: what to ask depends on the lines, and between the question and the storing no other change
//! may come in, or the cart would have prices for lines that it no longer has. No plugin that is
//! asked can be waiting for this one, because the binding graph has no cycle; so it costs other carts
//! a delay, bounded by the deadline, and nothing else. Nothing is written before all have answered.

use quoin_sdk::host::clock;
use quoin_sdk::types::{Address, Error};
use quoin_sdk::{id, text};

use crate::bindings::exports::quoin::cart::carts::{Cart, Line, Status, Totals};
use crate::check::{self, LINES_MAX, SKU_MAX, invalid};
use crate::store::{self, Stored, money};
use crate::{assess, settings};

/// Makes an empty cart.
pub fn create(currency: Option<String>) -> Result<Cart, Error> {
    let currency = match currency {
        None => settings::currency()?,
        Some(currency) => match check::currency_problem(&currency) {
            None => currency,
            Some(problem) => return Err(invalid("currency", problem)),
        },
    };
    let zero = quoin_sdk::types::Money::new(0, currency.as_str());
    let cart = Cart {
        id: id::random("cart"),
        revision: 1,
        status: Status::Open,
        currency,
        email: None,
        address: None,
        lines: Vec::new(),
        totals: Totals { subtotal: zero.clone(), grand: zero },
        expires_at: clock::now() + settings::kept_ms()?,
    };
    store::insert(&cart);
    Ok(cart)
}

/// Adds to the line of this SKU, or makes one.
pub fn add_line(
    id: &str,
    sku: String,
    quantity: u32,
    revision: Option<u64>,
) -> Result<Cart, Error> {
    if let Some(problem) = text::line_problem(&sku, SKU_MAX) {
        return Err(invalid("sku", problem));
    }
    check::quantity(quantity, 1)?;
    let before = open(id, revision)?;
    let mut after = before.clone();
    let cart = &mut after.cart;
    if let Some(line) = cart.lines.iter_mut().find(|line| line.sku == sku) {
        line.quantity = line.quantity.saturating_add(quantity);
        if check::quantity(line.quantity, 1).is_err() {
            let (sum, max) = (line.quantity, check::QUANTITY_MAX);
            let problem = format!("makes {sum} together with what is in the cart; at most {max}");
            return Err(invalid("quantity", problem));
        }
    } else if cart.lines.len() >= LINES_MAX {
        return Err(invalid(
            "sku",
            format!("is one too many; a cart has at most {LINES_MAX} lines"),
        ));
    } else {
        after.lines_made = after.lines_made.saturating_add(1);
        let line = new_line(cart, after.lines_made, sku.clone(), quantity);
        cart.lines.push(line);
    }
    assess::all(cart)?;
    // Only a line that the catalogue has never known has no title.
    if cart.lines.iter().any(|line| line.sku == sku && line.title.is_empty()) {
        return Err(invalid("sku", "is not of a product that is sold here"));
    }
    store::update(&before, after)
}

fn new_line(cart: &Cart, number: u32, sku: String, quantity: u32) -> Line {
    Line {
        id: number.to_string(),
        sku,
        quantity,
        title: String::new(),
        unit: money(cart, 0),
        total: money(cart, 0),
        tax_included: false,
        reason: String::new(),
        problem: None,
    }
}

/// Sets the quantity of a line; 0 removes it.
pub fn set_quantity(
    id: &str,
    line: &str,
    quantity: u32,
    revision: Option<u64>,
) -> Result<Cart, Error> {
    check::quantity(quantity, 0)?;
    let before = open(id, revision)?;
    let mut after = before.clone();
    let lines = &mut after.cart.lines;
    let Some(place) = lines.iter().position(|l| l.id == line) else {
        return Err(Error::NotFound("the cart has no such line".into()));
    };
    if quantity == 0 {
        lines.remove(place);
    } else if let Some(line) = lines.get_mut(place) {
        line.quantity = quantity;
    }
    assess::all(&mut after.cart)?;
    store::update(&before, after)
}

/// Sets who orders, and where it goes.
pub fn set_contact(
    id: &str,
    email: String,
    address: Option<Address>,
    revision: Option<u64>,
) -> Result<Cart, Error> {
    check::contact(&email, address.as_ref())?;
    let before = open(id, revision)?;
    let mut after = before.clone();
    after.cart.email = Some(email);
    after.cart.address = address;
    store::update(&before, after)
}

/// Asks for titles, prices and stock again.
pub fn recalculate(id: &str) -> Result<Cart, Error> {
    let before = open(id, None)?;
    let mut after = before.clone();
    assess::all(&mut after.cart)?;
    store::update(&before, after)
}

/// Marks the cart as ordered; also one that has expired since the ordering began.
pub fn mark_ordered(id: &str, order_id: String) -> Result<Cart, Error> {
    if let Some(problem) = text::line_problem(&order_id, 200) {
        return Err(invalid("orderId", problem));
    }
    let before = store::load(id)?;
    match &before.order_id {
        Some(known) if *known == order_id => return Ok(before.cart),
        Some(_) => return Err(ordered()),
        None => {}
    }
    let mut after = before.clone();
    after.order_id = Some(order_id);
    after.cart.status = Status::Ordered;
    store::update(&before, after)
}

/// The cart, where it may be changed by somebody who saw this revision of it.
fn open(id: &str, revision: Option<u64>) -> Result<Stored, Error> {
    let stored = store::load(id)?.not_expired()?;
    let now = stored.cart.revision;
    match revision {
        _ if stored.cart.status == Status::Ordered => Err(ordered()),
        Some(seen) if seen != now => Err(Error::Conflict(format!(
            "the cart was changed: it has the revision {now}, not {seen}; look at it again"
        ))),
        _ => Ok(stored),
    }
}

fn ordered() -> Error {
    Error::Conflict("the cart was ordered; start another one".into())
}

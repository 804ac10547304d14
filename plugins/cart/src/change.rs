//! What can be done to a cart.
//!
//! Order of things in a change of lines: read the cart, ask the other plugins, store. All of it is one
//! transaction, so the answers fit each other and the lines.

use quoin_sdk::check::{Check, LINES_MAX, QUANTITY_MAX};
use quoin_sdk::host::clock;
use quoin_sdk::types::{Address, Error, Field, Money};
use quoin_sdk::{fault, id};

use crate::bindings::exports::quoin::cart::carts::{Cart, Line, Status};
use crate::{assess, settings, store};

/// Characters of all fields of a cart together, names and values: the cart, and the order that is made of
/// it, stay far below what may cross to the host at once.
const FIELDS_MAX: usize = 100_000;

/// Makes an empty cart.
pub fn create(currency: Option<String>) -> Result<Cart, Error> {
    let currency = match currency {
        None => settings::currency()?,
        Some(currency) => {
            let mut check = Check::default();
            check.currency("currency", &currency);
            check.done()?;
            currency
        }
    };
    let cart = Cart {
        id: id::random("cart"),
        revision: 0,
        status: Status::Open,
        order_id: None,
        totals: store::totals(Money::new(0, currency.as_str())),
        currency,
        tax_included: true,
        email: None,
        address: None,
        lines: Vec::new(),
        expires_at: clock::now() + settings::kept_ms()?,
    };
    store::insert(&cart);
    Ok(cart)
}

/// Adds to the line of this variant with these fields, or makes one.
pub fn add_line(
    id: &str,
    variant: String,
    quantity: u32,
    mut fields: Vec<Field>,
    revision: Option<u64>,
) -> Result<Cart, Error> {
    let mut check = Check::default();
    check.id("variant", &variant);
    check.quantity("quantity", quantity, 1);
    check.fields("fields", &fields);
    check.done()?;
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    let before = open(id, revision)?;
    let mut cart = before.clone();
    let same = |line: &&mut Line| line.variant == variant && line.fields == fields;
    let line = match cart.lines.iter_mut().find(same) {
        Some(line) => {
            line.quantity += quantity;
            if line.quantity > QUANTITY_MAX {
                let sum = line.quantity;
                return Err(invalid(
                    "quantity",
                    format!("makes {sum} with what is in the cart; at most {QUANTITY_MAX}"),
                ));
            }
            line.id.clone()
        }
        None => {
            let line = new_line(&cart, variant, quantity, fields);
            let id = line.id.clone();
            cart.lines.push(line);
            id
        }
    };
    if cart.lines.len() > LINES_MAX {
        let problem = format!("is one too many; a cart has at most {LINES_MAX} lines");
        return Err(invalid("variant", problem));
    }
    let fields = cart.lines.iter().flat_map(|line| &line.fields);
    let written: usize = fields.map(|f| f.name.chars().count() + f.value.chars().count()).sum();
    if written > FIELDS_MAX {
        let problem = format!("make {written} characters in all lines; at most {FIELDS_MAX}");
        return Err(invalid("fields", problem));
    }
    let unsold = assess::all(&mut cart)?;
    if unsold.contains(&line) {
        return Err(invalid("variant", "is not of a product that is sold here"));
    }
    store::update(&before, cart)
}

/// A line that the catalogue and pricing have not been asked about. Its id is the revision that the cart
/// will have with it, so no other line ever has the same.
fn new_line(cart: &Cart, variant: String, quantity: u32, fields: Vec<Field>) -> Line {
    Line {
        id: (cart.revision + 1).to_string(),
        variant,
        sku: String::new(),
        title: String::new(),
        quantity,
        unit: Money::new(0, cart.currency.as_str()),
        total: Money::new(0, cart.currency.as_str()),
        tax_included: true,
        reason: String::new(),
        problem: None,
        fields,
        requires_shipping: true,
    }
}

/// Sets the quantity of a line; 0 removes it.
pub fn set_quantity(
    id: &str,
    line: &str,
    quantity: u32,
    revision: Option<u64>,
) -> Result<Cart, Error> {
    let mut check = Check::default();
    check.quantity("quantity", quantity, 0);
    check.done()?;
    let before = open(id, revision)?;
    let mut cart = before.clone();
    let Some(found) = cart.lines.iter_mut().find(|l| l.id == line) else {
        return Err(Error::NotFound("the cart has no such line".into()));
    };
    found.quantity = quantity;
    cart.lines.retain(|line| line.quantity > 0);
    assess::all(&mut cart)?;
    store::update(&before, cart)
}

/// Sets who orders, and where it goes.
pub fn set_contact(
    id: &str,
    email: String,
    address: Option<Address>,
    revision: Option<u64>,
) -> Result<Cart, Error> {
    let mut check = Check::default();
    check.email("email", &email);
    if let Some(address) = &address {
        check.address("address", address);
    }
    check.done()?;
    let before = open(id, revision)?;
    store::update(&before, Cart { email: Some(email), address, ..before.clone() })
}

/// Asks for titles, prices and stock again.
pub fn recalculate(id: &str) -> Result<Cart, Error> {
    let before = open(id, None)?;
    let mut cart = before.clone();
    assess::all(&mut cart)?;
    store::update(&before, cart)
}

/// Marks the cart as ordered; also one that has expired since the ordering began.
pub fn mark_ordered(id: &str, order_id: String) -> Result<Cart, Error> {
    let mut check = Check::default();
    check.id("orderId", &order_id);
    check.done()?;
    let before = store::load(id)?;
    match &before.order_id {
        Some(known) if *known == order_id => Ok(before),
        Some(_) => Err(ordered()),
        None => {
            let order_id = Some(order_id);
            store::update(&before, Cart { order_id, status: Status::Ordered, ..before.clone() })
        }
    }
}

/// The cart, where somebody who saw this revision of it may change or order it.
pub fn open(id: &str, revision: Option<u64>) -> Result<Cart, Error> {
    let cart = store::current(id)?;
    let now = cart.revision;
    match revision {
        _ if cart.status == Status::Ordered => Err(ordered()),
        Some(seen) if seen != now => Err(Error::Conflict(format!(
            "the cart was changed: it has the revision {now}, not {seen}; look at it again"
        ))),
        _ => Ok(cart),
    }
}

fn ordered() -> Error {
    Error::Conflict("the cart was ordered; start another one".into())
}

fn invalid(field: &str, problem: impl Into<String>) -> Error {
    Error::Invalid(vec![fault(field, problem)])
}

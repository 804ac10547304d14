//! Carts as they are stored.

use quoin_sdk::db::{self, Row, Value};
use quoin_sdk::host::clock;
use quoin_sdk::types::{Address, Error, Money};
use quoin_sdk::{batch, params};

use crate::bindings::exports::quoin::cart::carts::{Cart, Line, Status, Totals};
use crate::check::invalid;
use crate::settings;

/// Expired carts that a new one clears away, so that a backlog always shrinks.
const SWEEP_MAX: u32 = 20;
/// How long a cart is kept after it has expired: an order that is being placed may still need it.
const GRACE_MS: u64 = 24 * 3_600_000;

/// A cart with what only this plugin knows of it.
#[derive(Clone, PartialEq)]
pub struct Stored {
    pub cart: Cart,
    /// The order that was made of it.
    pub order_id: Option<String>,
    /// The number of the line that was made last.
    pub lines_made: u32,
}

impl Stored {
    /// The cart, unless its time is over.
    pub fn not_expired(self) -> Result<Stored, Error> {
        if self.cart.expires_at <= clock::now() { Err(none(&self.cart.id)) } else { Ok(self) }
    }
}

/// There is no such cart. Ids are long and the caller's; a cut one is enough to recognise it.
fn none(id: &str) -> Error {
    let id: String = id.chars().take(40).collect();
    Error::NotFound(format!("there is no cart {id}, or it has expired"))
}

/// An amount in the cart's currency.
pub fn money(cart: &Cart, minor: i64) -> Money {
    Money::new(minor, cart.currency.as_str())
}

/// The cart with this id, expired or not.
pub fn load(id: &str) -> Result<Stored, Error> {
    let row =
        db::first("SELECT * FROM cart WHERE id = ?1", &params![id]).ok_or_else(|| none(id))?;
    let currency = row.text("currency");
    let lines = db::rows("SELECT * FROM line WHERE cart = ?1 ORDER BY id", &params![id]);
    let order_id = row.optional_text("order_id");
    let mut cart = Cart {
        id: row.text("id"),
        revision: row.number("revision"),
        status: if order_id.is_some() { Status::Ordered } else { Status::Open },
        email: row.optional_text("email"),
        address: address(&row),
        lines: lines.iter().map(|row| line(row, &currency)).collect(),
        totals: Totals {
            subtotal: Money::new(0, currency.as_str()),
            grand: Money::new(0, currency.as_str()),
        },
        expires_at: row.number("expires_at"),
        currency,
    };
    add_up(&mut cart)?;
    Ok(Stored { cart, order_id, lines_made: row.number("lines_made") })
}

fn line(row: &Row, currency: &str) -> Line {
    Line {
        id: row.integer("id").to_string(),
        sku: row.text("sku"),
        quantity: row.number("quantity"),
        title: row.text("title"),
        unit: Money::new(row.integer("unit"), currency),
        total: Money::new(row.integer("total"), currency),
        tax_included: row.boolean("tax_included"),
        reason: row.text("reason"),
        problem: row.optional_text("problem"),
    }
}

fn address(row: &Row) -> Option<Address> {
    Some(Address {
        name: row.optional_text("address_name")?,
        lines: row.text("address_lines").split('\n').map(str::to_owned).collect(),
        postal_code: row.text("postal_code"),
        city: row.text("city"),
        region: row.optional_text("region"),
        country: row.text("country"),
    })
}

/// Sets the totals to the sums of the lines.
pub fn add_up(cart: &mut Cart) -> Result<(), Error> {
    let sum = (cart.lines.iter())
        .try_fold(money(cart, 0), |sum, line| sum.plus(&line.total))
        .ok_or_else(|| invalid("lines", "cost more together than can be counted"))?;
    cart.totals = Totals { subtotal: sum.clone(), grand: sum };
    Ok(())
}

/// Stores a new, empty cart, and clears some expired ones away.
pub fn insert(cart: &Cart) {
    let old = clock::now().saturating_sub(GRACE_MS);
    db::execute(
        &format!(
            "DELETE FROM cart WHERE id IN (
                 SELECT id FROM cart WHERE expires_at <= ?1 ORDER BY expires_at LIMIT {SWEEP_MAX})"
        ),
        &params![old],
    );
    db::execute(
        "INSERT INTO cart (id, revision, currency, lines_made, expires_at) VALUES (?1, ?2, ?3, 0, ?4)",
        &params![&cart.id, cart.revision, &cart.currency, cart.expires_at],
    );
}

/// Stores what has become of a cart, which then has the next revision and a new expiry. What has not
/// changed is not stored and keeps its revision.
pub fn update(before: &Stored, mut after: Stored) -> Result<Cart, Error> {
    if *before == after {
        return Ok(after.cart);
    }
    let cart = &mut after.cart;
    cart.revision += 1;
    cart.expires_at = clock::now() + settings::kept_ms()?;
    let address = cart.address.as_ref();
    // The condition is for databases with more than one writer.
    let changed = db::execute(
        "UPDATE cart SET revision = ?3, order_id = ?4, email = ?5, address_name = ?6,
             address_lines = ?7, postal_code = ?8, city = ?9, region = ?10, country = ?11,
             lines_made = ?12, expires_at = ?13
         WHERE id = ?1 AND revision = ?2",
        &params![
            &cart.id,
            before.cart.revision,
            cart.revision,
            after.order_id.as_deref(),
            cart.email.as_deref(),
            address.map(|a| a.name.as_str()),
            address.map(|a| a.lines.join("\n")),
            address.map(|a| a.postal_code.as_str()),
            address.map(|a| a.city.as_str()),
            address.and_then(|a| a.region.as_deref()),
            address.map(|a| a.country.as_str()),
            after.lines_made,
            cart.expires_at
        ],
    );
    if changed != 1 {
        return Err(Error::Retryable(20));
    }
    if before.cart.lines != cart.lines {
        replace_lines(cart);
    }
    Ok(after.cart)
}

fn replace_lines(cart: &Cart) {
    db::execute("DELETE FROM line WHERE cart = ?1", &params![&cart.id]);
    let mut values: Vec<Value> = Vec::with_capacity(10 * cart.lines.len());
    for line in &cart.lines {
        values.extend(params![
            &cart.id,
            line.id.parse::<i64>().ok(),
            &line.sku,
            line.quantity,
            &line.title,
            line.unit.minor,
            line.total.minor,
            line.tax_included,
            &line.reason,
            line.problem.as_deref()
        ]);
    }
    let insert =
        "INSERT INTO line (cart, id, sku, quantity, title, unit, total, tax_included, reason,
        problem) VALUES";
    batch::insert_many(insert, 10, &values, "");
}

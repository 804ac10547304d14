//! Carts as they are stored.

use std::collections::{BTreeMap, HashMap};

use quoin_sdk::db::{self, Row, Statement, statement};
use quoin_sdk::host::{clock, trap};
use quoin_sdk::types::{Address, Error, Field, Money};
use quoin_sdk::{fault, params};

use crate::bindings::exports::quoin::cart::carts::{Cart, Line, Status, Totals};
use crate::settings;

/// Expired carts that a new one clears away, so that a backlog always shrinks.
const SWEEP_MAX: u32 = 20;

/// The cart with this id, unless it has expired.
pub fn current(id: &str) -> Result<Cart, Error> {
    let cart = load(id)?;
    let over = cart.status == Status::Open && clock::passed(cart.expires_at);
    if over { Err(none(id)) } else { Ok(cart) }
}

/// There is no such cart. Ids are long and the caller's; a cut one is enough to recognise it.
fn none(id: &str) -> Error {
    let id: String = id.chars().take(40).collect();
    Error::NotFound(format!("there is no cart {id}, or it has expired"))
}

/// The cart with this id, expired or not.
pub fn load(id: &str) -> Result<Cart, Error> {
    let questions = [
        "SELECT * FROM cart_cart WHERE id = ?1",
        "SELECT * FROM cart_line WHERE cart = ?1 ORDER BY id",
        "SELECT line, name, value FROM cart_field WHERE cart = ?1 ORDER BY line, name",
    ];
    let answers = db::batch(&questions.map(|question| statement(question, &params![id])));
    let [carts, lines, fields] = answers.as_slice() else { trap("a batch without its answers") };
    let row = carts.first().ok_or_else(|| none(id))?;
    let mut fields_of: BTreeMap<i64, Vec<Field>> = BTreeMap::new();
    for row in fields {
        let field = Field { name: row.text("name"), value: row.text("value") };
        fields_of.entry(row.integer("line")).or_default().push(field);
    }
    let mut cart = cart(row);
    for row in lines {
        let fields = fields_of.remove(&row.integer("id")).unwrap_or_default();
        cart.lines.push(line(row, &cart.currency, fields));
    }
    add_up(&mut cart)?;
    Ok(cart)
}

fn cart(row: &Row) -> Cart {
    let order_id = row.optional_text("order_id");
    let currency = row.text("currency");
    Cart {
        id: row.text("id"),
        revision: row.number("revision"),
        status: if order_id.is_some() { Status::Ordered } else { Status::Open },
        order_id,
        tax_included: row.boolean("tax_included"),
        email: row.optional_text("email"),
        address: address(row),
        lines: Vec::new(),
        totals: totals(Money::new(0, currency.as_str())),
        expires_at: row.number("expires_at"),
        currency,
    }
}

fn address(row: &Row) -> Option<Address> {
    Some(Address {
        name: row.optional_text("name")?,
        company: row.optional_text("company"),
        lines: row.text("address_lines").split('\n').map(str::to_owned).collect(),
        postal_code: row.text("postal_code"),
        city: row.text("city"),
        region: row.optional_text("region"),
        country: row.text("country"),
        phone: row.optional_text("phone"),
    })
}

fn line(row: &Row, currency: &str, fields: Vec<Field>) -> Line {
    Line {
        id: row.integer("id").to_string(),
        variant: row.text("variant"),
        sku: row.text("sku"),
        title: row.text("title"),
        quantity: row.number("quantity"),
        unit: Money::new(row.integer("unit"), currency),
        total: Money::new(row.integer("total"), currency),
        tax_included: row.boolean("tax_included"),
        reason: row.text("reason"),
        problem: row.optional_text("problem"),
        fields,
        requires_shipping: row.boolean("requires_shipping"),
    }
}

/// All totals as long as a cart knows no taxes, discounts and shipping.
pub fn totals(sum: Money) -> Totals {
    Totals { subtotal: sum.clone(), grand: sum }
}

/// Sets the totals to the sums of the lines. Net prices are never added to gross ones.
pub fn add_up(cart: &mut Cart) -> Result<(), Error> {
    let alike = cart.lines.iter().filter(|line| line.tax_included == cart.tax_included);
    let zero = Money::new(0, cart.currency.as_str());
    let sum = alike.map(|line| &line.total).try_fold(zero, |sum, total| sum.plus(total));
    let too_much = || vec![fault("lines", "cost more together than can be counted")];
    cart.totals = totals(sum.ok_or_else(|| Error::Invalid(too_much()))?);
    Ok(())
}

/// Stores a new, empty cart, and clears some expired ones away.
pub fn insert(cart: &Cart) {
    db::batch(&[
        statement(
            "DELETE FROM cart_cart WHERE id IN (
                 SELECT id FROM cart_cart WHERE order_id IS NULL AND expires_at <= ?1
                 ORDER BY expires_at LIMIT ?2)",
            &params![clock::now(), SWEEP_MAX],
        ),
        statement(
            "INSERT INTO cart_cart (id, revision, currency, tax_included, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            &params![&cart.id, cart.revision, &cart.currency, cart.tax_included, cart.expires_at],
        ),
    ]);
}

/// Stores what has become of a cart, which then has the next revision and a new expiry. What has not
/// changed is not stored and keeps its revision.
pub fn update(before: &Cart, mut cart: Cart) -> Result<Cart, Error> {
    if *before == cart {
        return Ok(cart);
    }
    cart.revision += 1;
    cart.expires_at = clock::now() + settings::kept_ms()?;
    let mut statements = vec![update_cart(&cart)];
    let (old_lines, lines) = (by_id(before), by_id(&cart));
    let gone = before.lines.iter().filter(|line| !lines.contains_key(line.id.as_str()));
    statements.extend(gone.map(|line| {
        let delete = "DELETE FROM cart_line WHERE cart = ?1 AND id = ?2";
        statement(delete, &params![&cart.id, number(line)])
    }));
    for line in &cart.lines {
        let old = old_lines.get(line.id.as_str()).copied();
        if old != Some(line) {
            statements.push(put_line(&cart, line));
        }
        if old.is_none() {
            statements.extend(line.fields.iter().map(|field| insert_field(&cart, line, field)));
        }
    }
    db::batch(&statements);
    Ok(cart)
}

/// The lines of a cart by their ids.
fn by_id(cart: &Cart) -> HashMap<&str, &Line> {
    cart.lines.iter().map(|line| (line.id.as_str(), line)).collect()
}

/// A line's id as it is stored.
fn number(line: &Line) -> Option<i64> {
    line.id.parse().ok()
}

fn update_cart(cart: &Cart) -> Statement {
    let address = cart.address.as_ref();
    statement(
        "UPDATE cart_cart SET revision = ?2, order_id = ?3, tax_included = ?4, email = ?5, name = ?6,
             company = ?7, address_lines = ?8, postal_code = ?9, city = ?10, region = ?11,
             country = ?12, phone = ?13, expires_at = ?14
         WHERE id = ?1",
        &params![
            &cart.id,
            cart.revision,
            cart.order_id.as_deref(),
            cart.tax_included,
            cart.email.as_deref(),
            address.map(|a| a.name.as_str()),
            address.and_then(|a| a.company.as_deref()),
            address.map(|a| a.lines.join("\n")),
            address.map(|a| a.postal_code.as_str()),
            address.map(|a| a.city.as_str()),
            address.and_then(|a| a.region.as_deref()),
            address.map(|a| a.country.as_str()),
            address.and_then(|a| a.phone.as_deref()),
            cart.expires_at
        ],
    )
}

fn put_line(cart: &Cart, line: &Line) -> Statement {
    statement(
        "INSERT INTO cart_line (cart, id, variant, sku, title, quantity, unit, total, tax_included,
             reason, problem, requires_shipping)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (cart, id) DO UPDATE SET sku = excluded.sku, title = excluded.title,
             quantity = excluded.quantity, unit = excluded.unit, total = excluded.total,
             tax_included = excluded.tax_included, reason = excluded.reason,
             problem = excluded.problem, requires_shipping = excluded.requires_shipping",
        &params![
            &cart.id,
            number(line),
            &line.variant,
            &line.sku,
            &line.title,
            line.quantity,
            line.unit.minor,
            line.total.minor,
            line.tax_included,
            &line.reason,
            line.problem.as_deref(),
            line.requires_shipping
        ],
    )
}

fn insert_field(cart: &Cart, line: &Line, field: &Field) -> Statement {
    statement(
        "INSERT INTO cart_field (cart, line, name, value) VALUES (?1, ?2, ?3, ?4)",
        &params![&cart.id, number(line), &field.name, &field.value],
    )
}

//! A checkout in the database: goods are allocated, a payment is promised, an order is made.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use crate::cart::{self, Cart, Money};
use crate::store::{Fault, id, now};

/// What a client orders.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    cart_id: String,
    revision: i64,
    payment_method: String,
}

/// What came of it.
#[derive(Serialize)]
pub struct Placed {
    outcome: &'static str,
    order: Order,
}

/// An order as clients see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    id: String,
    number: String,
    placed_at: i64,
    state: &'static str,
    payment: &'static str,
    payment_id: String,
    captured: Money,
    #[serde(flatten)]
    snapshot: Cart,
}

/// Orders a cart.
pub fn place(sqlite: &Connection, place: Place) -> Result<Placed, Fault> {
    let mut known = sqlite.prepare_cached("SELECT id FROM order_placed WHERE key = ?1")?;
    if known.exists([&place.cart_id])? {
        return Err(Fault::Conflict("the cart was ordered"));
    }
    let mut cart = cart::open(sqlite, &place.cart_id)?;
    if cart.revision != place.revision {
        return Err(Fault::Conflict("the cart was changed"));
    }
    let was = cart.grand.clone();
    cart::assess(sqlite, &mut cart)?;
    if cart.lines.is_empty() || cart.email.is_none() || cart.address.is_none() {
        return Err(Fault::Invalid("the cart lacks something"));
    }
    if cart.lines.iter().any(|line| line.problem.is_some()) {
        return Err(Fault::Conflict("something is not there any more"));
    }
    if cart.grand != was {
        return Err(Fault::Conflict("a price has changed"));
    }
    allocate(sqlite, &cart)?;
    let payment = authorize(sqlite, &cart, &place.payment_method)?;
    let order = order(sqlite, cart, &place.payment_method, payment)?;
    Ok(Placed { outcome: "placed", order })
}

fn allocate(sqlite: &Connection, cart: &Cart) -> Result<(), Fault> {
    let mut owned = sqlite.prepare_cached("SELECT 1 FROM inventory_allocated WHERE owner = ?1")?;
    if owned.exists([&cart.id])? {
        return Err(Fault::Conflict("the owner has goods"));
    }
    sqlite
        .prepare_cached("INSERT INTO inventory_owner (id, since, open) VALUES (?1, ?2, 1)")?
        .execute(params![cart.id, now()])?;
    for (place, line) in cart.lines.iter().enumerate() {
        let mut level = sqlite.prepare_cached(
            "SELECT location FROM inventory_level
             WHERE variant = ?1 AND (backorder = 1 OR on_hand - allocated >= ?2)
             ORDER BY on_hand - allocated DESC LIMIT 1",
        )?;
        let location: Option<String> =
            level.query_row(params![line.variant, line.quantity], |row| row.get(0)).optional()?;
        let location = location.ok_or(Fault::Conflict("is out of stock"))?;
        sqlite
            .prepare_cached(
                "INSERT INTO inventory_allocated
                     (owner, line, location, place, variant, quantity, shipped, released, restocked)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0)",
            )?
            .execute(params![
                cart.id,
                line.id.to_string(),
                location,
                place as i64,
                line.variant,
                line.quantity
            ])?;
        sqlite
            .prepare_cached(
                "UPDATE inventory_level SET allocated = allocated + ?3
                 WHERE variant = ?1 AND location = ?2",
            )?
            .execute(params![line.variant, location, line.quantity])?;
    }
    Ok(())
}

/// Promises the money, and returns the payment's id.
fn authorize(sqlite: &Connection, cart: &Cart, method: &str) -> Result<String, Fault> {
    if method != "invoice" {
        return Err(Fault::Invalid("the shop has no such payment method"));
    }
    let payment = id(sqlite, "pay")?;
    let key = id(sqlite, "attempt")?;
    sqlite
        .prepare_cached(
            "INSERT INTO payment_manual_payment (id, key, method, state, is_open, created_at,
                 capture_at_order, in_advance, description, email, message, currency, amount,
                 authorized, captured, voided, refunded)
             VALUES (?1, ?2, ?3, 'authorized', 1, ?4, 0, 0, 'Your order', ?5, NULL, ?6, ?7, ?7, 0, 0,
                 0)",
        )?
        .execute(params![payment, key, method, now(), cart.email, cart.currency, cart.grand.minor])?;
    sqlite
        .prepare_cached(
            "INSERT INTO payment_manual_entry (payment_id, position, kind, key, asked, amount, at)
             VALUES (?1, 1, 'authorize', ?2, ?3, ?3, ?4)",
        )?
        .execute(params![payment, key, cart.grand.minor, now()])?;
    Ok(payment)
}

fn order(
    sqlite: &Connection,
    mut cart: Cart,
    method: &str,
    payment: String,
) -> Result<Order, Fault> {
    let mut next = sqlite.prepare_cached(
        "UPDATE order_counter SET value = value + 1 WHERE name = 'order' RETURNING value",
    )?;
    let position: i64 = next.query_row([], |row| row.get(0))?;
    let order = id(sqlite, "order")?;
    let (number, placed_at) = (format!("LT-{position}"), now());
    sqlite
        .prepare_cached(
            "INSERT INTO order_placed (id, key, position, number, placed_at, revision, state, payment,
                 captured, refunded, fulfilment, cart_id, email, currency, tax_included, subtotal,
                 grand, payment_method, payment_id)
             VALUES (?1, ?2, ?3, ?4, ?5, 1, 'open', 'authorized', 0, 0, 'unfulfilled', ?2, ?6, ?7, ?8,
                 ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            order,
            cart.id,
            position,
            number,
            placed_at,
            cart.email,
            cart.currency,
            cart.tax_included,
            cart.subtotal.minor,
            cart.grand.minor,
            method,
            payment
        ])?;
    if let Some(address) = &cart.address {
        sqlite
            .prepare_cached(
                "INSERT INTO order_address (order_id, name, company, lines, postal_code, city, region,
                     country, phone)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                order,
                address.name,
                address.company,
                address.lines.join("\n"),
                address.postal_code,
                address.city,
                address.region,
                address.country,
                address.phone
            ])?;
    }
    lines(sqlite, &order, &cart)?;
    sqlite
        .prepare_cached(
            "INSERT INTO order_event (order_id, position, at, what, amount, role, role_id, caller)
             VALUES (?1, 1, ?2, 'order placed, payment authorized', NULL, 'public', NULL, NULL)",
        )?
        .execute(params![order, placed_at])?;
    (cart.order_id, cart.status) = (Some(order.clone()), "ordered");
    cart::update(sqlite, &mut cart)?;
    Ok(Order {
        id: order,
        number,
        placed_at,
        state: "open",
        payment: "authorized",
        payment_id: payment,
        captured: cart::money(0),
        snapshot: cart,
    })
}

fn lines(sqlite: &Connection, order: &str, cart: &Cart) -> Result<(), Fault> {
    for (position, line) in cart.lines.iter().enumerate() {
        sqlite
            .prepare_cached(
                "INSERT INTO order_line (order_id, position, id, variant, sku, title, quantity, unit,
                     total, reason, requires_shipping, shipped, returned)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 0)",
            )?
            .execute(params![
                order,
                position as i64,
                line.id.to_string(),
                line.variant,
                line.sku,
                line.title,
                line.quantity,
                line.unit.minor,
                line.total.minor,
                line.reason,
                line.requires_shipping
            ])?;
        for (i, field) in line.fields.iter().enumerate() {
            sqlite
                .prepare_cached(
                    "INSERT INTO order_field (order_id, line_position, position, name, value)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![order, position as i64, i as i64, field.name, field.value])?;
        }
    }
    Ok(())
}

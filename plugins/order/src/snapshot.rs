//! What an order is made of: written once, read ever after.

use quoin_sdk::db::{self, Row, Value};
use quoin_sdk::types::{Address, Money};
use quoin_sdk::{batch, params};

use crate::bindings::exports::quoin::order::orders::{Draft, Line};

/// Writes lines and address; the rest is in the order's own row.
pub fn write(order: &str, draft: &Draft) {
    let mut values: Vec<Value> = Vec::with_capacity(draft.lines.len() * 9);
    for (position, line) in (0u32..).zip(&draft.lines) {
        values.extend(params![
            order,
            position,
            &line.sku,
            &line.title,
            line.quantity,
            line.unit.minor,
            line.total.minor,
            line.tax_included,
            &line.reason,
        ]);
    }
    let head = "INSERT INTO line (order_id, position, sku, title, quantity, unit, total, tax_included, reason) VALUES";
    batch::insert_many(head, 9, &values, "");
    if let Some(address) = &draft.address {
        db::execute(
            "INSERT INTO address (order_id, name, lines, postal_code, city, region, country)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            &params![
                order,
                &address.name,
                address.lines.join("\n"),
                &address.postal_code,
                &address.city,
                address.region.as_deref(),
                &address.country,
            ],
        );
    }
}

/// The snapshot of the order in this row.
pub fn read(row: &Row) -> Draft {
    let id = row.text("id");
    let currency = row.text("currency");
    Draft {
        cart_id: row.text("cart_id"),
        email: row.text("email"),
        address: address(&id),
        lines: lines(&id, &currency),
        subtotal: Money::new(row.integer("subtotal"), currency.as_str()),
        grand: Money::new(row.integer("grand"), currency.as_str()),
        payment_method: row.text("payment_method"),
        payment_id: row.text("payment_id"),
    }
}

fn lines(order: &str, currency: &str) -> Vec<Line> {
    let line = |row: &Row| Line {
        sku: row.text("sku"),
        title: row.text("title"),
        quantity: row.number("quantity"),
        unit: Money::new(row.integer("unit"), currency),
        total: Money::new(row.integer("total"), currency),
        tax_included: row.boolean("tax_included"),
        reason: row.text("reason"),
    };
    let sql = "SELECT * FROM line WHERE order_id = ?1 ORDER BY position";
    db::rows(sql, &params![order]).iter().map(line).collect()
}

fn address(order: &str) -> Option<Address> {
    let row = db::first("SELECT * FROM address WHERE order_id = ?1", &params![order])?;
    let lines = row.text("lines");
    Some(Address {
        name: row.text("name"),
        lines: if lines.is_empty() {
            Vec::new()
        } else {
            lines.split('\n').map(str::to_owned).collect()
        },
        postal_code: row.text("postal_code"),
        city: row.text("city"),
        region: row.optional_text("region"),
        country: row.text("country"),
    })
}

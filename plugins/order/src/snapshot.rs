//! What an order is made of: written once, read ever after.

use quoin_sdk::db::{self, Row, Statement};
use quoin_sdk::params;
use quoin_sdk::types::{Address, Field, Line, Money, Snapshot};

/// Statements in one crossing to the host: with fields of the greatest length they stay below what may
/// cross at once.
const BATCH: usize = 200;

/// Writes lines and address; the rest is in the order's own row.
pub fn write(order: &str, draft: &Snapshot) {
    let mut statements = Vec::from_iter(draft.address.iter().map(|address| place(order, address)));
    for (position, line) in (0u32..).zip(&draft.lines) {
        statements.push(self::line(order, position, line));
        for (i, field) in (0u32..).zip(&line.fields) {
            statements.push(self::field(order, position, i, field));
        }
    }
    for batch in statements.chunks(BATCH) {
        db::batch(batch);
    }
}

fn place(order: &str, address: &Address) -> Statement {
    db::statement(
        "INSERT INTO order_address (order_id, name, company, lines, postal_code, city, region,
             country, phone)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &params![
            order,
            &address.name,
            address.company.as_deref(),
            address.lines.join("\n"),
            &address.postal_code,
            &address.city,
            address.region.as_deref(),
            &address.country,
            address.phone.as_deref(),
        ],
    )
}

fn line(order: &str, position: u32, line: &Line) -> Statement {
    db::statement(
        "INSERT INTO order_line (order_id, position, id, variant, sku, title, quantity, unit, total,
             reason, requires_shipping, shipped, returned)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 0)",
        &params![
            order,
            position,
            &line.id,
            &line.variant,
            &line.sku,
            &line.title,
            line.quantity,
            line.unit.minor,
            line.total.minor,
            &line.reason,
            line.requires_shipping,
        ],
    )
}

fn field(order: &str, line: u32, position: u32, field: &Field) -> Statement {
    db::statement(
        "INSERT INTO order_field (order_id, line_position, position, name, value)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &params![order, line, position, &field.name, &field.value],
    )
}

/// The snapshot of the order in this row, which has these rows of lines.
pub fn read(row: &Row, lines: &[Row]) -> Snapshot {
    let id = row.text("id");
    let currency = row.text("currency");
    let money = |column: &str| Money::new(row.integer(column), currency.as_str());
    Snapshot {
        cart_id: row.text("cart_id"),
        email: row.text("email"),
        address: address(&id),
        lines: self::lines(&id, lines, &currency),
        tax_included: row.boolean("tax_included"),
        subtotal: money("subtotal"),
        grand: money("grand"),
    }
}

fn lines(order: &str, rows: &[Row], currency: &str) -> Vec<Line> {
    let line = |row: &Row| Line {
        id: row.text("id"),
        variant: row.text("variant"),
        sku: row.text("sku"),
        title: row.text("title"),
        quantity: row.number("quantity"),
        unit: Money::new(row.integer("unit"), currency),
        total: Money::new(row.integer("total"), currency),
        reason: row.text("reason"),
        fields: Vec::new(),
        requires_shipping: row.boolean("requires_shipping"),
    };
    let mut lines: Vec<Line> = rows.iter().map(line).collect();
    let sql = "SELECT line_position, name, value FROM order_field WHERE order_id = ?1
         ORDER BY line_position, position";
    for row in db::rows(sql, &params![order]) {
        if let Some(line) = lines.get_mut(row.number::<usize>("line_position")) {
            line.fields.push(Field { name: row.text("name"), value: row.text("value") });
        }
    }
    lines
}

fn address(order: &str) -> Option<Address> {
    let row = db::first("SELECT * FROM order_address WHERE order_id = ?1", &params![order])?;
    Some(Address {
        name: row.text("name"),
        company: row.optional_text("company"),
        lines: row.text("lines").split('\n').map(str::to_owned).collect(),
        postal_code: row.text("postal_code"),
        city: row.text("city"),
        region: row.optional_text("region"),
        country: row.text("country"),
        phone: row.optional_text("phone"),
    })
}

//! Carts in the database: the cart, pricing and inventory plugins' tables and checks in one place.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use crate::store::{Fault, id, now};

/// How long a cart is kept after its last change.
const KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// Lines of a cart.
const LINES_MAX: usize = 200;
/// Pieces of a line.
const QUANTITY_MAX: u32 = 9_999;
const CURRENCY: &str = "EUR";

/// A cart as clients see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    pub id: String,
    pub revision: i64,
    pub status: &'static str,
    pub order_id: Option<String>,
    pub currency: String,
    pub tax_included: bool,
    pub email: Option<String>,
    pub address: Option<Address>,
    pub lines: Vec<Line>,
    pub subtotal: Money,
    pub grand: Money,
    pub expires_at: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub id: i64,
    pub variant: String,
    pub sku: String,
    pub title: String,
    pub quantity: u32,
    pub unit: Money,
    pub total: Money,
    pub tax_included: bool,
    pub reason: String,
    pub problem: Option<String>,
    pub fields: Vec<Field>,
    pub requires_shipping: bool,
}

#[derive(Serialize)]
pub struct Field {
    pub name: String,
    pub value: String,
}

#[derive(Serialize, Clone, PartialEq)]
pub struct Money {
    pub minor: i64,
    pub currency: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    pub name: String,
    pub company: Option<String>,
    pub lines: Vec<String>,
    pub postal_code: String,
    pub city: String,
    pub region: Option<String>,
    pub country: String,
    pub phone: Option<String>,
}

/// What a client says of a new cart.
#[derive(Deserialize)]
pub struct New {
    currency: Option<String>,
}

/// What a client wants in a cart.
#[derive(Deserialize)]
pub struct Wanted {
    variant: String,
    quantity: u32,
}

/// Who orders.
#[derive(Deserialize)]
pub struct Contact {
    email: String,
    address: Option<Address>,
}

pub fn money(minor: i64) -> Money {
    Money { minor, currency: CURRENCY.into() }
}

/// Makes an empty cart, and clears some expired ones away.
pub fn create(sqlite: &Connection, new: New) -> Result<Cart, Fault> {
    if new.currency.is_some_and(|currency| currency != CURRENCY) {
        return Err(Fault::Invalid("another currency"));
    }
    let cart = Cart {
        id: id(sqlite, "cart")?,
        revision: 0,
        status: "open",
        order_id: None,
        currency: CURRENCY.into(),
        tax_included: true,
        email: None,
        address: None,
        lines: Vec::new(),
        subtotal: money(0),
        grand: money(0),
        expires_at: now() + KEPT_MS,
    };
    sqlite
        .prepare_cached(
            "DELETE FROM cart_cart WHERE id IN (
                 SELECT id FROM cart_cart WHERE order_id IS NULL AND expires_at <= ?1
                 ORDER BY expires_at LIMIT 20)",
        )?
        .execute([now()])?;
    sqlite
        .prepare_cached(
            "INSERT INTO cart_cart (id, revision, currency, tax_included, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![cart.id, cart.revision, cart.currency, true, cart.expires_at])?;
    Ok(cart)
}

/// Adds to the line of this variant, or makes one; and asks for all titles, prices and stock again.
pub fn add(sqlite: &Connection, id: &str, wanted: Wanted) -> Result<Cart, Fault> {
    let mut cart = open(sqlite, id)?;
    if !(1..=QUANTITY_MAX).contains(&wanted.quantity) || cart.lines.len() >= LINES_MAX {
        return Err(Fault::Invalid("too much"));
    }
    let same = |line: &&mut Line| line.variant == wanted.variant && line.fields.is_empty();
    match cart.lines.iter_mut().find(same) {
        Some(line) => line.quantity += wanted.quantity,
        None => cart.lines.push(Line {
            id: cart.revision + 1,
            variant: wanted.variant,
            sku: String::new(),
            title: String::new(),
            quantity: wanted.quantity,
            unit: money(0),
            total: money(0),
            tax_included: true,
            reason: String::new(),
            problem: None,
            fields: Vec::new(),
            requires_shipping: true,
        }),
    }
    assess(sqlite, &mut cart)?;
    update(sqlite, &mut cart)?;
    for line in &cart.lines {
        put_line(sqlite, &cart.id, line)?;
    }
    Ok(cart)
}

/// Sets who orders.
pub fn set_contact(sqlite: &Connection, id: &str, contact: Contact) -> Result<Cart, Fault> {
    let mut cart = open(sqlite, id)?;
    if !contact.email.contains('@') {
        return Err(Fault::Invalid("no email address"));
    }
    cart.email = Some(contact.email);
    cart.address = contact.address;
    update(sqlite, &mut cart)?;
    Ok(cart)
}

/// A cart that is not ordered yet.
pub fn open(sqlite: &Connection, id: &str) -> Result<Cart, Fault> {
    let cart = load(sqlite, id)?.filter(|cart| cart.order_id.is_some() || cart.expires_at > now());
    let cart = cart.ok_or(Fault::Missing)?;
    if cart.order_id.is_some() { Err(Fault::Conflict("the cart was ordered")) } else { Ok(cart) }
}

fn load(sqlite: &Connection, id: &str) -> Result<Option<Cart>, Fault> {
    let mut select = sqlite.prepare_cached("SELECT * FROM cart_cart WHERE id = ?1")?;
    let Some(mut cart) = select.query_row([id], cart).optional()? else { return Ok(None) };
    let mut select =
        sqlite.prepare_cached("SELECT * FROM cart_line WHERE cart = ?1 ORDER BY id")?;
    cart.lines = select.query_map([id], line)?.collect::<Result<_, _>>()?;
    let mut select = sqlite.prepare_cached(
        "SELECT line, name, value FROM cart_field WHERE cart = ?1 ORDER BY line, name",
    )?;
    let mut fields: BTreeMap<i64, Vec<Field>> = BTreeMap::new();
    let mut rows = select.query([id])?;
    while let Some(row) = rows.next()? {
        let field = Field { name: row.get("name")?, value: row.get("value")? };
        fields.entry(row.get("line")?).or_default().push(field);
    }
    for line in &mut cart.lines {
        line.fields = fields.remove(&line.id).unwrap_or_default();
    }
    add_up(&mut cart);
    Ok(Some(cart))
}

fn cart(row: &Row<'_>) -> rusqlite::Result<Cart> {
    let order_id: Option<String> = row.get("order_id")?;
    let name: Option<String> = row.get("name")?;
    let address = name.map(|name| address(row, name)).transpose()?;
    Ok(Cart {
        id: row.get("id")?,
        revision: row.get("revision")?,
        status: if order_id.is_some() { "ordered" } else { "open" },
        order_id,
        currency: row.get("currency")?,
        tax_included: row.get("tax_included")?,
        email: row.get("email")?,
        address,
        lines: Vec::new(),
        subtotal: money(0),
        grand: money(0),
        expires_at: row.get("expires_at")?,
    })
}

fn address(row: &Row<'_>, name: String) -> rusqlite::Result<Address> {
    let lines: String = row.get("address_lines")?;
    Ok(Address {
        name,
        company: row.get("company")?,
        lines: lines.split('\n').map(str::to_owned).collect(),
        postal_code: row.get("postal_code")?,
        city: row.get("city")?,
        region: row.get("region")?,
        country: row.get("country")?,
        phone: row.get("phone")?,
    })
}

fn line(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line {
        id: row.get("id")?,
        variant: row.get("variant")?,
        sku: row.get("sku")?,
        title: row.get("title")?,
        quantity: row.get("quantity")?,
        unit: money(row.get("unit")?),
        total: money(row.get("total")?),
        tax_included: row.get("tax_included")?,
        reason: row.get("reason")?,
        problem: row.get("problem")?,
        fields: Vec::new(),
        requires_shipping: row.get("requires_shipping")?,
    })
}

fn add_up(cart: &mut Cart) {
    let alike = cart.lines.iter().filter(|line| line.tax_included == cart.tax_included);
    let sum = money(alike.map(|line| line.total.minor).sum());
    (cart.subtotal, cart.grand) = (sum.clone(), sum);
}

/// Brings titles, prices and problems of all lines up to date, and the totals.
pub fn assess(sqlite: &Connection, cart: &mut Cart) -> Result<(), Fault> {
    for line in &mut cart.lines {
        line.problem = None;
        identify(sqlite, line)?;
        if line.problem.is_none() {
            price(sqlite, line)?;
        }
        if line.problem.is_none() && free(sqlite, &line.variant)? < i64::from(line.quantity) {
            line.problem = Some("is out of stock".into());
        }
    }
    cart.tax_included = cart.lines.first().is_none_or(|line| line.tax_included);
    add_up(cart);
    Ok(())
}

fn identify(sqlite: &Connection, line: &mut Line) -> Result<(), Fault> {
    let mut select = sqlite.prepare_cached(
        "SELECT variant.sku, variant.title, variant.requires_shipping,
             product.title AS product_title, product.status
         FROM catalog_variant AS variant
         JOIN catalog_product AS product ON product.id = variant.product_id WHERE variant.id = ?1",
    )?;
    let mut rows = select.query([&line.variant])?;
    let Some(row) = rows.next()? else { return Err(Fault::Invalid("no such variant")) };
    if row.get_ref("status")?.as_str().map_err(anyhow::Error::from)? != "published" {
        line.problem = Some("is not sold any more".into());
    }
    let (product, variant): (String, String) = (row.get("product_title")?, row.get("title")?);
    line.sku = row.get("sku")?;
    line.title = if variant.is_empty() { product } else { format!("{product} – {variant}") };
    line.requires_shipping = row.get("requires_shipping")?;
    Ok(())
}

/// Of each list the largest quantity break; of these an override, else the lowest.
fn price(sqlite: &Connection, line: &mut Line) -> Result<(), Fault> {
    let mut select = sqlite.prepare_cached(
        "SELECT list.title, list.kind, list.tax_included, max(price.min_quantity), price.minor
         FROM pricing_price AS price JOIN pricing_price_list AS list ON list.id = price.price_list
         WHERE price.variant = ?1 AND price.min_quantity <= ?2 AND list.currency = ?3
             AND list.customer_group IS NULL AND list.channel IS NULL
             AND (list.starts_at IS NULL OR list.starts_at <= ?4)
             AND (list.ends_at IS NULL OR list.ends_at > ?4)
         GROUP BY list.id ORDER BY list.kind <> 'override', price.minor, list.kind <> 'regular'
         LIMIT 1",
    )?;
    let mut rows = select.query(params![line.variant, line.quantity, CURRENCY, now()])?;
    let Some(row) = rows.next()? else {
        line.problem = Some("has no price".into());
        return Ok(());
    };
    line.unit = money(row.get("minor")?);
    let total = line.unit.minor.checked_mul(line.quantity.into());
    line.total = money(total.ok_or(Fault::Invalid("too much"))?);
    line.tax_included = row.get("tax_included")?;
    let (kind, title): (String, String) = (row.get("kind")?, row.get("title")?);
    line.reason = format!("{kind} \"{title}\"");
    Ok(())
}

fn free(sqlite: &Connection, variant: &str) -> Result<i64, Fault> {
    let mut select = sqlite.prepare_cached(
        "SELECT coalesce(sum(CASE WHEN backorder = 1 THEN 1 << 32 ELSE on_hand - allocated END), 0)
         FROM inventory_level WHERE variant = ?1",
    )?;
    Ok(select.query_row([variant], |row| row.get(0))?)
}

/// Stores a cart that was changed, with the next revision.
pub fn update(sqlite: &Connection, cart: &mut Cart) -> Result<(), Fault> {
    cart.revision += 1;
    cart.expires_at = now() + KEPT_MS;
    let address = cart.address.as_ref();
    let mut update = sqlite.prepare_cached(
        "UPDATE cart_cart SET revision = ?2, order_id = ?3, tax_included = ?4, email = ?5, name = ?6,
             company = ?7, address_lines = ?8, postal_code = ?9, city = ?10, region = ?11,
             country = ?12, phone = ?13, expires_at = ?14
         WHERE id = ?1",
    )?;
    update.execute(params![
        cart.id,
        cart.revision,
        cart.order_id,
        cart.tax_included,
        cart.email,
        address.map(|a| &a.name),
        address.and_then(|a| a.company.as_ref()),
        address.map(|a| a.lines.join("\n")),
        address.map(|a| &a.postal_code),
        address.map(|a| &a.city),
        address.and_then(|a| a.region.as_ref()),
        address.map(|a| &a.country),
        address.and_then(|a| a.phone.as_ref()),
        cart.expires_at
    ])?;
    Ok(())
}

fn put_line(sqlite: &Connection, cart: &str, line: &Line) -> Result<(), Fault> {
    let mut put = sqlite.prepare_cached(
        "INSERT INTO cart_line (cart, id, variant, sku, title, quantity, unit, total, tax_included,
             reason, problem, requires_shipping)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (cart, id) DO UPDATE SET sku = excluded.sku, title = excluded.title,
             quantity = excluded.quantity, unit = excluded.unit, total = excluded.total,
             tax_included = excluded.tax_included, reason = excluded.reason,
             problem = excluded.problem, requires_shipping = excluded.requires_shipping",
    )?;
    put.execute(params![
        cart,
        line.id,
        line.variant,
        line.sku,
        line.title,
        line.quantity,
        line.unit.minor,
        line.total.minor,
        line.tax_included,
        line.reason,
        line.problem,
        line.requires_shipping
    ])?;
    Ok(())
}

//! What templates may name.

use quoin_sdk::host::configured;
use quoin_sdk::types::{Address, Field, Line, Money, Snapshot};
use serde::Serialize;

use crate::bindings::quoin::order::orders::{FulfilmentState, Order, OrderState, PaymentState};
use crate::outbox::Change;
use crate::settings;
use crate::words::{Words, day, money, words};

/// All of it.
#[derive(Debug, Serialize)]
pub struct View {
    locale: String,
    words: Words,
    shop: ShopView,
    order: OrderView,
    change: ChangeView,
}

#[derive(Debug, Serialize)]
struct ShopView {
    name: String,
    email: String,
    /// Lines of who it is and where.
    address: Vec<String>,
}

#[derive(Debug, Serialize)]
struct OrderView {
    number: String,
    date: String,
    email: String,
    /// Empty where the shop has none.
    link: String,
    payment_method: String,
    lines: Vec<LineView>,
    subtotal: String,
    total: String,
    captured: String,
    refunded: String,
    due: String,
    tax_included: bool,
    /// Who it goes to and where, line by line; empty where nothing is shipped.
    address: Vec<String>,
    name: String,
    cancelled: bool,
}

#[derive(Debug, Serialize)]
struct LineView {
    title: String,
    sku: String,
    quantity: u32,
    unit: String,
    total: String,
    fields: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ChangeView {
    amount: String,
    reason: String,
    /// What moved, as the order's lines have it.
    lines: Vec<MovedView>,
    /// Whether that is all of the order.
    all: bool,
}

#[derive(Debug, Serialize)]
struct MovedView {
    title: String,
    quantity: u32,
}

/// Characters of a title or a field: a table of more is none.
const CELL_MAX: usize = 300;

/// An order, and what changed, as templates see it.
pub fn view(order: &Order, change: &Change, locale: &str) -> View {
    let snapshot = &order.snapshot;
    let currency = snapshot.grand.currency.as_str();
    let amount = |minor: i64| money(minor, currency, locale);
    let cell = |text: &str| text.chars().take(CELL_MAX).collect::<String>();
    let line = |line: &Line| LineView {
        title: cell(&line.title),
        sku: line.sku.clone(),
        quantity: line.quantity,
        unit: amount(line.unit.minor),
        total: amount(line.total.minor),
        fields: line.fields.iter().map(|field| cell(&field.value)).collect(),
    };
    let moved = |(id, quantity): &(String, u32)| {
        let line = snapshot.lines.iter().find(|line| line.id == *id)?;
        Some(MovedView { title: cell(&line.title), quantity: *quantity })
    };
    let count = |pieces: &mut dyn Iterator<Item = u32>| pieces.map(u64::from).sum::<u64>();
    let all = count(&mut snapshot.lines.iter().map(|line| line.quantity))
        == count(&mut change.pieces.iter().map(|(_, quantity)| *quantity));
    View {
        locale: locale.into(),
        words: words(locale),
        shop: ShopView {
            name: configured("name"),
            email: configured("from"),
            address: configured("address").lines().map(str::to_owned).collect(),
        },
        order: OrderView {
            number: order.number.clone(),
            date: day(order.placed_at, locale),
            email: snapshot.email.clone(),
            link: settings::link(&order.id),
            payment_method: order.payment_method.clone(),
            lines: snapshot.lines.iter().map(line).collect(),
            subtotal: amount(snapshot.subtotal.minor),
            total: amount(snapshot.grand.minor),
            captured: amount(order.captured.minor),
            refunded: amount(order.refunded.minor),
            due: amount(order.due.minor),
            tax_included: snapshot.tax_included,
            address: snapshot.address.as_ref().map(postal).unwrap_or_default(),
            name: snapshot.address.as_ref().map(|a| a.name.clone()).unwrap_or_default(),
            cancelled: order.state == OrderState::Cancelled,
        },
        change: ChangeView {
            amount: amount(change.amount),
            reason: change.reason.clone(),
            lines: change.pieces.iter().filter_map(moved).collect(),
            all,
        },
    }
}

fn postal(address: &Address) -> Vec<String> {
    let mut lines = vec![address.name.clone()];
    lines.extend(address.company.clone());
    lines.extend(address.lines.iter().cloned());
    lines.push(format!("{} {}", address.postal_code, address.city).trim().to_owned());
    lines.extend(address.region.clone());
    lines.push(address.country.clone());
    lines
}

/// An order that has a bit of everything.
pub fn sample(locale: &str) -> View {
    let order =
        example(&[("Teapot, 1.2 l", "TEAPOT", 1, 4_900), ("Cup & saucer", "CUP", 4, 1_250)], true);
    let pieces = order.snapshot.lines.iter().map(|line| (line.id.clone(), line.quantity)).collect();
    let change =
        Change { amount: order.snapshot.grand.minor, pieces, reason: "as you asked".into() };
    view(&order, &change, locale)
}

/// An order that has no more than it must.
pub fn bare(locale: &str) -> View {
    view(&example(&[("Voucher", "VOUCHER", 1, 1_000)], false), &Change::default(), locale)
}

fn example(goods: &[(&str, &str, u32, i64)], shipped: bool) -> Order {
    let euros = |minor| Money::new(minor, "EUR");
    let field = Field { name: "example:engraving".into(), value: "For Ada".into() };
    let line = |(at, (title, sku, quantity, unit)): (usize, &(&str, &str, u32, i64))| Line {
        id: format!("line-{at}"),
        variant: format!("variant-{at}"),
        sku: (*sku).into(),
        title: (*title).into(),
        quantity: *quantity,
        unit: euros(*unit),
        total: euros(unit * i64::from(*quantity)),
        reason: String::new(),
        fields: if shipped && at == 0 { vec![field.clone()] } else { Vec::new() },
        requires_shipping: shipped,
    };
    let lines: Vec<_> = goods.iter().enumerate().map(line).collect();
    let grand = euros(lines.iter().map(|line| line.total.minor).sum());
    let address = Address {
        name: "Ada Lovelace".into(),
        company: None,
        lines: vec!["12 St James's Square".into()],
        postal_code: "SW1Y 4JH".into(),
        city: "London".into(),
        region: None,
        country: "GB".into(),
        phone: None,
    };
    Order {
        id: "order-example".into(),
        number: "1001".into(),
        revision: 1,
        // 25 November 2026.
        placed_at: 1_795_600_000_000,
        state: OrderState::Open,
        payment: PaymentState::Authorized,
        captured: euros(0),
        refunded: euros(0),
        fulfilment: FulfilmentState::Unfulfilled,
        shipped: Vec::new(),
        returned: Vec::new(),
        cancelled: Vec::new(),
        due: grand.clone(),
        snapshot: Snapshot {
            cart_id: "cart-example".into(),
            email: "ada@example.org".into(),
            address: shipped.then_some(address),
            lines,
            tax_included: true,
            subtotal: grand.clone(),
            grand,
        },
        payment_method: "invoice".into(),
        payment_id: "payment-example".into(),
        history: Vec::new(),
    }
}

//! Sales: a cart, a line, a contact, a checkout; with as many clients in one shop, and spread over
//! sixteen.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::host::{SHOPS, Shops, domain};
use super::load::{CLIENTS, drive};
use crate::http::{Connection, request};
use crate::measure::{median, percentile};
use crate::table::{Ratio, Table, millis, rate};

/// How long one is measured before it is the other's turn.
const TURN: Duration = Duration::from_secs(1);
/// Writes of which the disk's own speed is the median.
const SYNCS: usize = 200;

/// The sales in so many shops.
struct Sales {
    shops: usize,
    /// Sales in a second, for each turn.
    rates: Vec<f64>,
    /// Seconds of each checkout request.
    checkouts: Vec<f64>,
}

/// Measures both in turns.
pub fn checkouts(shops: &Shops, seconds: u32, table: &mut Table) -> Result<()> {
    eprintln!("Measuring sales …");
    let sync = sync(shops.folder())?;
    let sales = |shops| Sales { shops, rates: Vec::new(), checkouts: Vec::new() };
    let mut both = [sales(1), sales(SHOPS)];
    for sales in &both {
        sell(shops.http, sales.shops, &shops.variants)?;
    }
    for _ in 0..seconds.max(3) {
        for sales in &mut both {
            let (mut checkouts, took) = sell(shops.http, sales.shops, &shops.variants)?;
            sales.rates.push(checkouts.len() as f64 / took);
            sales.checkouts.append(&mut checkouts);
        }
    }
    table.section(format!(
        "Sales: cart, line, contact, checkout; {CLIENTS} clients, synced to disk"
    ));
    table.row("4 KiB appended and synced to this disk", millis(sync), vec![]);
    let mut first = None;
    for mut sales in both {
        let shops =
            if sales.shops == 1 { "1 shop".into() } else { format!("{} shops", sales.shops) };
        let per_second = median(&mut sales.rates);
        let one = *first.get_or_insert(per_second);
        let ratio = Ratio { is: per_second / one, of: "the sales of 1 shop", aim: None };
        let ratios = if sales.shops == 1 { vec![] } else { vec![ratio] };
        table.row(format!("{shops}: sales"), rate(per_second), ratios);
        for percent in [50, 95] {
            let took = percentile(&mut sales.checkouts, percent);
            table.row(format!("{shops}: checkout request, p{percent}"), millis(took), vec![]);
        }
    }
    Ok(())
}

/// Sells for a while; returns the seconds that each checkout request took, and all of it.
fn sell(server: SocketAddr, shops: usize, variants: &[Vec<String>]) -> Result<(Vec<f64>, f64)> {
    let variants = variants.to_vec();
    drive(
        server,
        CLIENTS,
        TURN,
        async move |connection: &mut Connection, client: usize, number: usize| {
            // Clients that buy different things, one after the other.
            let shop = client % shops;
            let sold = &variants[shop];
            let variant = &sold[(client * 7 + number) % sold.len()];
            sale(connection, &domain(shop), variant).await
        },
    )
}

/// One sale; returns the seconds that its checkout request took.
pub async fn sale(connection: &mut Connection, host: &str, variant: &str) -> Result<f64> {
    let mut ask = async |method: &str, path: &str, body: Value| -> Result<Value> {
        let body = body.to_string();
        let reply = connection.send(&request(method, path, host, "", body.as_bytes())).await?;
        let text = || String::from_utf8_lossy(reply.body);
        ensure!(matches!(reply.status, 200 | 201), "{method} {path}: {} {}", reply.status, text());
        Ok(serde_json::from_slice(reply.body)?)
    };
    let cart = ask("POST", "/carts", json!({})).await?;
    let id = cart["id"].as_str().context("a cart without id")?.to_owned();
    ask("POST", &format!("/carts/{id}/lines"), json!({ "variant": variant, "quantity": 1 }))
        .await?;
    let address = json!({
        "name": "Ada", "lines": ["Lane 1"], "postalCode": "12345", "city": "Berlin", "country": "DE",
    });
    let contact = json!({ "email": "ada@example.com", "address": address });
    let cart = ask("PUT", &format!("/carts/{id}/contact"), contact).await?;
    let place = json!({
        "cartId": id, "revision": cart["revision"], "paymentMethod": "invoice",
    });
    let start = Instant::now();
    let placed = ask("POST", "/checkout", place).await?;
    let took = start.elapsed().as_secs_f64();
    ensure!(placed["order"]["number"].is_string(), "the checkout made no order: {placed}");
    Ok(took)
}

/// What the disk takes for the least that makes something durable.
fn sync(folder: &Path) -> Result<f64> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut samples = Vec::new();
    for _ in 0..SYNCS {
        let start = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        samples.push(start.elapsed().as_secs_f64());
    }
    Ok(median(&mut samples))
}

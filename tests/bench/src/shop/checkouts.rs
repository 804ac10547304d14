//! Sales: a cart, a line, a contact, a checkout; with as many clients in one shop, and spread over
//! sixteen; next to the same sale in a native server, which is the limit.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::host::{SHOPS, Shops, domain};
use super::load::{CLIENTS, drive};
use super::native::Native;
use crate::http::{Connection, request};
use crate::measure::{median, percentile, processor_time};
use crate::table::{Aim, Ratio, Table, millis, rate};

/// How long one is measured before it is the other's turn.
const TURN: Duration = Duration::from_secs(1);
/// Writes of which the disk's own speed is the median.
const SYNCS: usize = 200;

/// Seconds of processor time that a sale in one shop should take at most.
const MOST: f64 = 0.001;

/// One of those who sell.
pub struct Seller<'a> {
    /// Who it is, for people.
    pub name: &'a str,
    server: SocketAddr,
    process: u32,
    shops: usize,
    /// Buyers at once.
    pub clients: usize,
    /// Sales in a second, for each turn.
    rates: Vec<f64>,
    /// Seconds of each checkout request.
    pub checkouts: Vec<f64>,
    /// Seconds of processor time that the sales took.
    busy: f64,
}

impl<'a> Seller<'a> {
    /// Who has sold nothing yet, by this process with so many shops.
    pub fn new(name: &'a str, server: SocketAddr, process: u32, shops: usize) -> Seller<'a> {
        let (rates, checkouts) = (Vec::new(), Vec::new());
        Seller { name, server, process, shops, clients: CLIENTS, rates, checkouts, busy: 0.0 }
    }

    /// Sells for a turn that does not count: connections and caches are warm after it.
    pub fn warm_up(&self, variants: &[Vec<String>]) -> Result<()> {
        sell(self.server, self.clients, self.shops, variants).map(drop)
    }

    /// Sells for a turn.
    pub fn sell(&mut self, variants: &[Vec<String>]) -> Result<()> {
        let before = processor_time(self.process)?;
        let (mut checkouts, took) = sell(self.server, self.clients, self.shops, variants)?;
        self.busy += processor_time(self.process)? - before;
        self.rates.push(checkouts.len() as f64 / took);
        self.checkouts.append(&mut checkouts);
        Ok(())
    }

    /// Sales in a second.
    pub fn rate(&self) -> f64 {
        median(&mut self.rates.clone())
    }

    /// Seconds of processor time of a sale.
    pub fn cost(&self) -> f64 {
        self.busy / self.checkouts.len() as f64
    }
}

/// Measures all in turns.
pub fn checkouts(shops: &Shops, seconds: u32, table: &mut Table) -> Result<()> {
    eprintln!("Measuring sales …");
    let sync = sync(shops.folder())?;
    let native = Native::start(&shops.copy()?, None)?;
    let many = format!("{SHOPS} shops");
    let quoin = (shops.http, shops.process());
    let mut sellers = [
        ("native server, 1 shop", (native.address, native.process()), 1),
        ("1 shop", quoin, 1),
        (many.as_str(), quoin, SHOPS),
    ]
    .map(|(name, (server, process), shops)| Seller::new(name, server, process, shops));
    for seller in &sellers {
        seller.warm_up(&shops.variants)?;
    }
    for _ in 0..seconds.max(3) {
        for seller in &mut sellers {
            seller.sell(&shops.variants)?;
        }
    }
    table.section(format!(
        "Sales: cart, line, contact, checkout; {CLIENTS} clients, synced to disk"
    ));
    table.row("4 KiB appended and synced to this disk", millis(sync), vec![]);
    let [native, one, many] = sellers;
    let compared = [
        (&native, None, None),
        (&one, Some((&native, "the native sales")), Some(native.cost())),
        (&many, Some((&one, "the sales of 1 shop")), None),
    ];
    for (seller, beside, cost) in compared {
        let ratio = |is, of| vec![Ratio { is, of, aim: None }];
        let aim = Some(Aim::AtMost(1.0));
        let most = Ratio { is: seller.cost() / MOST, of: "a millisecond", aim };
        let (name, sold) = (seller.name, seller.rate());
        let ratios = beside.map_or(vec![], |(other, of)| ratio(sold / other.rate(), of));
        table.row(format!("{name}: sales"), rate(sold), ratios);
        let ratios = cost.map_or(vec![], |native| {
            let is = seller.cost() / native;
            vec![most, Ratio { is, of: "the native time", aim: None }]
        });
        table.row(format!("{name}: processor time of a sale"), millis(seller.cost()), ratios);
        for percent in [50, 95] {
            let took = percentile(&mut seller.checkouts.clone(), percent);
            table.row(format!("{name}: checkout request, p{percent}"), millis(took), vec![]);
        }
    }
    Ok(())
}

/// Sells for a while; returns the seconds that each checkout request took, and all of it.
fn sell(
    server: SocketAddr,
    clients: usize,
    shops: usize,
    variants: &[Vec<String>],
) -> Result<(Vec<f64>, f64)> {
    let variants = variants.to_vec();
    drive(
        server,
        clients,
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

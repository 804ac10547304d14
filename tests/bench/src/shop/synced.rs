//! Sales on disks that sync in a given time: a library stands between the host's process and its
//! syncs, counts them, and lets each take as long as such a disk would.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use quoin_harness::Syncs;

use super::checkouts::sale;
use super::host::{Shops, domain};
use super::load::drive;
use super::native::Native;
use crate::http::Connection;
use crate::measure::median;
use crate::table::{Aim, Ratio, Table, figures, rate};

/// How long one disk is measured before it is the next one's turn.
const TURN: Duration = Duration::from_secs(1);
/// Buyers at once.
const CLIENTS: usize = 32;
/// Sales of a single client of which the syncs are counted.
const ALONE: usize = 25;
/// Requests of a sale.
const REQUESTS: f64 = 4.0;
/// Disks: what a sync takes, and how many sales there should be in those of the first.
const DISKS: [(Duration, &str, Option<f64>); 3] = [
    (Duration::from_micros(100), "0.1 ms", None),
    (Duration::from_millis(2), "2 ms", Some(0.8)),
    (Duration::from_millis(10), "10 ms", Some(0.4)),
];
/// The disk of which the syncs of each sale are counted.
const COUNTED: usize = 1;

/// Measures one client, and then many on each disk in turns.
pub fn synced(quoin: &Path, bundles: &Path, seconds: u32, table: &mut Table) -> Result<()> {
    let syncs = Syncs::new();
    let shops = Shops::open_behind(quoin, bundles, &syncs)?;
    eprintln!("Measuring sales on disks of different speed …");
    table.section(format!(
        "Sales in one shop, one client and {CLIENTS}, on disks that sync so fast"
    ));
    let alone = alone(&shops, &syncs)?;
    let aim = Some(Aim::AtMost(1.0));
    let ratio = Ratio { is: alone / REQUESTS, of: "its requests", aim };
    table.row("syncs of a sale of four requests, one client", figures(alone), vec![ratio]);

    let native = Native::start(&shops.copy()?, Some(&syncs))?;
    let (mut rates, mut limits) = (DISKS.map(|_| Vec::new()), DISKS.map(|_| Vec::new()));
    let (mut counted, mut sold) = (0, 0);
    for turn in 0..=seconds.max(3) {
        for (number, (time, _, _)) in DISKS.iter().enumerate() {
            syncs.take(*time);
            let before = syncs.done();
            let (sales, took) = sell(shops.http, &shops)?;
            let done = syncs.done();
            let (native_sales, native_took) = sell(native.address, &shops)?;
            // The first turn warms connections and caches up.
            if turn > 0 {
                limits[number].push(native_sales as f64 / native_took);
                rates[number].push(sales as f64 / took);
                if number == COUNTED {
                    counted += done - before;
                    sold += sales;
                }
            }
        }
    }
    ensure!(sold > 0, "nothing was sold");
    let each = counted as f64 / sold as f64;
    let ratio = Ratio { is: each, of: "the sales", aim };
    let what = format!("syncs of a sale, {CLIENTS} clients, {}", DISKS[COUNTED].1);
    table.row(what, figures(each), vec![ratio]);
    let mut first = None;
    for (((_, name, least), mut rates), mut limits) in DISKS.into_iter().zip(rates).zip(limits) {
        let per_second = median(&mut rates);
        let of = "the sales at 0.1 ms";
        let first = *first.get_or_insert(per_second);
        let ratio = Ratio { is: per_second / first, of, aim: least.map(Aim::AtLeast) };
        let mut ratios = if least.is_some() { vec![ratio] } else { vec![] };
        let limit = median(&mut limits);
        ratios.push(Ratio { is: per_second / limit, of: "the native sales", aim: None });
        table.row(format!("sales, {CLIENTS} clients, {name} a sync"), rate(per_second), ratios);
        table.row(format!("native, a sync each request, {name} a sync"), rate(limit), vec![]);
    }
    Ok(())
}

/// The syncs of a sale when nobody else buys.
fn alone(shops: &Shops, syncs: &Syncs) -> Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = Connection::open(shops.http).await?;
        let variant = shops.variants[0].first().context("nothing to buy")?;
        sale(&mut connection, &domain(0), variant).await?;
        let before = syncs.done();
        for _ in 0..ALONE {
            sale(&mut connection, &domain(0), variant).await?;
        }
        Ok((syncs.done() - before) as f64 / ALONE as f64)
    })
}

/// Sells for a while; returns how many sales there were, in how many seconds.
fn sell(server: SocketAddr, shops: &Shops) -> Result<(usize, f64)> {
    let variants = shops.variants[0].clone();
    let buy = async move |connection: &mut Connection, client: usize, number: usize| {
        let variant = &variants[(client * 7 + number) % variants.len()];
        sale(connection, &domain(0), variant).await
    };
    let (sales, took) = drive(server, CLIENTS, TURN, buy)?;
    Ok((sales.len(), took))
}

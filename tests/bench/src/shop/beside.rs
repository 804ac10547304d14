//! Sales in a shop while a plugin of another one, on the same host, holds that one's writer for as long
//! as it may, again and again.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::checkouts::sale;
use super::host::{Shops, domain};
use super::load::drive;
use crate::http::{Connection, request};
use crate::measure::percentile;
use crate::table::{Aim, Ratio, Table, millis};

/// How long is sold before it is the other case's turn.
const TURN: Duration = Duration::from_secs(2);
/// Clients of the neighbour.
const HOGS: usize = 16;
/// The neighbour: its plugin writes, and then spins until its time at the writer is over.
const HOG: &str = r#"
name = "hog"
domains = ["hog.test"]
[plugins.actor]
bundle = "actor.wasm"
grants = ["sql", "log", "config", "clock", "random", "call"]
bind = { "test:steps/steps" = {} }
limits = { deadline-ms = 1000, write-ms = 100 }
"#;
const SPIN: &[u8] = br#"{"whom":"actor","steps":["write gone","spin"]}"#;
/// How much longer a sale may take than without the neighbour.
const MOST: f64 = 2.0;

/// Measures with and without the neighbour, in turns.
pub fn beside(quoin: &Path, bundles: &Path, seconds: u32, table: &mut Table) -> Result<()> {
    let shops = Shops::open_one(quoin, bundles)?;
    shops.apply(HOG, bundles)?;
    eprintln!("Measuring sales beside a neighbour that holds its writer …");
    // The first warms connections and caches up.
    sell(&shops)?;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..seconds.max(3) {
        alone.append(&mut sell(&shops)?);
        let server = shops.http;
        let hog = std::thread::spawn(move || hog(server));
        beside.append(&mut sell(&shops)?);
        let turns = hog.join().ok().context("the neighbour panicked")??;
        ensure!(turns > 0, "the neighbour never had its writer to the end");
    }
    table.section(format!(
        "Sales of one client, while {HOGS} clients of another shop hold its writer in turn"
    ));
    for percent in [50, 99] {
        let (alone, beside) = (percentile(&mut alone, percent), percentile(&mut beside, percent));
        table.row(format!("a sale, p{percent}, alone"), millis(alone), vec![]);
        let aim = (percent == 99).then_some(Aim::AtMost(MOST));
        let ratio = Ratio { is: beside / alone, of: "the time alone", aim };
        table.row(format!("a sale, p{percent}, beside it"), millis(beside), vec![ratio]);
    }
    Ok(())
}

/// Sells for a while; returns the seconds of each sale.
fn sell(shops: &Shops) -> Result<Vec<f64>> {
    let variants = shops.variants[0].clone();
    let buy = async move |connection: &mut Connection, _: usize, number: usize| {
        let began = std::time::Instant::now();
        sale(connection, &domain(0), &variants[number % variants.len()]).await?;
        Ok(began.elapsed().as_secs_f64())
    };
    Ok(drive(shops.http, 1, TURN, buy)?.0)
}

/// Holds the neighbour's writer for a while; returns how many turns at it were used up.
fn hog(server: SocketAddr) -> Result<usize> {
    let spin = request("POST", "/actor/run", "hog.test", "", SPIN);
    let hog = async move |connection: &mut Connection, _: usize, _: usize| {
        let status = connection.send(&spin).await?.status;
        ensure!(matches!(status, 503 | 504), "the neighbour got {status}");
        Ok(status)
    };
    let (done, _) = drive(server, HOGS, TURN, hog)?;
    Ok(done.into_iter().filter(|status| *status == 504).count())
}

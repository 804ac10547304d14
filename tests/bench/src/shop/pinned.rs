//! Sales of a server that has one core, next to the same sales in a native server that has the same one;
//! whoever buys has another.

use std::path::Path;

use anyhow::Result;

use super::checkouts::Seller;
use super::host::Shops;
use super::native::Native;
use crate::cores::{Pinned, cores};
use crate::measure::percentile;
use crate::table::{Aim, Ratio, Table, millis, rate};

/// Buyers at once.
const CLIENTS: usize = 8;
/// Sales that there should be in a second, and in those of the native server.
const SALES: f64 = 900.0;
const NATIVE_MIN: f64 = 0.4;

/// Measures both in turns.
pub fn pinned(quoin: &Path, bundles: &Path, seconds: u32, table: &mut Table) -> Result<()> {
    table.section(format!(
        "Sales in one shop, {CLIENTS} clients, a server on one core, synced to disk"
    ));
    let [ours, theirs, ..] = cores()?[..] else {
        table.row("sales", "not measured: there is one core for server and clients".into(), vec![]);
        return Ok(());
    };
    let server = Pinned::to(ours)?;
    let shops = Shops::open_one(quoin, bundles)?;
    let native = Native::start(&shops.copy()?, None)?;
    drop(server);
    let _clients = Pinned::to(theirs)?;
    eprintln!("Measuring sales on one core …");
    let mut sellers = [
        Seller::new("native server", native.address, native.process(), 1),
        Seller::new("Quoin", shops.http, shops.process(), 1),
    ];
    for seller in &mut sellers {
        seller.clients = CLIENTS;
        seller.warm_up(&shops.variants)?;
    }
    for _ in 0..seconds.max(3) {
        for seller in &mut sellers {
            seller.sell(&shops.variants)?;
        }
    }
    let [native, quoin] = sellers;
    let is = |is, of, least| Ratio { is, of, aim: Some(Aim::AtLeast(least)) };
    let compared = vec![
        is(quoin.rate() / SALES, "900 a second", 1.0),
        is(quoin.rate() / native.rate(), "the native sales", NATIVE_MIN),
    ];
    for (seller, ratios) in [(native, vec![]), (quoin, compared)] {
        let name = seller.name;
        table.row(format!("{name}: sales"), rate(seller.rate()), ratios);
        let cost = millis(seller.cost());
        table.row(format!("{name}: processor time of a sale"), cost, vec![]);
        for percent in [50, 95] {
            let took = percentile(&mut seller.checkouts.clone(), percent);
            table.row(format!("{name}: checkout request, p{percent}"), millis(took), vec![]);
        }
    }
    Ok(())
}

//! Fills a shop in slices, as files come from elsewhere.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use quoin_harness::large::Large;
use serde_json::json;

use crate::shop::host::{Shops, tenant};

/// Products of a file: some 2 MiB.
const SLICE: u64 = 5_000;
/// Slices of which the first and the last are told.
const TOLD: usize = 3;
/// Pieces of everything: more than is ordered.
const PIECES: u64 = 1_000_000;

/// How fast it went: rows, or products, in a second.
pub struct Filled {
    pub first: f64,
    pub last: f64,
    pub prices: f64,
    pub counts: f64,
    /// Bytes of the database.
    pub bytes: f64,
}

/// Fills the shop.
pub fn fill(shops: &Shops, bundles: &Path, large: &Large) -> Result<Filled> {
    shops.apply_demo(0, bundles)?;
    let all = large.products;
    let slices = (0..all.div_ceil(SLICE)).map(|n| n * SLICE..(n * SLICE + SLICE).min(all));
    let slices: Vec<_> = slices.collect();
    let speed = |function: &str, csv: &dyn Fn(std::ops::Range<u64>) -> String| {
        let mut speeds = Vec::new();
        for some in &slices {
            let csv = csv(some.clone());
            let rows = csv.lines().count() as f64 - 1.0;
            let start = Instant::now();
            let report = shops.call(&tenant(0), function, &json!({ "csv": csv }))?;
            let took = start.elapsed().as_secs_f64();
            ensure!(report["ok"]["faultCount"] == 0, "an import has faults: {report}");
            speeds.push(match function.starts_with("quoin:catalog") {
                true => (some.end - some.start) as f64 / took,
                false => rows / took,
            });
        }
        anyhow::Ok(speeds)
    };
    let products = speed("quoin:catalog/product-admin#import-csv", &|r| large.products_csv(r))?;
    let prices = speed("quoin:pricing/price-admin#import-csv", &|r| large.prices_csv(r))?;
    let counts = speed("quoin:inventory/stock-admin#import-csv", &|r| large.stock_csv(r, PIECES))?;
    Ok(Filled {
        first: mean(&products[..TOLD.min(products.len())]),
        last: mean(&products[products.len().saturating_sub(TOLD)..]),
        prices: mean(&prices[prices.len().saturating_sub(TOLD)..]),
        counts: mean(&counts[counts.len().saturating_sub(TOLD)..]),
        bytes: std::fs::metadata(shops.database(0))?.len() as f64,
    })
}

/// The speed of slices that are equally large.
fn mean(speeds: &[f64]) -> f64 {
    let times: f64 = speeds.iter().map(|speed| 1.0 / speed).sum();
    speeds.len() as f64 / times
}

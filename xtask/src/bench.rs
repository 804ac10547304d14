//! `cargo xtask bench`: what things cost, as ratios in one run.

use std::process::Command;

use anyhow::Result;

use crate::place::Place;
use crate::plugins;
use crate::run::{build_host, run};

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print the table as JSON on stdout.
    #[arg(long)]
    json: bool,
    /// Measure for this many seconds at each point.
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// Measure these only: calls, products, quotes, checkouts, pinned, profile,
    /// synced, beside, size or density.
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// Products of the shop that is as large as a real one, for size.
    #[arg(long, default_value_t = 100_000)]
    products: u64,
    /// How many shops sleep, for density.
    #[arg(long, default_value_t = 1_000)]
    shops: u32,
}

/// Builds everything and runs the benchmarks.
pub(crate) fn bench(options: &Options) -> Result<()> {
    let place = Place::find()?;
    plugins::bundles(&place)?;
    build_host(&place)?;
    let mut bench = Command::new(place.target.join("release/quoin-bench"));
    bench.arg("--bundles").arg(place.bundles());
    bench.arg("--quoin").arg(place.target.join("release/quoin"));
    bench.arg("--seconds").arg(options.seconds.to_string());
    bench.arg("--products").arg(options.products.to_string());
    bench.arg("--shops").arg(options.shops.to_string());
    if let Some(only) = &options.only {
        bench.arg("--only").arg(only);
    }
    if options.json {
        bench.arg("--json");
    }
    run(&mut bench, "the benchmarks")
}

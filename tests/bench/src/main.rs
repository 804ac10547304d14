//! `quoin-bench`: what things cost, next to the plain way of doing them.
//!
//! Everything that is compared is measured in the same run, in turns (A B A B …), so that what else
//! the machine does falls on all alike. Values are medians over the turns.

mod calls;
mod cores;
mod http;
mod machine;
mod measure;
mod shop;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use machine::Machine;
use table::Table;

/// Measures calls, requests and sales, and compares them with the plain way of doing the same.
#[derive(Parser)]
struct Options {
    /// Where the bundles are.
    #[arg(long)]
    bundles: PathBuf,
    /// The host's executable.
    #[arg(long)]
    quoin: PathBuf,
    /// Measure for this many seconds at each point.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Measure the cost of sleep with this many shops.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    shops: u32,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Products of the shop that is as large as a real one.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1_000..=1_000_000))]
    products: u64,
    /// Measure these only.
    #[arg(long, value_enum)]
    only: Option<Part>,
}

/// A part of the benchmarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Calls between two plugins.
    Calls,
    /// Requests to a shop for a product.
    Products,
    /// Quotes of prices.
    Quotes,
    /// Sales.
    Checkouts,
    /// Sales of a server that has one core.
    Pinned,
    /// Where the processor time of a sale goes.
    Profile,
    /// Sales on disks of different speed.
    Synced,
    /// Sales beside a shop that uses all it can get.
    Beside,
    /// A shop of the size of a real one.
    Size,
    /// A host with many shops that sleep.
    Density,
}

/// As in the host.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    // Looked at first: what the machine did before, not what it does for us.
    let machine = Machine::look();
    let wanted = |part| options.only.is_none_or(|only| only == part);
    let mut table = Table::default();
    if wanted(Part::Calls) {
        calls::measure(&options.bundles, options.seconds, &mut table)?;
    }
    if wanted(Part::Products) || wanted(Part::Quotes) || wanted(Part::Checkouts) {
        let shops = shop::Shops::open(&options.quoin, &options.bundles)?;
        if wanted(Part::Products) {
            shop::products(&shops, options.seconds, &mut table)?;
        }
        if wanted(Part::Quotes) {
            shop::quotes(&shops, options.seconds, &mut table)?;
        }
        if wanted(Part::Checkouts) {
            shop::checkouts(&shops, options.seconds, &mut table)?;
        }
    }
    if wanted(Part::Pinned) {
        shop::pinned(&options.quoin, &options.bundles, options.seconds, &mut table)?;
    }
    if wanted(Part::Profile) {
        shop::profile(&options.quoin, &options.bundles, options.seconds, &mut table)?;
    }
    if wanted(Part::Synced) {
        shop::synced(&options.quoin, &options.bundles, options.seconds, &mut table)?;
    }
    if wanted(Part::Beside) {
        shop::beside(&options.quoin, &options.bundles, options.seconds, &mut table)?;
    }
    if wanted(Part::Size) {
        shop::size(&options.quoin, &options.bundles, options.products, &mut table)?;
    }
    if wanted(Part::Density) {
        shop::density(
            &options.quoin,
            &options.bundles,
            options.shops,
            options.seconds,
            &mut table,
        )?;
    }
    if options.json {
        println!("{}", table.json(&machine));
    } else {
        print!("{}", table.text(&machine));
    }
    Ok(())
}

//! `cargo xtask`: what a contributor does with this repository, one module for each command.

mod bench;
mod demo;
mod mutants;
mod place;
mod plugins;
mod run;
mod soak;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, tries and tests the whole of Quoin from source.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and serve a shop that can be bought from.
    Demo(demo::Options),
    /// Check format and lint, build everything, and run all tests.
    Test(test::Options),
    /// Measure what things cost, as ratios in one run.
    Bench(bench::Options),
    /// Change the code of a room in small ways, and see whether its own tests notice.
    Mutants(mutants::Options),
    /// Run the tests that find more the longer they run, at full size: kills, power cuts, swaps.
    Soak(soak::Options),
    /// Build every plugin, example and test guest into bundles under target/plugins.
    Plugins(plugins::Options),
}

fn main() -> ExitCode {
    let outcome = match Xtask::parse().command {
        Command::Demo(options) => demo::demo(&options),
        Command::Test(options) => test::test(&options),
        Command::Bench(options) => bench::bench(&options),
        Command::Mutants(options) => mutants::mutants(&options),
        Command::Soak(options) => soak::soak(&options),
        Command::Plugins(options) => plugins::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e:#}");
            ExitCode::FAILURE
        }
    }
}

//! `cargo xtask`: what a contributor does with this repository, one module for each command.

mod place;
mod plugins;

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
    /// Build every plugin, example and test guest into bundles under target/plugins.
    Plugins(plugins::Options),
}

fn main() -> ExitCode {
    let outcome = match Xtask::parse().command {
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

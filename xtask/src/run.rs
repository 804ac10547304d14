//! Running other programs, cargo most of the time.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::place::Place;

/// Cargo with these arguments, in the root of the repository and with its build folder.
///
/// Commands on the host's workspace select all of it: cargo chooses the features of shared crates by
/// what is selected, and another choice would compile the engine once more.
pub(crate) fn cargo(place: &Place, args: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(args).current_dir(&place.root).env("CARGO_TARGET_DIR", &place.target);
    // What cargo sets for the program that it runs is not meant for the next cargo.
    cargo.env_remove("CARGO_MANIFEST_DIR");
    cargo
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("{what}: the program does not run"))?;
    ensure!(status.success(), "{what} failed ({status}), see above");
    Ok(())
}

/// Builds the host and everything that drives it.
pub(crate) fn build_host(place: &Place) -> Result<()> {
    eprintln!("Building the host; the first time, its WebAssembly engine takes some ten minutes.");
    run(&mut cargo(place, &["build", "--release", "--workspace"]), "building the host")
}

//! `cargo xtask mutants`: whether the tests of a room notice when its code is changed for the worse.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::place::Place;
use crate::run::cargo;

/// Of a hundred mutants, so many must be caught.
const CAUGHT_PERCENT_MIN: usize = 90;

/// A mutant whose tests take so many times as long as without it is taken for one that does not end.
const TIMES_AS_LONG: &str = "3";
/// Where the tests are done in a moment, a busy machine may take that long all the same.
const SECONDS_AT_LEAST: &str = "30";

/// The rooms whose tests are tried, and which of their files where it is not all.
const ROOMS: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("registry", &[]),
    ("storage", &[]),
    ("runtime", &["call.rs", "dispatch.rs", "request.rs", "running.rs", "tree.rs"]),
];

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this room: core, registry, storage or runtime.
    room: Option<String>,
    /// Try a sample: part K of N, the first being 0.
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
}

/// What became of the mutants of a room.
#[derive(Debug, Deserialize)]
struct Outcomes {
    caught: usize,
    missed: usize,
    timeout: usize,
}

impl Outcomes {
    /// Whether enough of them were caught. One that never ends is noticed too.
    fn suffice(&self) -> bool {
        let caught = self.caught + self.timeout;
        caught * 100 >= CAUGHT_PERCENT_MIN * (caught + self.missed)
    }
}

/// Tries the mutants of each room, and fails where too many were missed.
pub(crate) fn mutants(options: &Options) -> Result<()> {
    let place = Place::find()?;
    let wanted = |room: &str| options.room.as_deref().is_none_or(|wanted| wanted == room);
    let rooms: Vec<_> = ROOMS.iter().filter(|(room, _)| wanted(room)).collect();
    let names = ROOMS.iter().map(|(room, _)| *room).collect::<Vec<_>>().join(", ");
    ensure!(!rooms.is_empty(), "there is no such room here; use one of {names}");
    let mut short = Vec::new();
    for (room, files) in rooms {
        let found = try_room(&place, room, files, options.shard.as_deref())?;
        let (caught, all) =
            (found.caught + found.timeout, found.caught + found.timeout + found.missed);
        println!("quoin-{room}: {caught} of {all} mutants caught");
        if !found.suffice() {
            short.push(*room);
        }
    }
    if short.is_empty() {
        return Ok(());
    }
    bail!(
        "fewer than {CAUGHT_PERCENT_MIN} % are caught in {}: write the missing tests, or list a mutant \
         that does no harm in .cargo/mutants.toml with the reason",
        short.join(", ")
    )
}

fn try_room(place: &Place, room: &str, files: &[&str], shard: Option<&str>) -> Result<Outcomes> {
    let output = place.target.join("mutants").join(room);
    std::fs::create_dir_all(&output).with_context(|| format!("no folder {}", output.display()))?;
    let package = format!("quoin-{room}");
    // The profile builds a changed room in a second or two, and its tests run at a usable speed.
    let mut command = cargo(place, &["mutants", "--profile", "mutants", "--package", &package]);
    command.arg("--output").arg(&output);
    command.args(["--timeout-multiplier", TIMES_AS_LONG]);
    command.args(["--minimum-test-timeout", SECONDS_AT_LEAST]);
    for file in files {
        command.arg("--file").arg(format!("host/{package}/src/{file}"));
    }
    if let Some(shard) = shard {
        // Of each part of the room some; it means nothing without a part.
        command.args(["--sharding", "round-robin", "--shard", shard]);
    }
    let status = command.status().context("cargo does not run")?;
    // 2: some were missed; 3: some did not end. Both are told by the figures.
    ensure!(
        matches!(status.code(), Some(0 | 2 | 3)),
        "the mutants of {package} were not tried ({status}); if cargo-mutants is not there, get it with \
         `cargo install cargo-mutants --locked`"
    );
    read(&output.join("mutants.out/outcomes.json"))
}

fn read(file: &Path) -> Result<Outcomes> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not readable", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_of_ten_mutants_must_be_caught_and_one_without_end_is() {
        let suffice = |caught, missed, timeout| Outcomes { caught, missed, timeout }.suffice();
        assert!(suffice(9, 1, 0) && suffice(8, 1, 1) && suffice(0, 0, 0));
        assert!(!suffice(89, 10, 0) && !suffice(0, 1, 0));
    }
}

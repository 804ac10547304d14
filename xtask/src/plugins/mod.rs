//! `cargo xtask plugins`: from sources to bundles.
//!
//! Cargo and npm decide what to compile. A bundle is written only where its bytes differ from those
//! that are there, so a second run changes nothing.

mod bundle;
mod javascript;
mod outcome;
mod rust;
mod wasm_target;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use quoin_core::shop::Shop;

use self::outcome::{Outcome, State};
use crate::place::Place;

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print what was done as JSON on stdout.
    #[arg(long)]
    json: bool,
}

/// Builds everything and prints a line for each plugin.
pub(crate) fn run(options: &Options) -> Result<()> {
    let place = Place::find()?;
    let outcomes = build(&place)?;
    if options.json {
        println!("{}", outcome::json(&outcomes));
    } else {
        print!("{}", outcome::text(&outcomes, &place));
    }
    all_sound(&outcomes)
}

/// The same, for the commands that need the bundles. The lines go to stderr: stdout is for what the
/// command itself is about.
pub(crate) fn bundles(place: &Place) -> Result<()> {
    let outcomes = build(place)?;
    eprint!("{}", outcome::text(&outcomes, place));
    all_sound(&outcomes)
}

/// The same, for a command that needs the bundles of one shop only: what else cannot be built here
/// does not stop it.
pub(crate) fn bundles_of(place: &Place, shop: &Shop<String>) -> Result<()> {
    let outcomes = build(place)?;
    print!("{}", outcome::text(&outcomes, place));
    for plugin in shop.plugins.values() {
        let file = place.bundles().join(&plugin.bundle);
        let there = |o: &Outcome| {
            let sound = matches!(o.state, State::Built { .. } | State::Unchanged { .. });
            sound && o.file.as_ref() == Some(&file)
        };
        ensure!(outcomes.iter().any(there), "{} could not be built, see above", plugin.bundle);
    }
    Ok(())
}

/// The workspaces that are built for WebAssembly.
pub(crate) fn workspaces(place: &Place) -> Result<Vec<PathBuf>> {
    rust::workspaces(place)
}

/// Where cargo builds such a workspace.
pub(crate) fn build_folder(place: &Place, workspace: &Path) -> PathBuf {
    rust::build_folder(place, workspace)
}

fn all_sound(outcomes: &[Outcome]) -> Result<()> {
    let failed = outcomes.iter().filter(|o| matches!(o.state, State::Failed(_))).count();
    ensure!(failed == 0, "{failed} of {} could not be built, see above", outcomes.len());
    Ok(())
}

/// Builds everything: what came of each plugin, by name. What fails is an outcome too, so that one
/// broken plugin does not keep the others from being built.
pub(crate) fn build(place: &Place) -> Result<Vec<Outcome>> {
    wasm_target::ensure()?;
    let bundles = place.bundles();
    std::fs::create_dir_all(&bundles)
        .with_context(|| format!("cannot create {}", bundles.display()))?;
    let mut sources = Vec::new();
    let mut outcomes = Vec::new();
    for workspace in rust::workspaces(place)? {
        let (built, all_built) = rust::build(place, &workspace)?;
        sources.extend(built);
        if !all_built {
            let name = place.shown(&workspace).to_string();
            let state = State::Failed("cargo build failed, see above".into());
            outcomes.push(Outcome { name, file: None, state });
        }
    }
    sources.extend(javascript::build(place)?);
    no_name_twice(place, &sources)?;
    // A plugin that does not compile is not known by name.
    let all_are_known = outcomes.is_empty();
    outcomes.extend(sources.iter().map(|s| bundle::pack(place, s)));
    if all_are_known {
        outcomes.extend(bundle::remove_gone(&bundles, &outcomes)?);
    }
    outcomes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(outcomes)
}

/// A plugin whose sources are compiled.
struct Source {
    /// The folder with `plugin.toml` and `migrations/`.
    folder: PathBuf,
    /// What its build left.
    compiled: Compiled,
}

enum Compiled {
    /// A core module of Rust, with its types in custom sections.
    Module(PathBuf),
    /// A component.
    Component(PathBuf),
    /// Nothing, because this machine lacks something.
    Skipped(String),
    /// Nothing, because the build failed.
    Failed(String),
}

fn no_name_twice(place: &Place, sources: &[Source]) -> Result<()> {
    let mut seen = BTreeMap::new();
    for source in sources {
        let name = bundle::name(&source.folder);
        if let Some(other) = seen.insert(name.clone(), &source.folder) {
            anyhow::bail!(
                "{} and {} are both called {name}: give one another name in plugin.toml",
                place.shown(other),
                place.shown(&source.folder)
            );
        }
    }
    Ok(())
}

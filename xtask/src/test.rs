//! `cargo xtask test`: everything that must hold before a change lands.

use anyhow::Result;

use crate::place::Place;
use crate::plugins;
use crate::run::{build_host, cargo, run};

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only the tests whose names contain this, and no checks of format and lint.
    filter: Option<String>,
}

/// Formats, lints, builds and runs all tests.
pub(crate) fn test(options: &Options) -> Result<()> {
    let place = Place::find()?;
    if options.filter.is_none() {
        lint(&place)?;
    }
    plugins::bundles(&place)?;
    if options.filter.is_none() {
        let lints =
            &["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"];
        run(&mut cargo(&place, lints), "clippy on the host")?;
        sdk(&place)?;
    }
    // The end-to-end tests drive the binary itself, which a test build alone does not make.
    build_host(&place)?;
    let mut tests =
        cargo(&place, &["test", "--release", "--workspace", "--tests", "--no-fail-fast"]);
    if let Some(filter) = &options.filter {
        tests.arg("--").arg(filter);
    }
    run(&mut tests, "the tests")
}

/// What needs no build of the host.
fn lint(place: &Place) -> Result<()> {
    run(&mut cargo(place, &["fmt", "--all", "--check"]), "the format of the host")?;
    for workspace in plugins::workspaces(place)? {
        let shown = place.shown(&workspace).to_string();
        let fmt = &mut cargo(place, &["fmt", "--all", "--check"]);
        run(fmt.current_dir(&workspace), &format!("the format of {shown}"))?;
    }
    Ok(())
}

fn sdk(place: &Place) -> Result<()> {
    for workspace in plugins::workspaces(place)? {
        let shown = place.shown(&workspace).to_string();
        let target = plugins::build_folder(place, &workspace);
        let args = ["clippy", "--release", "--workspace", "--target", "wasm32-unknown-unknown"];
        let clippy = &mut cargo(place, &args);
        clippy.args(["--", "-D", "warnings"]).current_dir(&workspace);
        run(clippy.env("CARGO_TARGET_DIR", target), &format!("clippy on {shown}"))?;
    }
    let folder = place.root.join("sdk/rust");
    let tests = &mut cargo(place, &["test", "--release", "--lib"]);
    tests.current_dir(&folder).env("CARGO_TARGET_DIR", place.target.join("wasm/sdk"));
    run(tests, "the tests of the Rust SDK")
}

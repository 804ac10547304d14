//! `cargo xtask soak`: the tests that find more the longer they run, at full size.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::place::Place;
use crate::plugins;
use crate::run::{build_host, cargo};

/// A test that has a size.
struct Soak {
    /// What it does, for people.
    what: &'static str,
    package: &'static str,
    /// The target of the package that has it.
    target: &'static str,
    test: &'static str,
    /// What the test calls its size, and how large it is here.
    size: (&'static str, u64),
}

/// What is run, in this order.
const SOAKS: &[Soak] = &[
    Soak {
        what: "kills under checkouts",
        package: "quoin-e2e",
        target: "e2e",
        test: "sale::killed::a_host_killed_under_checkouts_leaves_no_half_sale_and_loses_none",
        size: ("kills", 1_000),
    },
    Soak {
        what: "kills under card payments",
        package: "quoin-e2e",
        target: "e2e",
        test: "card::killed::a_host_killed_under_card_payments_loses_none_and_charges_none_twice",
        size: ("cards", 1_000),
    },
    Soak {
        what: "power cuts, images of each kind a point",
        package: "quoin-faults",
        target: "sale",
        test: "power::a_sale_is_before_or_after_each_request_wherever_the_power_is_cut",
        size: ("power", 40),
    },
    Soak {
        what: "power cuts under buyers, points",
        package: "quoin-faults",
        target: "sale",
        test: "crowd::whatever_the_power_leaves_of_many_sales_has_no_half_sale",
        size: ("crowd", 5_000),
    },
    Soak {
        what: "power cuts of a change, images of each kind a point",
        package: "quoin-faults",
        target: "sale",
        test: "change::a_change_of_the_shop_is_before_or_after_wherever_the_power_is_cut",
        size: ("change", 20),
    },
    Soak {
        what: "kept answers beside new ones",
        package: "quoin-e2e",
        target: "e2e",
        test: "kept::same::a_kept_answer_is_the_one_that_would_be_made_now",
        size: ("kept", 100_000),
    },
    Soak {
        what: "swaps under load",
        package: "quoin-e2e",
        target: "e2e",
        test: "swap::load::two_hundred_swaps_under_load_fail_no_request",
        size: ("swaps", 2_000),
    },
];

/// The options of the command.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only those whose description contains this.
    filter: Option<String>,
    /// Print one JSON object on stdout instead of a table.
    #[arg(long)]
    json: bool,
    /// Multiply all sizes by this many percent.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    percent: u64,
}

/// What came of one.
struct Outcome {
    what: &'static str,
    size: u64,
    passed: bool,
    took: Duration,
    /// What the test said of itself.
    told: Vec<String>,
}

/// Builds everything and runs the tests one after the other; fails when one of them does.
pub(crate) fn soak(options: &Options) -> Result<()> {
    let place = Place::find()?;
    let wanted = |soak: &&Soak| options.filter.as_ref().is_none_or(|part| soak.what.contains(part));
    let soaks: Vec<_> = SOAKS.iter().filter(wanted).collect();
    let all: Vec<_> = SOAKS.iter().map(|soak| soak.what).collect();
    ensure!(!soaks.is_empty(), "nothing is called so; there are: {}", all.join("; "));
    plugins::bundles(&place)?;
    build_host(&place)?;
    let mut outcomes = Vec::new();
    for soak in soaks {
        outcomes.push(soak.run(&place, options.percent)?);
    }
    if options.json {
        println!("{}", json!({ "soak": outcomes.iter().map(Outcome::json).collect::<Vec<_>>() }));
    } else {
        for outcome in &outcomes {
            outcome.print();
        }
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    ensure!(failed == 0, "{failed} of {} failed, see above", outcomes.len());
    Ok(())
}

impl Soak {
    fn run(&self, place: &Place, percent: u64) -> Result<Outcome> {
        let (name, size) = self.size;
        let size = (size * percent / 100).max(1);
        let mut test = cargo(place, &["test", "--release", "--workspace", "--quiet"]);
        test.args(["--test", self.target, "--", "--exact", self.test, "--nocapture"]);
        test.env(format!("QUOIN_SOAK_{}", name.to_uppercase()), size.to_string());
        let bar = bar(self.what);
        let began = Instant::now();
        let (passed, told) = follow(&mut test, &bar)
            .with_context(|| format!("{} in {} does not run", self.test, self.package))?;
        bar.finish_and_clear();
        Ok(Outcome { what: self.what, size, passed, took: began.elapsed(), told })
    }
}

fn bar(what: &'static str) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg:<52} {bar:30} {pos}/{len}  {elapsed}, {eta} left");
    let bar = ProgressBar::new(0).with_message(what);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Runs a test, shows how far it is, and returns whether exactly this one test ran and passed, and
/// what else it said.
fn follow(test: &mut Command, bar: &ProgressBar) -> Result<(bool, Vec<String>)> {
    let mut child = test.stdout(Stdio::piped()).spawn()?;
    let (mut told, mut passed) = (Vec::new(), false);
    for line in BufReader::new(child.stdout.take().context("no output")?).lines() {
        let line = line?;
        if let Some((done, of)) = progress(&line) {
            bar.set_length(of);
            bar.set_position(done);
        } else if line.starts_with("test result: ok. 1 passed") {
            passed = true;
        } else if !is_noise(&line) {
            told.push(line);
        }
    }
    // A test of another name than the one asked for runs nothing, and must not pass for that.
    Ok((child.wait()?.success() && passed, told))
}

fn progress(line: &str) -> Option<(u64, u64)> {
    let (done, of) = line.strip_prefix("soak ")?.split_once(' ')?;
    Some((done.parse().ok()?, of.parse().ok()?))
}

/// Lines of the test harness itself.
fn is_noise(line: &str) -> bool {
    line.trim().is_empty() || line.trim() == "." || line.starts_with("running ")
}

impl Outcome {
    fn json(&self) -> Value {
        json!({
            "what": self.what,
            "size": self.size,
            "passed": self.passed,
            "seconds": self.took.as_secs_f64(),
            "told": self.told,
        })
    }

    fn print(&self) {
        let passed = if self.passed { "passed" } else { "FAILED" };
        println!(
            "{:<52} {:>7}  {passed} in {:.0} s",
            self.what,
            self.size,
            self.took.as_secs_f64()
        );
        for line in &self.told {
            println!("    {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_from_what_a_test_says() {
        assert_eq!(progress("soak 3 100"), Some((3, 100)));
        assert_eq!(progress("soak in water"), None);
        assert_eq!(progress("100 kills: fine"), None);
    }
}

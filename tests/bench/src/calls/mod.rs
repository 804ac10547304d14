//! A call between two plugins through the host, next to the same call with the bare engine and next
//! to a hop between two HTTP servers.

mod bare;
mod hop;
mod line;
mod through_quoin;

use std::path::Path;

use anyhow::{Context, Result};

use crate::measure::{Contestant, costs};
use crate::table::{Aim, Ratio, Table, micros};

/// The interface that is called.
const WORK: &str = "test:bench/work@0.1.0";
/// The interface of whoever calls.
const DRIVER: &str = "test:bench/driver@0.1.0";

/// What crosses in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Nothing.
    Empty,
    /// So many lines of four fields, there and back.
    Lines(u32),
}

/// What a call should be.
struct Aims {
    /// So much cheaper than the HTTP hop: reused and fresh.
    cheaper: Option<(f64, f64)>,
    /// In reused instances at most so much of what it costs in those of the bare engine.
    bare_reused: Option<f64>,
}

/// What is measured.
const SHAPES: [(&str, Shape, Aims); 3] = [
    ("an empty call", Shape::Empty, Aims { cheaper: Some((50.0, 8.0)), bare_reused: None }),
    (
        "5 lines of four fields, there and back",
        Shape::Lines(5),
        Aims { cheaper: Some((8.0, 4.0)), bare_reused: Some(1.5) },
    ),
    (
        "100 lines of four fields, there and back",
        Shape::Lines(100),
        Aims { cheaper: None, bare_reused: None },
    ),
];
/// What a call in a fresh instance may cost, in calls in fresh instances of the bare engine.
const BARE_MAX: f64 = 2.0;

/// Measures all shapes.
pub fn measure(bundles: &Path, seconds: u32, table: &mut Table) -> Result<()> {
    let read = |name: &str| {
        let file = bundles.join(format!("{name}.wasm"));
        std::fs::read(&file)
            .with_context(|| format!("{}: run `cargo xtask plugins`", file.display()))
    };
    let (caller, callee) = (read("bench-caller")?, read("bench-callee")?);
    // As many threads as the host itself would take.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let quoin = through_quoin::Plugins::load(&caller, &callee)?;
    let engine = bare::Components::load(&caller, &callee)?;
    let servers = hop::Servers::start()?;
    for (name, shape, aims) in SHAPES {
        eprintln!("Measuring {name} …");
        let http = servers.contestant(shape);
        let (reused, fresh) = (quoin.contestant(shape, true), quoin.contestant(shape, false));
        let bare_reused = engine.contestant(shape, bare::By::Component, true);
        let bare_fresh = engine.contestant(shape, bare::By::Component, false);
        let host_reused = engine.contestant(shape, bare::By::Host, true);
        let host_fresh = engine.contestant(shape, bare::By::Host, false);
        let contestants: [&dyn Contestant; 7] =
            [&http, &reused, &fresh, &bare_reused, &bare_fresh, &host_reused, &host_fresh];
        let costs = runtime.block_on(costs(&contestants, seconds))?;
        let [http, reused, fresh, bare_reused, bare_fresh, host_reused, host_fresh] = costs[..]
        else {
            anyhow::bail!("{} costs of {} contestants", costs.len(), contestants.len());
        };
        let cheaper = |cost: f64, aim: Option<f64>| Ratio {
            is: http / cost,
            of: "cheaper than the hop",
            aim: aim.map(Aim::AtLeast),
        };
        let bare = |cost: f64, bare: f64, aim| Ratio {
            is: cost / bare,
            of: "the bare engine's cost",
            aim,
        };
        table.section(format!("A call between two plugins: {name}"));
        table.row("hop between two HTTP servers, JSON", micros(http), vec![]);
        table.row(
            "Quoin, reused instances",
            micros(reused),
            vec![
                cheaper(reused, aims.cheaper.map(|aims| aims.0)),
                bare(reused, bare_reused, aims.bare_reused.map(Aim::AtMost)),
            ],
        );
        table.row(
            "Quoin, a fresh instance each",
            micros(fresh),
            vec![
                cheaper(fresh, aims.cheaper.map(|aims| aims.1)),
                bare(fresh, bare_fresh, Some(Aim::AtMost(BARE_MAX))),
            ],
        );
        table.row("bare engine, typed, reused", micros(bare_reused), vec![]);
        table.row("bare engine, typed, fresh", micros(bare_fresh), vec![]);
        table.row("  the host calls the callee, reused", micros(host_reused), vec![]);
        table.row("  the host calls the callee, fresh", micros(host_fresh), vec![]);
    }
    Ok(())
}

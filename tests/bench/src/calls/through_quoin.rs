//! The call through the host's runtime: dynamic values, limits, deadlines, bindings.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use quoin_core::limits::Limits;
use quoin_core::{Clock, Name};
use quoin_runtime::{
    Binding, Engine, Generation, Installed, Log, Node, Principal, Program, Provider, Request,
    Target, Value, call, compile,
};

use super::{DRIVER, Shape, WORK};
use crate::measure::{Contestant, Run};

/// The callee's manifest, for a second bundle with another policy.
const MANIFEST: &str = include_str!("../../../guests/bench-callee/plugin.toml");
const REUSE: &str = "\n[instance]\nreuse = 10000\n";

/// A caller bound to a callee with a fresh instance for each call, and one bound to a callee with
/// reused instances.
pub struct Plugins {
    fresh: Arc<Node>,
    reused: Arc<Node>,
}

impl Plugins {
    /// Compiles and binds them.
    pub fn load(caller: &[u8], callee: &[u8]) -> Result<Plugins> {
        let engine = Engine::new(Clock::system())?;
        let reused = quoin_registry::pack(callee, &format!("{MANIFEST}{REUSE}"), &[])?;
        let pair = |callee: &[u8]| -> Result<Arc<Node>> {
            let callee = node(&engine, "callee", callee, HashMap::new())?;
            let provider = Provider { node: callee, interface: WORK.into() };
            let bindings = HashMap::from([(WORK.to_owned(), Binding::One(provider))]);
            node(&engine, "caller", caller, bindings)
        };
        Ok(Plugins { fresh: pair(callee)?, reused: pair(&reused)? })
    }

    /// A call of this shape.
    pub fn contestant(&self, shape: Shape, reused: bool) -> Calls {
        let node = if reused { &self.reused } else { &self.fresh };
        Calls { node: node.clone(), shape }
    }
}

fn node(
    engine: &Engine,
    name: &str,
    bundle: &[u8],
    bindings: HashMap<String, Binding>,
) -> Result<Arc<Node>> {
    let description = Arc::new(quoin_registry::describe(bundle)?);
    let (code, _) = compile(bundle)?;
    let file = tempfile::NamedTempFile::new().context("no file for machine code")?;
    std::fs::write(file.path(), code).context("no file for machine code")?;
    let program = Arc::new(Program::load(engine, file.path(), description)?);
    let installed = Installed {
        tenant: "bench".parse::<Name>()?,
        name: name.parse::<Name>()?,
        number: 1,
        config: BTreeMap::new(),
        grants: BTreeSet::new(),
        // A turn is one call of the caller, however many calls it makes.
        limits: Limits { deadline_ms: Limits::CEILING.deadline_ms, ..Limits::default() },
        database: None,
        log: Arc::new(Log::new(Clock::system())),
        out: None,
        mail: None,
    };
    let generation = Arc::new(Generation::new(installed, program));
    Ok(Arc::new(Node { generation, bindings }))
}

/// Calls of one shape.
pub struct Calls {
    node: Arc<Node>,
    shape: Shape,
}

impl Contestant for Calls {
    fn name(&self) -> &'static str {
        "a call through Quoin"
    }

    fn run(&self, times: u32) -> Run<'_> {
        Box::pin(async move {
            let (function, params, expected) = match self.shape {
                Shape::Empty => ("nops", vec![Value::U32(times)], None),
                Shape::Lines(length) => {
                    let came_back = u64::from(times) * u64::from(length);
                    let params = vec![Value::U32(times), Value::U32(length)];
                    ("echoes", params, Some(Value::U64(came_back)))
                }
            };
            let target = Target { interface: DRIVER, function };
            let request = Request::of(Principal::ANONYMOUS, "bench");
            let check = quoin_runtime::json::check;
            let result = call(&self.node, target, params, request, check).await?;
            ensure!(result == expected, "it returned {result:?}");
            Ok(())
        })
    }
}

//! Later calls are run as requests of their own.

use std::fmt::Display;
use std::sync::Arc;

use quoin_core::later::LaterCall;
use quoin_core::limits::LATER_DEPTH_MAX;
use quoin_storage::Database;

use crate::failure::FailureKind;
use crate::json;
use crate::node::Node;
use crate::params::Returned;
use crate::request::{Target, call};
use crate::tree::{Origin, Principal, Request};

/// Why a try of a later call failed.
#[derive(Debug)]
pub struct LaterFailure {
    /// For the operator.
    pub why: String,
    /// What follows from it.
    pub kind: LaterFailureKind,
}

/// What follows from a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaterFailureKind {
    /// The plugin failed, or refused: it is tried again, so many times.
    Tried,
    /// The plugin was not to blame: it is tried again soon.
    Busy,
    /// No try can succeed with this generation: the call is parked.
    Hopeless,
}

/// Runs a later call of this shop once. What it did is committed together with the removal of its record;
/// where it failed, or the record is gone meanwhile, nothing is kept of it.
///
/// # Errors
/// See [`LaterFailure`].
pub async fn run_later(
    node: &Arc<Node>,
    interface: &str,
    later: &LaterCall,
    database: &Arc<Database>,
) -> Result<(), LaterFailure> {
    let hopeless = |why| LaterFailure { why, kind: LaterFailureKind::Hopeless };
    let function = node.generation.program.function(interface, &later.function);
    let Some(function) = function else {
        let name = &node.generation.installed.name;
        return Err(hopeless(format!("{name} has no function {interface}#{}", later.function)));
    };
    let unfit = |why: &dyn Display| {
        hopeless(format!("its parameters do not fit the function as it is now: {why}"))
    };
    let params = serde_json::from_str(&later.params).map_err(|why| unfit(&why))?;
    let params = json::parameters(&function.params, &params).map_err(|why| unfit(&why))?;
    let result = function.result.clone();
    let request = Request {
        principal: Principal::host(&later.behalf),
        trace: later.trace.clone(),
        origin: Some(Arc::new(Origin {
            database: database.clone(),
            number: later.number,
            plugin: later.plugin.clone(),
            function: later.function.clone(),
            depth: later.depth,
        })),
        once: None,
    };
    let target = Target { interface, function: &later.function };
    let outcome = call(node, target, params, request, json::check).await;
    let refused = outcome.as_ref().is_ok_and(Returned::is_error);
    match outcome {
        Ok(value) if refused => {
            let shown = json::result(value.as_ref(), result.as_ref());
            let why = shown.err().map_or_else(String::new, |error| error.json().to_string());
            Err(LaterFailure { why: format!("it returned {why}"), kind: LaterFailureKind::Tried })
        }
        Ok(_) => Ok(()),
        Err(failure) => {
            // The next try would not be stopped elsewhere.
            let at_the_end =
                later.depth >= LATER_DEPTH_MAX && matches!(failure.kind, FailureKind::Limit(_));
            let kind = match failure.is_of_the_plugin() {
                _ if at_the_end => LaterFailureKind::Hopeless,
                true => LaterFailureKind::Tried,
                false => LaterFailureKind::Busy,
            };
            Err(LaterFailure { why: failure.to_string(), kind })
        }
    }
}

//! Calls: one invocation of an exported function, in its own sandbox and its own transaction.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::task::Poll;
use std::time::Instant;

use quoin_core::limits::{CALL_DEPTH_MAX, LOG_LINES_REQUEST_MAX};
use quoin_core::{Name, Type};
use tokio::task::JoinHandle;

use crate::Value;
use crate::failure::{Failure, Outcome};
use crate::generation::Generation;
use crate::instance::Live;
use crate::json;
use crate::log::Level;
use crate::node::Node;
use crate::program::Export;
use crate::state::Running;

/// On whose behalf a call tree runs. The gateway makes it; no guest can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// `anonymous`, or `admin` for the holder of an API key of the tenant.
    pub role: &'static str,
    /// Who exactly, for an admin the id of the key.
    pub id: Option<String>,
}

impl Principal {
    /// Nobody in particular.
    pub const ANONYMOUS: Principal = Principal { role: "anonymous", id: None };

    /// The holder of an API key.
    pub fn admin(id: impl Into<String>) -> Principal {
        Principal { role: "admin", id: Some(id.into()) }
    }
}

/// A call from outside.
#[derive(Debug, Clone)]
pub struct Request {
    /// On whose behalf.
    pub principal: Principal,
    /// The id that all calls of the tree share.
    pub trace: String,
}

/// Whether the one who asked can pass a result on, or why not.
pub type Check = fn(&Value) -> Result<(), String>;

/// What stays the same through a call tree.
pub(crate) struct Origin {
    pub principal: Principal,
    pub trace: String,
    pub check: Check,
    pub stage: Stage,
    /// Lines in the log so far.
    log_lines: AtomicU32,
}

impl Origin {
    /// Writes a line to the shop's log, unless the tree has written as many as it may.
    pub fn log(&self, generation: &Generation, level: Level, message: &str) {
        let write = |level, message: &str| {
            let plugin = generation.installation.as_str();
            generation.log.write(level, plugin, &self.trace, message);
        };
        // No request lives long enough for this to wrap.
        let before = self.log_lines.fetch_add(1, Ordering::Relaxed);
        if before < LOG_LINES_REQUEST_MAX {
            write(level, message);
        } else if before == LOG_LINES_REQUEST_MAX {
            let rest = format!(
                "more than {LOG_LINES_REQUEST_MAX} lines of one request: the rest is dropped"
            );
            write(Level::Warn, &rest);
        }
    }
}

/// How far a call tree has come: waiting for its turn, begun, or given up while it waited.
#[derive(Default)]
pub(crate) struct Stage(AtomicU8);

impl Stage {
    const WAITING: u8 = 0;
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    fn begin(&self) -> bool {
        self.leave_waiting(Stage::BEGUN)
    }

    fn give_up(&self) -> bool {
        self.leave_waiting(Stage::GIVEN_UP)
    }

    fn leave_waiting(&self, next: u8) -> bool {
        let (from, order) = (Stage::WAITING, Ordering::AcqRel);
        self.0.compare_exchange(from, next, order, Ordering::Acquire).is_ok()
    }
}

/// A function of a provided interface.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The interface with version.
    pub interface: &'a str,
    /// The function.
    pub function: &'a str,
}

/// Runs a function for a caller outside. A result that does not pass `check` reaches nobody, so it is
/// not kept either: the call fails, and its transaction with it.
///
/// When the returned future is dropped (the client went away), a function that only reads ends there.
/// One that writes runs in a task of its own and is finished, within its deadline, so that a lost
/// connection does not cut a sequence of steps in half; if it still waits for its turn, it has done
/// nothing and is given up: what it holds must not outlive its client in a queue.
///
/// # Errors
/// See [`Failure`].
pub async fn call(
    node: &Arc<Node>,
    target: Target<'_>,
    params: Vec<Value>,
    request: Request,
    check: Check,
) -> Outcome {
    let Some(export) = node.generation.program.export(target.interface, target.function) else {
        return Err(Failure::BadCall(format!(
            "{} provides no function {}#{}",
            node.generation.installation, target.interface, target.function
        )));
    };
    let (node, export) = (node.clone(), export.clone());
    let plugin = node.generation.installation.to_string();
    let reads = export.reads;
    let Request { principal, trace } = request;
    let origin = Arc::new(Origin {
        principal,
        trace,
        check,
        stage: Stage::default(),
        log_lines: AtomicU32::new(0),
    });
    let id = quoin_core::ids::random_hex::<16>().map_err(|e| Failure::Host {
        plugin: plugin.clone(),
        reason: format!("no randomness for a call id: {e}"),
        full: false,
    })?;
    let deadline = node.generation.deadline_from(Instant::now());
    let running = Running::new(node, export, origin.clone(), id, None, 0, deadline);
    let running = Box::pin(async move { run(running, &params).await });
    let outcome = if reads {
        surviving(running).await
    } else {
        let mut task = OnDrop { task: tokio::spawn(running), origin };
        (&mut task.task).await.ok()
    };
    outcome.unwrap_or_else(|| {
        tracing::error!(plugin, "a call ended in a fault of the host");
        Err(Failure::Host { plugin, reason: "the call ended in a fault".into(), full: false })
    })
}

/// The outcome of a call, or none if it panics, as a task of its own would do it.
async fn surviving<T>(mut call: Pin<Box<impl Future<Output = T>>>) -> Option<T> {
    poll_fn(|context| {
        let poll = AssertUnwindSafe(|| call.as_mut().poll(context));
        match catch_unwind(poll) {
            Ok(poll) => poll.map(Some),
            // The call is not polled again, only dropped.
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

/// A call that writes, in its task.
struct OnDrop<T> {
    task: JoinHandle<T>,
    origin: Arc<Origin>,
}

impl<T> Drop for OnDrop<T> {
    fn drop(&mut self) {
        if self.origin.stage.give_up() {
            self.task.abort();
        }
    }
}

/// As [`call`], with the parameters as members of a JSON object and the result as JSON.
///
/// # Errors
/// The JSON does not fit the parameters, or the call fails.
pub async fn call_json(
    node: &Arc<Node>,
    target: Target<'_>,
    params: &serde_json::Value,
    request: Request,
) -> Result<Result<serde_json::Value, serde_json::Value>, CallJsonError> {
    let function = node.generation.program.function(target.interface, target.function);
    let Some(function) = function else {
        let none = format!("there is no function {}#{}", target.interface, target.function);
        return Err(Failure::BadCall(none).into());
    };
    let values = json::parameters(&function.params, params)?;
    let result = function.result.clone();
    let value = call(node, target, values, request, json::check).await?;
    let shown = json::result(value.as_ref(), result.as_ref());
    Ok(shown.map(|ok| ok.json()).map_err(|error| error.json()))
}

/// A JSON call that gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CallJsonError {
    /// The JSON does not fit.
    #[error(transparent)]
    Json(#[from] json::Misfit),
    /// The call failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Runs a call in a fresh or kept instance, and commits what it wrote if it ends well.
pub(crate) async fn run(running: Box<Running>, params: &[Value]) -> Outcome {
    let (node, export) = (running.node.clone(), running.export.clone());
    let generation = &node.generation;
    let (origin, deadline, depth) = (running.origin.clone(), running.deadline, running.depth);
    // Pinned here: moved into the timeout, this large future would be copied for each call.
    let attempt = std::pin::pin!(attempt(generation, &export, running, params));
    let attempt = tokio::time::timeout_at(deadline.into(), attempt);
    let timeout = || {
        let plugin = generation.installation.to_string();
        Failure::Timeout { plugin, function: export.label.clone() }
    };
    let outcome = match attempt.await {
        // A host interface tells a guest that its time is over; giving up is all that is left to it.
        Ok(Err(Failure::Trap { .. })) if Instant::now() >= deadline => Err(timeout()),
        Ok(outcome) => outcome,
        Err(_) => Err(timeout()),
    };
    if let Err(failure) = &outcome {
        generation.count_failure();
        let message = failure.to_string();
        if depth == 0 {
            // Why the whole request failed is told in any case.
            let plugin = generation.installation.as_str();
            generation.log.write(Level::Error, plugin, &origin.trace, &message);
        } else {
            origin.log(generation, Level::Error, &message);
        }
    }
    outcome
}

async fn attempt(
    generation: &Arc<Generation>,
    export: &Export,
    running: Box<Running>,
    params: &[Value],
) -> Outcome {
    let depth = running.depth;
    if depth > CALL_DEPTH_MAX {
        return Err(running.limit(format!("more than {CALL_DEPTH_MAX} calls in each other")));
    }
    let _permit = generation.admit(&export.label, running.deadline).await?;
    if depth == 0 && !running.origin.stage.begin() {
        return Err(Failure::BadCall("the client gave the call up".into()));
    }
    let mut live = match generation.take_idle() {
        Some(live) => live,
        // Boxed for those calls that need none.
        None => Box::pin(Live::start(generation, running.deadline)).await?,
    };
    let mut results = [Value::Bool(false)];
    let slots = if export.function.result.is_some() { &mut results[..] } else { &mut [] };
    let running = live.run(generation, export, running, params, slots).await?;
    let result = export
        .function
        .result
        .is_some()
        .then(|| std::mem::replace(&mut results[0], Value::Bool(false)));
    if let Some(value) = result.as_ref().filter(|_| depth == 0) {
        (running.origin.check)(value).map_err(|reason| Failure::Inexpressible {
            plugin: running.plugin(),
            function: export.label.clone(),
            reason,
        })?;
    }
    if let Some(transaction) = running.transaction
        && !matches!(result, Some(Value::Result(Err(_))))
    {
        transaction
            .commit()
            .map_err(|error| storage_failure(&generation.installation, &export.label, error))?;
    }
    generation.keep_idle(live);
    Ok(result)
}

/// What a failure of the storage means for the call.
pub(crate) fn storage_failure(
    plugin: &Name,
    function: &str,
    error: quoin_storage::Error,
) -> Failure {
    use quoin_storage::Error as E;
    let plugin = plugin.to_string();
    match error {
        E::Overloaded | E::Deadline => Failure::Overload { plugin, what: error.to_string() },
        E::RolledBack(_) | E::Constraint(_) => {
            Failure::Trap { plugin, function: function.into(), reason: error.to_string() }
        }
        E::Full { .. } => Failure::Host { plugin, reason: error.to_string(), full: true },
        _ => Failure::Host { plugin, reason: error.to_string(), full: false },
    }
}

/// The error that stands for a failed callee, if the function's result type has a place for it: the
/// case `name` of its error variant, with a string or nothing as its value.
pub(crate) fn error_case(result: Option<&Type>, name: &str, text: &str) -> Option<Value> {
    let Some(Type::Result { err: Some(err), .. }) = result else { return None };
    let Type::Variant { cases, .. } = &**err else { return None };
    let case = cases.iter().find(|c| c.name == name)?;
    let payload = match case.ty {
        None => None,
        Some(Type::String) => Some(Box::new(Value::String(text.into()))),
        Some(_) => return None,
    };
    Some(Value::Result(Err(Some(Box::new(Value::Variant(name.into(), payload))))))
}

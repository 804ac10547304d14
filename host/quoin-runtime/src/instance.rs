//! Instances: a store with the component instantiated in it.

use std::sync::Arc;
use std::time::Instant;

use quoin_core::limits::CROSSING_BYTES_MAX;
use wasmtime::component::{Func, Instance};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline};

use crate::Value;
use crate::failure::Failure;
use crate::generation::Generation;
use crate::program::Export;
use crate::state::{Running, State};

/// Resource handles of an instance. Handles do not cross plugins, so only WASI makes some.
const HANDLES_MAX: usize = 1_000;

/// An instance that is ready for calls.
pub(crate) struct Live {
    store: Store<State>,
    instance: Instance,
    /// Calls that it has served.
    pub calls: u32,
    /// Since when it idles.
    pub since: Instant,
}

impl Live {
    /// A fresh instance of the generation's program. Runs its start function, if it has one, until
    /// `deadline` at most.
    pub async fn start(generation: &Arc<Generation>, deadline: Instant) -> Result<Live, Failure> {
        let program = &generation.program;
        let memory = (generation.limits.memory_mib as usize) << 20;
        let mut store =
            Store::new(&program.engine.inner, State::new(memory, program.uses_wasi, deadline));
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(CROSSING_BYTES_MAX);
        store.set_max_component_handles(HANDLES_MAX);
        store.epoch_deadline_callback(|context| {
            if Instant::now() >= context.data().deadline {
                return Ok(UpdateDeadline::Interrupt);
            }
            // Not wasmtime's own yield: that one goes to the front of tokio's queue and starves I/O.
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store.set_epoch_deadline(1);
        let started = program.pre.instantiate_async(&mut store);
        match started.await {
            Ok(instance) => Ok(Live { store, instance, calls: 0, since: Instant::now() }),
            Err(error) => Err(explain(&error, generation, "start")),
        }
    }

    /// Runs one call. On a failure the instance must be thrown away; the caller's future being
    /// dropped counts as one, because the instance is then dropped with it.
    pub async fn run(
        &mut self,
        generation: &Generation,
        export: &Export,
        running: Box<Running>,
        params: &[Value],
        results: &mut [Value],
    ) -> Result<Box<Running>, Failure> {
        self.calls += 1;
        let state = self.store.data_mut();
        state.deadline = running.deadline;
        state.call = Some(running);
        self.store.set_epoch_deadline(1);
        let function: Option<Func> = self.instance.get_func(&mut self.store, export.index);
        let outcome = match function {
            Some(function) => function.call_async(&mut self.store, params, results).await,
            None => Err(wasmtime::Error::msg("the function is not exported")),
        };
        // Taken out in any case, so that an idle instance holds no generation and no transaction.
        let running = self.store.data_mut().call.take();
        match (outcome, running) {
            (Ok(()), Some(running)) => Ok(running),
            (Ok(()), None) => {
                Err(explain(&wasmtime::Error::msg("the call was lost"), generation, &export.label))
            }
            (Err(error), _) => Err(explain(&error, generation, &export.label)),
        }
    }
}

/// What an error of the engine means.
fn explain(error: &wasmtime::Error, generation: &Generation, function: &str) -> Failure {
    let (plugin, function) = (generation.installation.to_string(), function.to_owned());
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.clone();
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Failure::Overload { plugin, what: "the host's instance pool is full".into() };
    }
    if let Some(Trap::Interrupt) = error.downcast_ref::<Trap>() {
        return Failure::Timeout { plugin, function };
    }
    let reason = format!("{error:#}");
    if reason.contains("fuel allocated for hostcalls has been exhausted") {
        let limit = format!("more than {CROSSING_BYTES_MAX} bytes crossed at once");
        return Failure::Limit { plugin, function, limit };
    }
    Failure::Trap { plugin, function, reason }
}

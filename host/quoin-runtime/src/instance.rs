//! Instances: a store with the component instantiated in it.

use std::sync::Arc;
use std::time::Instant;

use quoin_core::limits::CROSSING_BYTES_MAX;
use wasmtime::component::Instance;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline};

use crate::failure::{Failure, FailureKind};
use crate::installed::Installed;
use crate::params::Params;
use crate::pool::{Shop, Slots, Taken};
use crate::program::{Export, Program};
use crate::running::Running;
use crate::state::State;
use crate::web;

/// Resource handles of an instance. Handles do not cross plugins, so only WASI makes some.
const HANDLES_MAX: usize = 1_000;

/// Ticks that a guest goes on without a pause while its request has the shop's writer. Everybody who
/// wants to write there waits for it, so it is not to wait for them in turn.
const WRITERS_TICKS: u32 = 4;

/// An instance that is ready for calls.
pub(crate) struct Live {
    store: Store<State>,
    instance: Instance,
    /// Calls that it has served.
    pub calls: u32,
    /// After the store, which is in them.
    _slots: Slots,
}

impl Live {
    /// A fresh instance of the program, in slots of its shop; `root` if it is for a request and not for a
    /// call below one. Runs its start function, if it has one, until `deadline` at most.
    pub async fn start(
        program: &Program,
        (installed, shop): (&Installed, &Arc<Shop>),
        root: bool,
        deadline: Instant,
    ) -> Result<Live, Failure> {
        let full = |why: Taken| {
            Failure::new(&installed.name, "start", FailureKind::Overload(why.to_string()))
        };
        let slots = shop.take(program.slots, root).map_err(full)?;
        let memory = (installed.limits.memory_mib as usize) << 20;
        let clock = program.engine.clock.clone();
        let state = State::new(memory, program.uses_wasi, deadline, clock);
        let mut store = Store::new(&program.engine.inner, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(CROSSING_BYTES_MAX);
        store.set_max_component_handles(HANDLES_MAX);
        store.epoch_deadline_callback(|mut context| {
            let state = context.data_mut();
            if state.clock.instant() >= state.deadline {
                return Ok(UpdateDeadline::Interrupt);
            }
            if state.has_writer() && state.ticks < WRITERS_TICKS {
                state.ticks += 1;
                return Ok(UpdateDeadline::Continue(1));
            }
            state.ticks = 0;
            // Not wasmtime's own yield: that one goes to the front of tokio's queue and starves I/O.
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store.set_epoch_deadline(1);
        let started = program.pre.instantiate_async(&mut store);
        match started.await {
            Ok(instance) => Ok(Live { store, instance, calls: 0, _slots: slots }),
            Err(error) => Err(explain(&error, installed, "start")),
        }
    }

    /// Whether the program has what the host calls by types of its own with other types.
    pub fn check(&mut self, program: &Program, installed: &Installed) -> Result<(), Failure> {
        let Some((interface, export)) = web::export(program) else { return Ok(()) };
        let function = export.and_then(|e| self.instance.get_func(&mut self.store, e.index));
        let why = match function {
            Some(function) => web::check(function, &self.store).err().map(|e| format!("{e:#}")),
            None => Some(format!("there is no function {}", web::FUNCTION)),
        };
        match why {
            None => Ok(()),
            Some(why) => {
                let name = &installed.name;
                let other = format!(
                    "{interface} of {name} is not the interface that this host calls: {why}. Build \
                     the component with the wit/plugin of this host"
                );
                Err(Failure::new(name, interface, FailureKind::BadCall(other)))
            }
        }
    }

    /// Runs one call. On a failure the instance must be thrown away; the caller's future being
    /// dropped counts as one, because the instance is then dropped with it.
    pub async fn run<P: Params + ?Sized>(
        &mut self,
        export: &Export,
        running: Box<Running>,
        params: &P,
    ) -> Result<P::Returned, Failure> {
        self.calls += 1;
        let installed = running.installed.clone();
        let state = self.store.data_mut();
        state.deadline = running.deadline;
        state.call = Some(running);
        self.store.set_epoch_deadline(1);
        let outcome = match self.instance.get_func(&mut self.store, export.index) {
            Some(function) => params.call(function, export, &mut self.store).await,
            None => Err(wasmtime::Error::msg("the function is not exported")),
        };
        // Taken out in any case, so that an idle instance holds no generation and no request.
        self.store.data_mut().call = None;
        outcome.map_err(|error| explain(&error, &installed, &export.label))
    }
}

/// What an error of the engine means.
fn explain(error: &wasmtime::Error, installed: &Installed, function: &str) -> Failure {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.clone();
    }
    let failed = |kind| Failure::new(&installed.name, function, kind);
    if error.is::<PoolConcurrencyLimitError>() {
        return failed(FailureKind::Overload(Taken::ByAll.to_string()));
    }
    if let Some(Trap::Interrupt) = error.downcast_ref::<Trap>() {
        return failed(FailureKind::Timeout);
    }
    let reason = format!("{error:#}");
    if reason.contains("fuel allocated for hostcalls has been exhausted") {
        let limit = format!("more than {CROSSING_BYTES_MAX} bytes crossed at once");
        return failed(FailureKind::Limit(limit));
    }
    failed(FailureKind::Trap(reason))
}

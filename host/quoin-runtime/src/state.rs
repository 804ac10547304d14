//! What an instance's store carries: the call that runs in it, and the limits around it.

use std::time::Instant;

use quoin_core::Clock;
use quoin_core::manifest::HostInterface;
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::engine::TABLE_ELEMENTS_MAX;
use crate::running::Running;

/// Handles of WASI resources that an instance may hold: standard streams and a few pollables.
const WASI_HANDLES_MAX: usize = 1_000;

/// The data of a store.
pub(crate) struct State {
    /// The call that runs now; none while the instance starts or idles.
    pub call: Option<Box<Running>>,
    /// When the guest is stopped, whatever it does.
    pub deadline: Instant,
    pub clock: Clock,
    /// Ticks since the guest last paused.
    pub ticks: u32,
    pub memory: Memory,
    wasi: Option<Box<Wasi>>,
}

struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
}

impl State {
    pub fn new(memory_bytes: usize, uses_wasi: bool, deadline: Instant, clock: Clock) -> State {
        State {
            call: None,
            deadline,
            clock,
            ticks: 0,
            memory: Memory { left: memory_bytes },
            wasi: uses_wasi.then(inert_wasi),
        }
    }

    /// Whether the running call's request has the shop's writer.
    pub fn has_writer(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.tree.has_writer())
    }

    /// The running call, if it may use this host interface now; counts the use.
    pub fn using(&mut self, interface: HostInterface) -> wasmtime::Result<&mut Running> {
        let Some(call) = self.call.as_deref_mut() else {
            return Err(wasmtime::Error::msg("a host interface was used before a call began"));
        };
        call.uses(interface).map_err(wasmtime::Error::new)?;
        Ok(call)
    }

    /// The running call of a plugin that calls another; counts the call.
    pub fn calling(&mut self) -> wasmtime::Result<&mut Running> {
        let Some(call) = self.call.as_deref_mut() else {
            return Err(wasmtime::Error::msg("another plugin was called before a call began"));
        };
        call.count().map_err(wasmtime::Error::new)?;
        Ok(call)
    }
}

/// The linear memory that an instance may still take, over all of its memories.
pub(crate) struct Memory {
    left: usize,
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        match self.left.checked_sub(desired.saturating_sub(current)) {
            Some(left) => {
                self.left = left;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }
}

/// WASI without anything behind it: no files, no sockets, no environment, no arguments, and output
/// that goes nowhere.
fn inert_wasi() -> Box<Wasi> {
    let context = WasiCtx::builder()
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .max_random_size(u64::from(quoin_core::limits::RANDOM_BYTES_MAX))
        .build();
    let mut table = ResourceTable::new();
    table.set_max_capacity(WASI_HANDLES_MAX);
    Box::new(Wasi { context, table })
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi.get_or_insert_with(inert_wasi);
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

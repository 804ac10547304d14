//! What an instance's store carries: the call that runs in it, and the limits around it.

use std::sync::Arc;
use std::time::Instant;

use quoin_core::limits::HOST_CALLS_MAX;
use quoin_core::manifest::HostInterface;
use quoin_storage::Transaction;
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::call::Origin;
use crate::engine::TABLE_ELEMENTS_MAX;
use crate::failure::Failure;
use crate::node::Node;
use crate::program::Export;

/// Handles of WASI resources that an instance may hold: standard streams and a few pollables.
const WASI_HANDLES_MAX: usize = 1_000;

/// The data of a store.
pub(crate) struct State {
    /// The call that runs now; none while the instance starts or idles.
    pub call: Option<Box<Running>>,
    /// When the guest is stopped, whatever it does.
    pub deadline: Instant,
    pub memory: Memory,
    wasi: Option<Box<Wasi>>,
}

struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
}

impl State {
    pub fn new(memory_bytes: usize, uses_wasi: bool, deadline: Instant) -> State {
        State {
            call: None,
            deadline,
            memory: Memory { left: memory_bytes },
            wasi: uses_wasi.then(inert_wasi),
        }
    }

    /// The running call, if it may use this host interface now; counts the use.
    pub fn using(&mut self, interface: HostInterface) -> wasmtime::Result<&mut Running> {
        let Some(call) = self.call.as_deref_mut() else {
            return Err(wasmtime::Error::msg("a host interface was used before a call began"));
        };
        call.count_host_call()?;
        if !call.node.generation.grants.contains(&interface) {
            return Err(wasmtime::Error::new(Failure::Denied {
                plugin: call.plugin(),
                function: call.export.label.clone(),
                interface: interface.as_str().into(),
            }));
        }
        Ok(call)
    }

    /// The running call of a plugin that calls another; counts the call.
    pub fn calling(&mut self) -> wasmtime::Result<&mut Running> {
        let Some(call) = self.call.as_deref_mut() else {
            return Err(wasmtime::Error::msg("another plugin was called before a call began"));
        };
        call.count_host_call()?;
        Ok(call)
    }
}

/// A call that runs. It is boxed wherever it goes, so that the futures of a call stay small: a call
/// between two plugins takes about a microsecond, of which copying them is a large part.
pub(crate) struct Running {
    pub node: Arc<Node>,
    pub export: Arc<Export>,
    /// What stays the same through the call tree.
    pub origin: Arc<Origin>,
    pub id: String,
    /// Whose call this is, if a plugin's.
    pub caller: Option<Arc<Node>>,
    pub depth: u32,
    pub deadline: Instant,
    /// Begun with the first SQL statement.
    pub transaction: Option<Transaction>,
    /// Calls to other plugins so far: the position that a child's id is derived from.
    pub children: u32,
    host_calls: u32,
}

impl Running {
    pub fn new(
        node: Arc<Node>,
        export: Arc<Export>,
        origin: Arc<Origin>,
        id: String,
        caller: Option<Arc<Node>>,
        depth: u32,
        deadline: Instant,
    ) -> Box<Running> {
        let (transaction, children, host_calls) = (None, 0, 0);
        Box::new(Running {
            node,
            export,
            origin,
            id,
            caller,
            depth,
            deadline,
            transaction,
            children,
            host_calls,
        })
    }

    pub fn plugin(&self) -> String {
        self.node.generation.installation.to_string()
    }

    pub fn limit(&self, limit: String) -> Failure {
        Failure::Limit { plugin: self.plugin(), function: self.export.label.clone(), limit }
    }

    fn count_host_call(&mut self) -> wasmtime::Result<()> {
        self.host_calls += 1;
        if self.host_calls > HOST_CALLS_MAX {
            let limit = format!("more than {HOST_CALLS_MAX} host calls");
            return Err(wasmtime::Error::new(self.limit(limit)));
        }
        Ok(())
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

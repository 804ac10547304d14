//! The engine: one for the process, with a pool of pre-mapped memory for instances.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quoin_core::Clock;
use quoin_core::limits::Limits;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails,
};

use crate::pool::Pool;
use crate::ticker::{Ticker, Ticking};

/// Native stack of guest code. JavaScript and Python interpreters recurse deeper than Rust guests.
const WASM_STACK_BYTES: usize = 512 << 10;
/// Native stack of a call: the guest's share plus room for host functions, SQLite among them. A
/// guest that overflows its share traps; an overflow of the host's share would end the process.
const CALL_STACK_BYTES: usize = WASM_STACK_BYTES + (1 << 20);
/// How often running guests are asked for their turn and their deadline. A millisecond bounds both
/// the overshoot of a deadline and the wait of other calls on a busy thread.
const TICK: Duration = Duration::from_millis(1);
/// Pool sizes to try, in component instances. Each takes 4 GiB of address space, which some machines
/// (containers with limits, 39-bit processors) do not have; the first that fits is used.
const POOL_SIZES: [u32; 4] = [4_000, 1_000, 200, 40];
/// Table elements of an instance; interpreters use some 8,000.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 20_000;

/// Memories that a component may have, and slots of the pool that an instance of it takes at most.
const SLOTS_MAX: u32 = 4;
/// Tables that go with a slot.
const SLOT_TABLES: u32 = 2;
/// Core instances of a component: those of other toolchains carry adapter modules.
const CORE_INSTANCES_MAX: u32 = 24;

/// Slots of the pool that an instance of a component with so many memories and tables takes, or of one
/// that does not tell.
pub(crate) fn slots(needs: Option<(u32, u32)>) -> u32 {
    needs.map_or(SLOTS_MAX, |(memories, tables)| memories.max(tables.div_ceil(SLOT_TABLES)).max(1))
}

/// The engine could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly engine cannot start: {0}")]
pub struct EngineError(String);

/// The WebAssembly engine of this process.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: wasmtime::Engine,
    pub(crate) clock: Clock,
    pub(crate) pool: Arc<Pool>,
    ticker: Arc<Ticker>,
}

impl Engine {
    /// The engine that runs calls, with the largest instance pool that this machine can map.
    ///
    /// # Errors
    /// No pool fits into the address space, or the ticker thread cannot start.
    pub fn new(clock: Clock) -> Result<Engine, EngineError> {
        let mut last = EngineError("no pool was tried".into());
        for instances in POOL_SIZES {
            match Engine::with_pool(instances, clock.clone()) {
                Ok(engine) => return Ok(engine),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// An engine with a pool of so many instances.
    ///
    /// # Errors
    /// The pool does not fit into the address space, or the ticker thread cannot start.
    pub fn with_pool(instances: u32, clock: Clock) -> Result<Engine, EngineError> {
        let mut config = config();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(instances)));
        let inner = wasmtime::Engine::new(&config);
        let inner = inner.map_err(|error| EngineError(format!("{error:#}")))?;
        let engine = inner.weak();
        let beat = move || engine.upgrade().map(|engine| engine.increment_epoch()).is_some();
        let ticker = Ticker::start(TICK, beat);
        let ticker = ticker.map_err(|e| EngineError(format!("no ticker thread: {e}")))?;
        Ok(Engine { inner, clock, pool: Pool::new(instances), ticker })
    }

    /// To be held while a guest runs: running guests are interrupted as long as somebody holds one.
    pub(crate) fn ticking(&self) -> Ticking {
        self.ticker.tick()
    }

    /// How many instances can live at once, if each has one memory.
    pub fn instances(&self) -> u32 {
        self.pool.slots()
    }

    /// Throws away instances, of all shops, that have idled since before `then`.
    pub fn reclaim(&self, then: Instant) {
        self.pool.reclaim(then);
    }

    /// A name for what this engine compiles to: version, target, flags. Machine code of another name
    /// is never loaded.
    pub fn hash(&self) -> String {
        engine_hash(&self.inner)
    }
}

pub(crate) fn engine_hash(engine: &wasmtime::Engine) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The settings that machine code depends on: the same for the compiler and for the engine that runs.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .wasm_simd(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(CALL_STACK_BYTES)
        .memory_reservation(4 << 30)
        .memory_guard_size(32 << 20)
        .memory_may_move(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}

fn pool(instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        // No memory is set aside for these, so that there are enough for any instance.
        .total_core_instances(instances * CORE_INSTANCES_MAX)
        .total_memories(instances)
        .total_tables(instances * SLOT_TABLES)
        .total_stacks(instances)
        // A JavaScript component without WASI has three: two of them belong to stubs and stay empty.
        .max_memories_per_component(SLOTS_MAX)
        .max_tables_per_component(SLOTS_MAX * SLOT_TABLES)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memory_size((Limits::CEILING.memory_mib as usize) << 20)
        .table_elements(TABLE_ELEMENTS_MAX)
        // What a small guest touches stays mapped, so that the next call has no page faults.
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto)
        .decommit_batch_size(16)
        .max_unused_warm_slots(200);
    pool
}

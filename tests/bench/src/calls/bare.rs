//! The same call with the bare engine: typed, and with nothing around it but the same settings.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::anyhow;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, TypedFunc};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store,
    WasmBacktraceDetails,
};

use super::line::{Line, lines};
use super::{DRIVER, Shape, WORK};
use crate::measure::{Contestant, Run};

/// Ticks until a guest would be interrupted: nothing ticks here, so never.
const NEVER: u64 = u64::MAX / 2;

/// The settings of the host's engine.
fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .max_wasm_stack(512 << 10)
        .async_stack_size((512 << 10) + (1 << 20))
        .memory_reservation(4 << 30)
        .memory_guard_size(32 << 20)
        .memory_may_move(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    let mut pool = PoolingAllocationConfig::new();
    let instances = 1_000;
    pool.total_component_instances(instances)
        .total_core_instances(instances * 4)
        .total_memories(instances)
        .total_tables(instances * 2)
        .total_stacks(instances)
        .max_memories_per_component(2)
        .max_tables_per_component(8)
        .max_core_instances_per_component(24)
        .max_memory_size(64 << 20)
        .table_elements(20_000)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto)
        .decommit_batch_size(16)
        .max_unused_warm_slots(200);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// Who calls the callee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The other component, as between two plugins: values go through both components' memories.
    Component,
    /// The host.
    Host,
}

/// The callee, with an instance that is kept.
struct Callee {
    engine: Engine,
    pre: InstancePre<()>,
    nop: ComponentExportIndex,
    echo: ComponentExportIndex,
    kept: Mutex<Option<Kept>>,
}

/// An instance with its functions looked up.
struct Kept {
    store: Store<()>,
    nop: TypedFunc<(), ()>,
    echo: TypedFunc<(Vec<Line>,), (Vec<Line>,)>,
}

impl Callee {
    async fn start(&self) -> Result<(Store<()>, wasmtime::component::Instance)> {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(NEVER);
        let instance = self.pre.instantiate_async(&mut store).await?;
        Ok((store, instance))
    }

    async fn kept(&self) -> Result<Kept> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let (mut store, instance) = self.start().await?;
        let nop = instance.get_typed_func(&mut store, self.nop)?;
        let echo = instance.get_typed_func(&mut store, self.echo)?;
        Ok(Kept { store, nop, echo })
    }

    fn keep(&self, kept: Kept) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }

    async fn nop(&self, reused: bool) -> Result<()> {
        if reused {
            let mut kept = self.kept().await?;
            kept.nop.call_async(&mut kept.store, ()).await?;
            self.keep(kept);
            return Ok(());
        }
        let (mut store, instance) = self.start().await?;
        let nop = instance.get_typed_func::<(), ()>(&mut store, self.nop)?;
        nop.call_async(&mut store, ()).await
    }

    async fn echo(&self, lines: Vec<Line>, reused: bool) -> Result<(Vec<Line>,)> {
        if reused {
            let mut kept = self.kept().await?;
            let lines = kept.echo.call_async(&mut kept.store, (lines,)).await?;
            self.keep(kept);
            return Ok(lines);
        }
        let (mut store, instance) = self.start().await?;
        let echo = instance.get_typed_func::<(Vec<Line>,), (Vec<Line>,)>(&mut store, self.echo)?;
        echo.call_async(&mut store, (lines,)).await
    }
}

/// A caller linked to the callee, and the callee itself.
pub struct Components {
    callee: Arc<Callee>,
    fresh: Arc<Caller>,
    reused: Arc<Caller>,
}

struct Caller {
    engine: Engine,
    pre: InstancePre<()>,
    nops: ComponentExportIndex,
    echoes: ComponentExportIndex,
}

impl Components {
    /// Compiles and links them.
    pub fn load(caller: &[u8], callee: &[u8]) -> anyhow::Result<Components> {
        Components::try_load(caller, callee).map_err(told)
    }

    fn try_load(caller: &[u8], callee: &[u8]) -> Result<Components> {
        let engine = engine()?;
        let component = Component::new(&engine, callee)?;
        let pre = Linker::new(&engine).instantiate_pre(&component)?;
        let nop = function(&component, WORK, "nop")?;
        let echo = function(&component, WORK, "echo")?;
        let callee =
            Arc::new(Callee { engine: engine.clone(), pre, nop, echo, kept: Mutex::default() });
        let component = Component::new(&engine, caller)?;
        let caller = |reused| -> Result<Arc<Caller>> {
            let pre = linker(&engine, &callee, reused)?.instantiate_pre(&component)?;
            let nops = function(&component, DRIVER, "nops")?;
            let echoes = function(&component, DRIVER, "echoes")?;
            Ok(Arc::new(Caller { engine: engine.clone(), pre, nops, echoes }))
        };
        Ok(Components { callee: callee.clone(), fresh: caller(false)?, reused: caller(true)? })
    }

    /// A call of this shape.
    pub fn contestant(&self, shape: Shape, by: By, reused: bool) -> Calls {
        let caller = if reused { &self.reused } else { &self.fresh };
        Calls { callee: self.callee.clone(), caller: caller.clone(), shape, by, reused }
    }
}

fn linker(engine: &Engine, callee: &Arc<Callee>, reused: bool) -> Result<Linker<()>> {
    let mut linker = Linker::new(engine);
    let mut work = linker.instance(WORK)?;
    let to = callee.clone();
    work.func_wrap_async("nop", move |_, (): ()| {
        let to = to.clone();
        Box::new(async move { to.nop(reused).await })
    })?;
    let to = callee.clone();
    work.func_wrap_async("echo", move |_, (lines,): (Vec<Line>,)| {
        let to = to.clone();
        Box::new(async move { to.echo(lines, reused).await })
    })?;
    Ok(linker)
}

fn function(component: &Component, interface: &str, name: &str) -> Result<ComponentExportIndex> {
    let interface = component.get_export_index(None, interface);
    let index = interface.and_then(|i| component.get_export_index(Some(&i), name));
    index.ok_or_else(|| wasmtime::Error::msg(format!("the component does not export {name}")))
}

fn came_back_is(lines: u64, expected: u64) -> Result<()> {
    match lines == expected {
        true => Ok(()),
        false => Err(wasmtime::Error::msg(format!("{lines} lines came back, not {expected}"))),
    }
}

fn told(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

/// Calls of one shape.
pub struct Calls {
    callee: Arc<Callee>,
    caller: Arc<Caller>,
    shape: Shape,
    by: By,
    reused: bool,
}

impl Calls {
    async fn by_component(&self, times: u32) -> Result<()> {
        let mut store = Store::new(&self.caller.engine, ());
        store.set_epoch_deadline(NEVER);
        let instance = self.caller.pre.instantiate_async(&mut store).await?;
        let Shape::Lines(length) = self.shape else {
            let nops = instance.get_typed_func::<(u32,), ()>(&mut store, self.caller.nops)?;
            return nops.call_async(&mut store, (times,)).await;
        };
        let echoes =
            instance.get_typed_func::<(u32, u32), (u64,)>(&mut store, self.caller.echoes)?;
        let (came_back,) = echoes.call_async(&mut store, (times, length)).await?;
        came_back_is(came_back, u64::from(times) * u64::from(length))
    }

    async fn by_host(&self, times: u32) -> Result<()> {
        let Shape::Lines(length) = self.shape else {
            for _ in 0..times {
                self.callee.nop(self.reused).await?;
            }
            return Ok(());
        };
        let mut lines = lines(length);
        for _ in 0..times {
            (lines,) = self.callee.echo(lines, self.reused).await?;
        }
        came_back_is(lines.len() as u64, length.into())
    }
}

impl Contestant for Calls {
    fn name(&self) -> &'static str {
        "a call with the bare engine"
    }

    fn run(&self, times: u32) -> Run<'_> {
        Box::pin(async move {
            let outcome = match self.by {
                By::Component => self.by_component(times).await,
                By::Host => self.by_host(times).await,
            };
            outcome.map_err(told)
        })
    }
}

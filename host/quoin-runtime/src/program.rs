//! Programs: compiled bundles, linked and ready for any tenant.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use quoin_core::{Description, Function};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::engine::{Engine, config, engine_hash, slots};
use crate::link;
use crate::state::State;

/// A bundle that cannot be compiled or loaded.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The compiler refused it.
    #[error("the component cannot be compiled: {0}")]
    Compile(String),
    /// The machine code is not for this engine, or is damaged: compile it again.
    #[error("the machine code cannot be loaded: {0}")]
    Load(String),
    /// An import cannot be satisfied.
    #[error("the component cannot be linked: {0}")]
    Link(String),
    /// It needs more memories, tables or instances than the pool gives a component.
    #[error("the component does not fit into the instance pool: {0}")]
    TooLarge(String),
}

/// Compiles a component to machine code, and names the engine that can load it. Runs in a child
/// process with limits: compile time and memory follow from the input.
///
/// # Errors
/// The compiler refuses the component.
pub fn compile(component: &[u8]) -> Result<(Vec<u8>, String), ProgramError> {
    let compile = |e: wasmtime::Error| ProgramError::Compile(format!("{e:#}"));
    let engine = wasmtime::Engine::new(&config()).map_err(compile)?;
    let code = engine.precompile_component(component).map_err(compile)?;
    Ok((code, engine_hash(&engine)))
}

/// A compiled and linked bundle.
pub struct Program {
    /// What the bundle is.
    pub description: Arc<Description>,
    pub(crate) engine: Engine,
    pub(crate) pre: InstancePre<State>,
    pub(crate) uses_wasi: bool,
    /// Slots of the engine's pool that an instance takes.
    pub(crate) slots: u32,
    exports: HashMap<String, HashMap<String, Arc<Export>>>,
}

/// An exported function.
pub(crate) struct Export {
    pub index: ComponentExportIndex,
    pub function: Arc<Function>,
    /// `interface#function`, for logs.
    pub label: Arc<str>,
    /// Declared to only read.
    pub reads: bool,
}

impl Program {
    /// Loads machine code that [`compile`] made in this host, and links it.
    ///
    /// # Errors
    /// The file is not machine code of this engine, or the component does not fit the host.
    pub fn load(
        engine: &Engine,
        code: &Path,
        description: Arc<Description>,
    ) -> Result<Program, ProgramError> {
        let load = |e: wasmtime::Error| ProgramError::Load(format!("{e:#}"));
        #[allow(
            unsafe_code,
            reason = "wasmtime trusts machine code. The file was written by this host's compile \
                      child into a directory that only the host can write, named by content and \
                      engine; uploads are never loaded."
        )]
        let component =
            unsafe { Component::deserialize_file(&engine.inner, code) }.map_err(load)?;
        component.initialize_copy_on_write_image().map_err(load)?;
        let linker =
            link::linker(engine, &description).map_err(|e| ProgramError::Link(format!("{e:#}")))?;
        let pre =
            linker.instantiate_pre(&component).map_err(|e| ProgramError::Link(format!("{e:#}")))?;
        let mut exports: HashMap<String, HashMap<String, Arc<Export>>> = HashMap::new();
        for interface in &description.exports {
            let parent = component.get_export_index(None, &interface.name);
            let parent = parent.ok_or_else(|| missing(&interface.name))?;
            let functions = exports.entry(interface.name.clone()).or_default();
            for function in &interface.functions {
                let index = component.get_export_index(Some(&parent), &function.name);
                let index = index.ok_or_else(|| missing(&function.name))?;
                let label = format!("{}#{}", interface.name, function.name).into();
                let reads = description.manifest.is_read(&interface.name, &function.name);
                let shared = Arc::new(function.clone());
                let export = Export { index, function: shared, label, reads };
                functions.insert(function.name.clone(), Arc::new(export));
            }
        }
        let needs = component.resources_required();
        let slots = slots(needs.map(|needs| (needs.num_memories, needs.num_tables)));
        let uses_wasi = description.imports.iter().any(|i| i.name.starts_with("wasi:"));
        Ok(Program { description, engine: engine.clone(), pre, uses_wasi, slots, exports })
    }

    pub(crate) fn export(&self, interface: &str, function: &str) -> Option<&Arc<Export>> {
        self.exports.get(interface)?.get(function)
    }

    /// The types of an exported function, which all shops share that run this program.
    pub fn function(&self, interface: &str, function: &str) -> Option<&Arc<Function>> {
        self.export(interface, function).map(|e| &e.function)
    }
}

fn missing(name: &str) -> ProgramError {
    ProgramError::Load(format!("the machine code has no export {name}"))
}

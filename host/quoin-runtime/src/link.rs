//! Linking: host interfaces, inert WASI, and every other import through a shim that asks the running
//! call who serves it.

use std::sync::Arc;

use quoin_core::Description;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use crate::Value;
use crate::engine::Engine;
use crate::interfaces;
use crate::running::Import;
use crate::state::State;

/// A linker for this component. It holds no tenant and no provider: those come with each call.
pub(crate) fn linker(
    engine: &Engine,
    description: &Description,
) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(&engine.inner);
    interfaces::add_to_linker(&mut linker)?;
    if description.imports.iter().any(|i| i.name.starts_with("wasi:")) {
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    }
    for need in &description.manifest.needs {
        let Some(import) = description.import(need.interface.as_str()) else { continue };
        let mut instance = linker.instance(&import.name)?;
        for function in &import.functions {
            let name = &function.name;
            let import = Import { interface: import.name.clone(), function: function.clone() };
            let import = Arc::new(import);
            instance.func_new_async(name, move |context, _, params, results| {
                Box::new(shim(context, import.clone(), params, results))
            })?;
        }
    }
    Ok(linker)
}

async fn shim(
    mut context: StoreContextMut<'_, State>,
    import: Arc<Import>,
    params: &[Value],
    results: &mut [Value],
) -> wasmtime::Result<()> {
    let caller = context.data_mut().calling()?;
    let links = caller.links.clone();
    let outcome = links.call(caller, &import, params).await?;
    if let (Some(slot), Some(value)) = (results.first_mut(), outcome) {
        *slot = value;
    }
    Ok(())
}

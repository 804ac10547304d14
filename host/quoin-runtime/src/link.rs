//! Linking: host interfaces, inert WASI, and every other import through a shim that finds its
//! provider when it is called.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quoin_core::manifest::OnFailure;
use quoin_core::{Description, Function};
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use crate::Value;
use crate::call::{error_case, run};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::interfaces;
use crate::log::Level;
use crate::node::{Binding, Provider};
use crate::state::{Running, State};

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

/// An imported function.
struct Import {
    interface: String,
    function: Function,
}

async fn shim(
    mut context: StoreContextMut<'_, State>,
    import: Arc<Import>,
    params: &[Value],
    results: &mut [Value],
) -> wasmtime::Result<()> {
    let caller = context.data_mut().calling()?;
    let Import { interface, function } = &*import;
    let node = caller.node.clone();
    let outcome = match node.bindings.get(interface) {
        Some(Binding::One(provider)) => one(caller, provider, function, params).await,
        Some(Binding::Keyed(providers)) => keyed(caller, providers, function, params).await,
        Some(Binding::All { providers, deadline, on_failure }) => {
            // Boxed, so that calls of one provider do not carry the room for this.
            Box::pin(all(caller, providers, *deadline, *on_failure, function, params)).await
        }
        None => Err(wasmtime::Error::msg(format!("{interface} is not bound"))),
    }?;
    if let (Some(slot), Some(value)) = (results.first_mut(), outcome) {
        *slot = value;
    }
    Ok(())
}

/// A call of the caller's, on another plugin.
fn child(
    caller: &mut Running,
    provider: &Provider,
    function: &Function,
    deadline: Option<Duration>,
) -> wasmtime::Result<Box<Running>> {
    let generation = &provider.node.generation;
    let Some(export) = generation.program.export(&provider.interface, &function.name) else {
        let none = format!("{} has no {}", generation.installation, function.name);
        return Err(wasmtime::Error::msg(none));
    };
    caller.children += 1;
    let now = Instant::now();
    let mut until = caller.deadline.min(generation.deadline_from(now));
    if let Some(deadline) = deadline {
        until = until.min(now + deadline);
    }
    Ok(Running::new(
        provider.node.clone(),
        export.clone(),
        caller.origin.clone(),
        format!("{}.{}", caller.id, caller.children),
        Some(caller.node.clone()),
        caller.depth + 1,
        until,
    ))
}

/// What a caller sees of its callee's outcome: a failure becomes the `unavailable` case of the
/// function's error, where it has one; where it has none, or the caller itself is out of time, the
/// caller fails with it.
fn answered(
    answer: Result<Option<Value>, Failure>,
    function: &Function,
    caller: &Running,
) -> wasmtime::Result<Option<Value>> {
    let failure = match answer {
        Ok(value) => return Ok(value),
        Err(failure) => failure,
    };
    if Instant::now() >= caller.deadline {
        return Err(wasmtime::Error::new(failure));
    }
    match error_case(function.result.as_ref(), "unavailable", failure.code()) {
        Some(value) => Ok(Some(value)),
        None => Err(wasmtime::Error::new(failure)),
    }
}

async fn one(
    caller: &mut Running,
    provider: &Provider,
    function: &Function,
    params: &[Value],
) -> wasmtime::Result<Option<Value>> {
    let running = child(caller, provider, function, None)?;
    let answer = run(running, params).await;
    answered(answer, function, caller)
}

async fn keyed(
    caller: &mut Running,
    providers: &std::collections::BTreeMap<String, Provider>,
    function: &Function,
    params: &[Value],
) -> wasmtime::Result<Option<Value>> {
    let Some(Value::String(key)) = params.first() else {
        return Err(wasmtime::Error::msg("the first parameter of a keyed call is not a string"));
    };
    let Some(provider) = providers.get(key) else {
        let result = function.result.as_ref();
        let none = "no provider for this key";
        return match error_case(result, "not-found", none)
            .or_else(|| error_case(result, "unavailable", none))
        {
            Some(value) => Ok(Some(value)),
            None => Err(wasmtime::Error::msg(none)),
        };
    };
    one(caller, provider, function, params).await
}

async fn all(
    caller: &mut Running,
    providers: &[Provider],
    deadline: Duration,
    on_failure: OnFailure,
    function: &Function,
    params: &[Value],
) -> wasmtime::Result<Option<Value>> {
    let mut joined = Vec::new();
    for provider in providers {
        let running = child(caller, provider, function, Some(deadline))?;
        let answer = run(running, params).await;
        let value = match (answer, on_failure) {
            (Ok(Some(Value::Result(Ok(Some(list))))), _) => *list,
            (Ok(other), OnFailure::Fail) => return Ok(other),
            (Err(failure), OnFailure::Fail) => return answered(Err(failure), function, caller),
            (Ok(_) | Err(_), OnFailure::Skip) => {
                let generation = &caller.node.generation;
                let text = format!(
                    "{} was left out of {}",
                    provider.node.generation.installation, function.name
                );
                caller.origin.log(generation, Level::Warn, &text);
                continue;
            }
        };
        if let Value::List(mut items) = value {
            joined.append(&mut items);
        }
    }
    Ok(Some(Value::Result(Ok(Some(Box::new(Value::List(joined)))))))
}

//! Calls between plugins: who serves an import, and what its caller sees of the outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quoin_core::Type;
use quoin_core::limits::CROSSING_BYTES_MAX;
use quoin_core::manifest::OnFailure;
use quoin_storage::Database;

use crate::Value;
use crate::call::run;
use crate::failure::{Failure, FailureKind, Outcome};
use crate::later;
use crate::log::Level;
use crate::node::{Binding, Node, Provider};
use crate::running::{Answering, Import, Links, Running};

impl Links for Node {
    fn database(&self) -> Option<Arc<Database>> {
        self.bindings.values().find_map(|binding| match binding {
            Binding::Later { database, .. } => database.clone(),
            _ => None,
        })
    }

    fn call<'a>(
        &'a self,
        caller: &'a mut Running,
        import: &'a Import,
        params: &'a [Value],
    ) -> Answering<'a> {
        Box::pin(async move {
            match self.bindings.get(&import.interface) {
                Some(Binding::One(provider)) => one(caller, provider, import, params).await,
                Some(Binding::Keyed(providers)) => keyed(caller, providers, import, params).await,
                Some(Binding::All { providers, deadline, on_failure }) => {
                    // Boxed, so that calls of one provider do not carry the room for this.
                    Box::pin(all(caller, providers, *deadline, *on_failure, import, params)).await
                }
                Some(Binding::Later { database, subscribers, feeds }) => {
                    let database = database.as_ref();
                    let who = (subscribers.as_slice(), feeds.as_slice());
                    let recorded = later::record(caller, database, who, import, params);
                    match Box::pin(recorded).await {
                        Ok(()) => Ok(later::at_once(import.function.result.as_ref())),
                        // Nobody may go on as if it had been asked for.
                        Err(failure) => Err(wasmtime::Error::new(failure)),
                    }
                }
                None => Err(wasmtime::Error::msg(format!("{} is not bound", import.interface))),
            }
        })
    }
}

/// Calls the function of a provider for the caller.
async fn provided(
    caller: &mut Running,
    provider: &Provider,
    import: &Import,
    params: &[Value],
    time: Option<Duration>,
) -> wasmtime::Result<Outcome> {
    let generation = &provider.node.generation;
    let installed = &generation.installed;
    let name = &import.function.name;
    let Some(export) = generation.program.export(&provider.interface, name) else {
        return Err(wasmtime::Error::msg(format!("{} has no {name}", installed.name)));
    };
    if !caller.writes && !export.reads {
        let failure = Failure::new(&installed.name, &export.label, FailureKind::Writes);
        return Err(wasmtime::Error::new(failure));
    }
    if installed.database.is_some() {
        // The turn is waited for on the caller's time, not on the callee's.
        let begun = caller.tree.transaction(installed.database.as_ref(), caller.deadline).await;
        begun.map(drop).map_err(|error| wasmtime::Error::new(caller.storage_failure(&error)))?;
    }
    caller.children += 1;
    let now = caller.tree.clock.instant();
    let mut deadline = caller.deadline.min(now + installed.deadline());
    if let Some(time) = time {
        deadline = deadline.min(now + time);
    }
    let running = Box::new(Running {
        installed: installed.clone(),
        function: export.label.clone(),
        tree: caller.tree.clone(),
        links: provider.node.clone(),
        id: format!("{}.{}", caller.id, caller.children),
        caller: Some(caller.installed.clone()),
        depth: caller.depth + 1,
        deadline,
        writes: caller.writes && !export.reads,
        children: 0,
        plugin: generation.plugin.clone(),
        host_calls: 0,
        next_later: None,
    });
    Ok(run(&provider.node, export, running, params).await)
}

/// What a caller sees of its callee's outcome: a failure becomes the `unavailable` case of the
/// function's error, where it has one; where it has none, or the caller itself is out of time, the
/// caller fails with it.
fn answered(answer: Outcome, import: &Import, caller: &Running) -> wasmtime::Result<Option<Value>> {
    let failure = match answer {
        Ok(value) => return Ok(value),
        Err(failure) => failure,
    };
    if caller.tree.clock.instant() >= caller.deadline {
        return Err(wasmtime::Error::new(failure));
    }
    match error_case(import.function.result.as_ref(), "unavailable", failure.code()) {
        Some(value) => Ok(Some(value)),
        None => Err(wasmtime::Error::new(failure)),
    }
}

async fn one(
    caller: &mut Running,
    provider: &Provider,
    import: &Import,
    params: &[Value],
) -> wasmtime::Result<Option<Value>> {
    let answer = provided(caller, provider, import, params, None).await?;
    answered(answer, import, caller)
}

async fn keyed(
    caller: &mut Running,
    providers: &BTreeMap<String, Provider>,
    import: &Import,
    params: &[Value],
) -> wasmtime::Result<Option<Value>> {
    let Some(Value::String(key)) = params.first() else {
        return Err(wasmtime::Error::msg("the first parameter of a keyed call is not a string"));
    };
    let Some(provider) = providers.get(key) else {
        let result = import.function.result.as_ref();
        let none = "no provider for this key";
        return match error_case(result, "not-found", none)
            .or_else(|| error_case(result, "unavailable", none))
        {
            Some(value) => Ok(Some(value)),
            None => Err(wasmtime::Error::msg(none)),
        };
    };
    one(caller, provider, import, params).await
}

async fn all(
    caller: &mut Running,
    providers: &[Provider],
    time: Duration,
    on_failure: OnFailure,
    import: &Import,
    params: &[Value],
) -> wasmtime::Result<Option<Value>> {
    let (mut joined, mut bytes) = (Vec::new(), 0);
    for provider in providers {
        let answer = provided(caller, provider, import, params, Some(time)).await?;
        let value = match (answer, on_failure) {
            (Ok(Some(Value::Result(Ok(Some(list))))), _) => *list,
            (Ok(other), OnFailure::Fail) => return Ok(other),
            (Err(failure), OnFailure::Fail) => return answered(Err(failure), import, caller),
            (Ok(_) | Err(_), OnFailure::Skip) => {
                let left_out = &provider.node.generation.installed.name;
                let text = format!("{left_out} was left out of {}", import.function.name);
                caller.tree.log(&caller.installed, Level::Warn, &text);
                continue;
            }
        };
        if let Value::List(mut items) = value {
            bytes += items.iter().map(size).sum::<usize>();
            if bytes > CROSSING_BYTES_MAX {
                let limit = format!("more than {CROSSING_BYTES_MAX} bytes of all together");
                return Err(wasmtime::Error::new(caller.failure(FailureKind::Limit(limit))));
            }
            joined.append(&mut items);
        }
    }
    Ok(Some(Value::Result(Ok(Some(Box::new(Value::List(joined)))))))
}

/// Bytes that a value takes in the host.
fn size(value: &Value) -> usize {
    let option = |inner: &Option<Box<Value>>| inner.as_deref().map_or(0, size);
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::List(items) | Value::Tuple(items) => items.iter().map(size).sum(),
            Value::Record(fields) => {
                fields.iter().map(|(name, value)| name.len() + size(value)).sum()
            }
            Value::Variant(case, inner) => case.len() + option(inner),
            Value::Option(inner) | Value::Result(Ok(inner) | Err(inner)) => option(inner),
            Value::Enum(case) => case.len(),
            Value::Flags(flags) => flags.iter().map(String::len).sum(),
            _ => 0,
        }
}

/// The error that stands for a failed callee, if the function's result type has a place for it: the
/// case `name` of its error variant, with a string or nothing as its value.
fn error_case(result: Option<&Type>, name: &str, text: &str) -> Option<Value> {
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

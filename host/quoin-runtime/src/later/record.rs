//! Later calls are recorded with the transaction of the request that makes them.

use std::sync::Arc;

use quoin_core::limits::{LATER_DEPTH_MAX, LATER_PARAMS_BYTES_MAX};
use quoin_core::types::lower_camel;
use quoin_core::{Name, Type};
use quoin_storage::{Asked, Database, SqlError};
use serde_json::{Map, Value as Json};

use super::feed::{self, Feed};
use crate::Value;
use crate::failure::{Failure, FailureKind};
use crate::json;
use crate::running::{Import, Running};
use crate::tree::Origin;

/// A plugin that is called later. Which node it has then, nobody knows yet.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// The installation.
    pub plugin: Name,
    /// The interface that it exports, with version.
    pub interface: Arc<str>,
}

/// Records a call of a function that is bound `later`: once for each plugin that exports it, and once for
/// each that hears of it.
pub(crate) async fn record(
    caller: &mut Running,
    database: Option<&Arc<Database>>,
    (subscribers, feeds): (&[Subscriber], &[Feed]),
    import: &Import,
    params: &[Value],
) -> Result<(), Failure> {
    let next = caller.next_later.take().map(|next| *next).unwrap_or_default();
    let label = format!("{}#{}", import.interface, import.function.name);
    if !caller.writes {
        return Err(Failure::new(&caller.installed.name, label, FailureKind::Writes));
    }
    let params = written(caller, import, params)?;
    let tree = caller.tree.clone();
    let mut open = tree
        .transaction(database, caller.deadline)
        .await
        .map_err(|error| caller.storage_failure(&error))?;
    let Some(transaction) = open.as_mut() else {
        let none = "the shop has no database for later calls".to_owned();
        return Err(caller.failure(FailureKind::Host(none)));
    };
    let (now, asker) = (tree.now_ms(), caller.installed.name.as_str());
    let (request, origin) = (&tree.request, tree.request.origin.as_deref());
    let goes_on = |to: Option<&Name>| {
        let again = |origin: &Origin| {
            let own = origin.plugin == asker && to.is_none_or(|to| to.as_str() == asker);
            next.key.is_some() && own && origin.function == import.function.name
        };
        origin.is_some_and(again)
    };
    let call = Asked {
        plugin: asker,
        interface: &import.interface,
        function: &import.function.name,
        params: &params,
        due: next.due.unwrap_or(now),
        key: next.key.as_deref(),
        order: next.order.as_deref(),
        asker,
        behalf: &request.principal.told(),
        trace: &request.trace,
        cause: origin.map(|origin| origin.number),
        depth: 0,
        asked: now,
    };
    let mut ask = |asked: Asked<'_>, goes_on: bool| {
        let depth = origin.map_or(1, |o| if goes_on { o.depth } else { o.depth + 1 });
        if depth > LATER_DEPTH_MAX {
            let limit = format!(
                "more than {LATER_DEPTH_MAX} later calls that led to each other, the last to {label}: \
                 does it lead to itself?"
            );
            return Err(caller.failure(FailureKind::Limit(limit)));
        }
        let asked = Asked { depth, ..asked };
        transaction.ask_later(caller.depth, &asked).map_err(|error| refused(caller, error))
    };
    for Subscriber { plugin, .. } in subscribers {
        ask(Asked { plugin: plugin.as_str(), ..call.clone() }, goes_on(Some(plugin)))?;
    }
    let mut hear = feeds.iter().filter(|feed| feed.hears(call.interface, call.function)).peekable();
    if hear.peek().is_none() {
        return Ok(());
    }
    let event = feed::event(&call).map_err(|why| caller.failure(FailureKind::Host(why)))?;
    for to in hear {
        ask(feed::delivery(&call, to, &event), goes_on(None))?;
    }
    Ok(())
}

/// Takes back what the running plugin asked for under this key.
pub(crate) async fn cancel(caller: &mut Running, key: &str) -> wasmtime::Result<bool> {
    if !caller.writes {
        return Err(wasmtime::Error::new(caller.failure(FailureKind::Writes)));
    }
    let tree = caller.tree.clone();
    let database = caller.links.database();
    let mut open = tree
        .transaction(database.as_ref(), caller.deadline)
        .await
        .map_err(|error| wasmtime::Error::new(caller.storage_failure(&error)))?;
    // A plugin without later calls has none outstanding.
    let Some(transaction) = open.as_mut() else { return Ok(false) };
    let runs = tree.request.origin.as_deref().map(|origin| origin.number);
    let gone = transaction.cancel_later(caller.depth, (caller.installed.name.as_str(), key), runs);
    gone.map_err(|error| wasmtime::Error::new(refused(caller, error)))
}

fn refused(caller: &Running, error: SqlError) -> Failure {
    caller.failure(match error {
        SqlError::TooLarge(limit) => FailureKind::Limit(limit),
        SqlError::Full => {
            caller.tree.meets_full();
            FailureKind::Full("there is no room for a later call".into())
        }
        SqlError::Timeout => FailureKind::Timeout,
        error => FailureKind::Host(error.to_string()),
    })
}

/// The parameters as JSON, by their names: a later generation reads them by its own types.
fn written(caller: &Running, import: &Import, params: &[Value]) -> Result<String, Failure> {
    let mut object = Map::new();
    for (field, value) in import.function.params.iter().zip(params) {
        json::check(value).map_err(|why| caller.failure(FailureKind::Inexpressible(why)))?;
        let json = json::shown(value, &field.ty).json();
        object.insert(lower_camel(&field.name), json);
    }
    let text = Json::Object(object).to_string();
    if text.len() > LATER_PARAMS_BYTES_MAX {
        let limit = format!(
            "more than {LATER_PARAMS_BYTES_MAX} bytes of parameters for a later call: keep them in a \
             table, and pass their id"
        );
        return Err(caller.failure(FailureKind::Limit(limit)));
    }
    Ok(text)
}

/// What the caller of a function that is bound `later` gets at once.
pub(crate) fn at_once(result: Option<&Type>) -> Option<Value> {
    result.map(|_| Value::Result(Ok(None)))
}

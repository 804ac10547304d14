//! The later calls of a tenant: which are outstanding and why, and what an operator does with them.

use std::sync::Arc;

use quoin_core::Name;
use quoin_core::later::{LaterCall, LaterFilter};
use quoin_core::limits::LATER_PAGE_MAX;
use quoin_supervisor::Supervisor;
use serde_json::{Value, json};

use crate::answer::{Answer, ok};
use crate::query::Query;
use crate::tenants::find;

pub(crate) async fn list(host: &Arc<Supervisor>, tenant: &Name, query: &Query) -> Answer {
    find(host, tenant)?;
    let limit = query.limit(LATER_PAGE_MAX as usize)?;
    let filter = LaterFilter {
        plugin: query.text("plugin").map(str::to_owned),
        trace: query.text("request").map(str::to_owned),
        parked: query.text("parked").map(|_| query.switch("parked")).transpose()?,
        after: query.number("after")?.unwrap_or(0),
        limit: u32::try_from(limit).ok(),
    };
    let calls = host.later_calls(tenant, &filter).await?;
    let counts = host.later_counts(tenant).await?;
    let mut done = host.done_later(tenant, filter.trace.as_deref())?;
    done.retain(|done| filter.plugin.as_ref().is_none_or(|plugin| *plugin == done.call.plugin));
    let done = done.iter().map(|done| {
        let mut shown = shown(&done.call);
        shown["state"] = "done".into();
        shown["done-ms"] = done.done.into();
        shown
    });
    ok(&json!({
        "waiting": counts.waiting,
        "parked": counts.parked,
        "oldest-due-ms": counts.oldest_due,
        "calls": calls.iter().map(shown).collect::<Vec<_>>(),
        "done": done.collect::<Vec<_>>(),
    }))
}

pub(crate) async fn show(host: &Arc<Supervisor>, tenant: &Name, number: u64) -> Answer {
    let call = host.later_call(tenant, number).await?;
    let mut shown = shown(&call);
    shown["params"] = serde_json::from_str(&call.params).unwrap_or(Value::Null);
    ok(&shown)
}

pub(crate) async fn run(host: &Arc<Supervisor>, tenant: &Name, number: u64) -> Answer {
    host.run_later(tenant, number).await?;
    ok(&json!({ "runs": number }))
}

pub(crate) async fn remove(host: &Arc<Supervisor>, tenant: &Name, number: u64) -> Answer {
    host.drop_later(tenant, number).await?;
    ok(&json!({ "dropped": number }))
}

fn shown(call: &LaterCall) -> Value {
    json!({
        "number": call.number,
        "state": if call.parked { "parked" } else { "waiting" },
        "plugin": call.plugin,
        "function": call.label(),
        "hears": call.heard(),
        "asker": call.asker,
        "behalf": call.behalf,
        "request": call.trace,
        "cause": call.cause,
        "depth": call.depth,
        "key": call.key,
        "order": call.order,
        "asked-ms": call.asked,
        "due-ms": call.due,
        "tries": call.tries,
        "error": call.error,
    })
}

//! A tenant's log: its newest lines, or all from now on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quoin_core::Name;
use quoin_core::limits::LOG_LINES_KEPT;
use quoin_runtime::Line;
use quoin_supervisor::{Supervisor, Tenant};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::Console;
use crate::answer::{Answer, lines, ok};
use crate::query::Query;
use crate::tenants::find;

/// Lines on their way to a client that reads slowly; the log itself holds those that come after.
const LINES_AHEAD: usize = 64;
/// How often a stream without new lines looks whether its tenant is still there.
const RECHECK: Duration = Duration::from_secs(5);

pub(crate) fn read(console: &Console, name: &Name, query: &Query) -> Answer {
    let tenant = find(&console.supervisor, name)?;
    let (after, limit) = (query.number("after")?.unwrap_or(0), query.limit(LOG_LINES_KEPT)?);
    if !query.switch("follow")? {
        let found = tenant.log.after(after, limit);
        return ok(&json!({ "lines": found.iter().map(told).collect::<Vec<_>>() }));
    }
    let place = console.followers.clone().try_acquire_owned();
    let place = place
        .map_err(|_| quoin_core::Problem::overload("Too many clients follow logs: end one."))?;
    let (to, from) = mpsc::channel(LINES_AHEAD);
    let (host, mut closing) = (console.supervisor.clone(), console.closing.subscribe());
    tokio::spawn(async move {
        tokio::select! {
            () = follow(&host, &tenant, after, limit, to) => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
        drop(place);
    });
    lines(from)
}

/// Sends lines until the client or the tenant is gone.
async fn follow(
    host: &Supervisor,
    tenant: &Arc<Tenant>,
    mut after: u64,
    limit: usize,
    to: mpsc::Sender<Bytes>,
) {
    // None of the old lines may be wanted, and yet the newest of them says where the new ones begin.
    let mut fresh = tenant.log.after(after, limit.max(1));
    after = fresh.last().map_or(after, |line| line.number);
    fresh.truncate(limit);
    loop {
        for line in &fresh {
            if to.send(format!("{}\n", told(line)).into()).await.is_err() {
                return;
            }
        }
        tokio::select! {
            () = tenant.log.wait(after) => {}
            () = to.closed() => return,
            () = tokio::time::sleep(RECHECK) => {}
        }
        if !host.tenant(tenant.name.as_str()).is_some_and(|now| Arc::ptr_eq(&now, tenant)) {
            return;
        }
        fresh = tenant.log.after(after, LOG_LINES_KEPT);
        after = fresh.last().map_or(after, |line| line.number);
    }
}

fn told(line: &Line) -> Value {
    json!({
        "number": line.number,
        "at-ms": line.at_ms,
        "level": line.level.as_str(),
        "plugin": line.plugin,
        "trace": line.trace,
        "message": line.message,
    })
}

//! The last requests of a tenant to other systems.

use quoin_core::Name;
use quoin_core::limits::HTTP_EXCHANGES_KEPT;
use quoin_supervisor::{Exchange, Supervisor};
use serde_json::{Value, json};

use crate::answer::{Answer, ok};
use crate::query::Query;
use crate::tenants::find;

pub(crate) fn list(host: &Supervisor, tenant: &Name, query: &Query) -> Answer {
    let limit = query.limit(HTTP_EXCHANGES_KEPT)?;
    let exchanges = find(host, tenant)?.outlet.exchanges(limit);
    ok(&json!({ "exchanges": exchanges.iter().map(row).collect::<Vec<_>>() }))
}

fn row(exchange: &Exchange) -> Value {
    let error = exchange.error.as_ref();
    json!({
        "number": exchange.number,
        "at-ms": exchange.at_ms,
        "plugin": exchange.plugin,
        "trace": exchange.trace,
        "method": exchange.method,
        "url": exchange.url,
        "status": exchange.status,
        "error": error.map(|(code, why)| json!({ "code": code, "message": why })),
        "duration-ms": exchange.duration_ms,
        "sent": exchange.sent,
        "received": exchange.received,
    })
}

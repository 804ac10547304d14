//! Tenants: what they run, what they were told to be, what they were before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quoin_core::Name;
use quoin_core::shop::StoredShop;
use quoin_runtime::{Binding, Node};
use quoin_supervisor::{Error, RevisionRow, RouteTable, Supervisor, Tenant, TenantSummary, Wiring};
use serde_json::{Value, json};

use crate::answer::{Answer, Refused, ok, parse, refusal};
use crate::blocking::blocking;
use crate::query::Query;

/// Revisions told at once: as many as the host keeps.
const REVISIONS_MAX: usize = 100;

/// How long a plugin's tables may take to be measured: a reader is free in microseconds, or the shop is
/// busy with more important things.
const MEASURING_MAX: Duration = Duration::from_millis(100);

pub(crate) fn find(host: &Supervisor, name: &Name) -> Result<Arc<Tenant>, Refused> {
    host.tenant(name.as_str()).ok_or_else(|| Error::NoTenant(name.clone()).into())
}

pub(crate) fn health(host: &Supervisor) -> Answer {
    let (first, running) = host.later_overview();
    ok(&json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "tenants": host.tenants().len(),
        "in-flight": host.in_flight(),
        // The age of the oldest later call that is due tells whether the host keeps up with them.
        "later": { "running": running, "first-due-ms": first },
    }))
}

/// A list wakes nobody: of a shop that has not been asked for since the host started, nobody knows of a
/// fault.
pub(crate) async fn list(host: &Arc<Supervisor>) -> Answer {
    let tenants = blocking(host, Supervisor::summaries).await??;
    let row = |tenant: &TenantSummary| {
        json!({
            "name": tenant.name,
            "revision": tenant.revision,
            "domains": tenant.domains,
            "plugins": tenant.plugins,
            "fault": host.tenant(tenant.name.as_str()).and_then(|tenant| tenant.fault()),
        })
    };
    ok(&json!({ "tenants": tenants.iter().map(row).collect::<Vec<_>>() }))
}

pub(crate) async fn show(host: &Supervisor, name: &Name) -> Answer {
    let tenant = find(host, name)?;
    let wiring = host.wiring(&tenant).await;
    let kept = kept(&wiring).await;
    let later = host.later_counts(name).await?;
    ok(&json!({
        "name": tenant.name,
        "revision": wiring.revision,
        "domains": wiring.shop.domains,
        "fault": wiring.fault,
        "draining": tenant.draining(),
        "later": {
            "waiting": later.waiting,
            "parked": later.parked,
            "oldest-due-ms": later.oldest_due,
        },
        "plugins": plugins(&wiring, &kept),
        "routes": routes(&wiring.routes),
    }))
}

/// What each plugin has of the shop's database: the time that its requests had the writer, since the
/// host runs, and the room that its tables take, if that can be told in time.
async fn kept(wiring: &Wiring) -> BTreeMap<Name, Value> {
    let database = wiring.nodes.values().find_map(|n| n.generation.installed.database.as_ref());
    let Some(database) = database else { return BTreeMap::new() };
    let mut kept = BTreeMap::new();
    for name in wiring.nodes.keys() {
        let held = database.held(name.as_str());
        let bytes = database.bytes_of(&name.as_str().into(), MEASURING_MAX).await.ok();
        kept.insert(
            name.clone(),
            json!({
                "writer": {
                    "turns": held.turns,
                    "total-ms": held.total.as_secs_f64() * 1e3,
                    "longest-ms": held.longest.as_secs_f64() * 1e3,
                },
                "bytes": bytes,
            }),
        );
    }
    kept
}

fn plugins(wiring: &Wiring, kept: &BTreeMap<Name, Value>) -> Vec<Value> {
    (wiring.nodes.iter())
        .map(|(name, node)| {
            let generation = &node.generation;
            let description = &generation.program.description;
            let stats = generation.stats();
            json!({
                "name": name,
                "plugin": description.manifest.name,
                "version": description.manifest.version,
                "bundle": description.digest,
                "generation": generation.installed.number,
                "grants": wiring.shop.plugins.get(name).map(|p| &p.grants),
                "limits": generation.installed.limits,
                "stats": {
                    "calls": stats.calls,
                    "failures": stats.failures,
                    "kept": stats.kept,
                    "running": stats.running,
                    "waiting": stats.waiting,
                },
                "database": kept.get(name),
                "bindings": bindings(node),
            })
        })
        .collect()
}

fn bindings(node: &Node) -> BTreeMap<&str, Value> {
    let name = |provider: &quoin_runtime::Provider| json!(provider.node.generation.installed.name);
    let served_by = |binding: &Binding| match binding {
        Binding::One(provider) => name(provider),
        Binding::All { providers, .. } => providers.iter().map(name).collect(),
        Binding::Keyed(providers) => {
            Value::Object(providers.iter().map(|(k, p)| (k.clone(), name(p))).collect())
        }
        Binding::Later { subscribers, .. } => subscribers.iter().map(|s| json!(s.plugin)).collect(),
    };
    node.bindings.iter().map(|(interface, b)| (interface.as_str(), served_by(b))).collect()
}

fn routes(table: &RouteTable) -> Vec<Value> {
    let routes = table.entries().iter().map(|entry| {
        json!({
            "method": entry.route.route.method,
            "path": entry.route.route.path,
            "access": entry.route.access,
            "plugin": entry.node.generation.installed.name,
            "call": format!("{}#{}", entry.interface, entry.function.name),
        })
    });
    let webs = table.webs().iter().map(|web| {
        json!({
            "method": "*",
            "path": web.prefix.pattern(),
            "access": web.access,
            "plugin": web.node.generation.installed.name,
            "call": web.interface,
        })
    });
    routes.chain(webs).collect()
}

pub(crate) async fn remove(host: &Supervisor, name: &Name) -> Answer {
    find(host, name)?;
    host.remove_tenant(name).await?;
    ok(&json!({ "removed": name }))
}

pub(crate) async fn shop(host: &Supervisor, name: &Name) -> Answer {
    ok(&host.wiring(&find(host, name)?).await.shop)
}

pub(crate) async fn put_shop(host: &Supervisor, name: &Name, query: &Query, body: &[u8]) -> Answer {
    let dry_run = query.switch("dry-run")?;
    let shop: StoredShop = parse(body)?;
    if shop.name != *name {
        let detail = format!("The shop is called {}, the path says {name}.", shop.name);
        return Err(refusal(422, "other-name", "Not that shop", detail));
    }
    if dry_run {
        return ok(&host.plan(&shop).await?);
    }
    ok(&host.apply(shop, "applied").await?)
}

pub(crate) async fn revisions(host: &Arc<Supervisor>, name: Name, query: &Query) -> Answer {
    let limit = query.limit(REVISIONS_MAX)?;
    let rows = blocking(host, move |host| host.revisions(&name, limit)).await??;
    // The newest one is the one that the tenant has.
    let current = rows.first().map_or(0, |row| row.number);
    let row =
        |r: &RevisionRow| json!({ "number": r.number, "created-ms": r.created_ms, "note": r.note });
    let rows: Vec<_> = rows.iter().map(row).collect();
    ok(&json!({ "current": current, "revisions": rows }))
}

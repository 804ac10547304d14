//! The secrets of a tenant: set, listed by name, removed, and never told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quoin_core::Name;
use quoin_supervisor::{SecretState, Supervisor};
use serde::Deserialize;
use serde_json::json;

use crate::answer::{Answer, ok, refusal};
use crate::blocking::blocking;
use crate::tenants::find;

/// Those that are set, and those that a plugin may have and that are not.
pub(crate) async fn list(host: &Arc<Supervisor>, tenant: &Name) -> Answer {
    let wiring = host.wiring(&find(host, tenant)?).await;
    let states = host.secrets(tenant)?;
    let states: BTreeMap<&Name, &SecretState> = states.iter().map(|s| (&s.name, s)).collect();
    let plugins = &wiring.shop.plugins;
    let wanted = plugins.values().flat_map(|installation| installation.secrets());
    let names: BTreeSet<&Name> = states.keys().copied().chain(wanted).collect();
    let row = |name: &&Name| {
        let state = states.get(name);
        let may = |plugin: &&Name| plugins[*plugin].secrets().any(|secret| secret == *name);
        json!({
            "name": name,
            "set-ms": state.map(|state| state.set_ms),
            "opens": state.map(|state| state.opens),
            "plugins": plugins.keys().filter(may).collect::<Vec<_>>(),
        })
    };
    ok(&json!({ "secrets": names.iter().map(row).collect::<Vec<_>>() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSecret {
    value: String,
}

pub(crate) async fn set(host: &Arc<Supervisor>, tenant: Name, name: Name, body: &[u8]) -> Answer {
    let Ok(NewSecret { value }) = serde_json::from_slice(body) else {
        // Why not could tell of what is in it.
        let detail = "The body is an object with the secret as text: { \"value\": … }.";
        return Err(refusal(400, "bad-json", "The body does not fit", detail));
    };
    let set = name.clone();
    blocking(host, move |host| host.set_secret(&tenant, name, &value)).await??;
    ok(&json!({ "set": set }))
}

pub(crate) async fn remove(host: &Arc<Supervisor>, tenant: Name, name: Name) -> Answer {
    let (of, removed) = (tenant.clone(), name.clone());
    if blocking(host, move |host| host.remove_secret(&of, &removed)).await?? {
        return ok(&json!({ "removed": name }));
    }
    let detail = format!("{tenant} has no secret {name}: list its secrets to see their names.");
    Err(refusal(404, "not-found", "Not found", detail))
}

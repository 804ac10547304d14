//! The API keys of a tenant.

use std::sync::Arc;

use http::StatusCode;
use quoin_core::Name;
use quoin_core::visible::is_hidden;
use quoin_supervisor::{KeyRow, Supervisor};
use serde::Deserialize;
use serde_json::json;

use crate::answer::{Answer, ok, parse, refusal, with_status};
use crate::blocking::blocking;

/// Characters of a key's label: a few words.
const LABEL_MAX: usize = 100;

pub(crate) async fn list(host: &Arc<Supervisor>, tenant: Name) -> Answer {
    let keys = blocking(host, move |host| host.keys(&tenant)).await??;
    let row =
        |key: &KeyRow| json!({ "id": key.id, "label": key.label, "created-ms": key.created_ms });
    ok(&json!({ "keys": keys.iter().map(row).collect::<Vec<_>>() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    #[serde(default)]
    label: String,
}

pub(crate) async fn add(host: &Arc<Supervisor>, tenant: Name, body: &[u8]) -> Answer {
    let NewKey { label } = parse(body)?;
    if label.chars().count() > LABEL_MAX || label.chars().any(is_hidden) {
        let detail = format!("A label is one line of at most {LABEL_MAX} characters.");
        return Err(refusal(422, "bad-label", "Label refused", detail));
    }
    let key = blocking(host, move |host| host.add_key(&tenant, &label)).await??;
    with_status(StatusCode::CREATED, &json!({ "id": key.id, "secret": key.secret }))
}

pub(crate) async fn remove(host: &Arc<Supervisor>, tenant: Name, id: &str) -> Answer {
    let key = id.to_owned();
    let of = tenant.clone();
    if blocking(host, move |host| host.remove_key(&of, &key)).await?? {
        return ok(&json!({ "removed": id }));
    }
    let id: String = id.chars().take(80).collect();
    let detail = format!("{tenant} has no key {id}: list its keys to see their ids.");
    Err(refusal(404, "not-found", "Not found", detail))
}

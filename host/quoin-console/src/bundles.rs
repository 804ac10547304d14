//! Bundles, and which of them an installation runs.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use quoin_core::{Digest, Name};
use quoin_registry::inspect;
use quoin_supervisor::Supervisor;
use serde::Deserialize;
use serde_json::json;

use crate::answer::{Answer, ok, parse, refusal, with_status};
use crate::blocking::blocking;
use crate::query::Query;

pub(crate) fn list(host: &Supervisor) -> Answer {
    let bundles = host.bundles();
    let row = |d: &Arc<quoin_core::Description>| {
        json!({
            "digest": d.digest,
            "name": d.manifest.name,
            "version": d.manifest.version,
            "description": d.manifest.description,
            "size": d.size,
        })
    };
    ok(&json!({ "bundles": bundles.iter().map(row).collect::<Vec<_>>() }))
}

pub(crate) fn show(host: &Supervisor, digest: &Digest) -> Answer {
    match host.bundle(digest) {
        Some(description) => ok(&inspect::json(&description)),
        None => {
            let detail = format!("The host has no bundle {digest}: upload it first.");
            Err(refusal(404, "not-found", "Not found", detail))
        }
    }
}

pub(crate) async fn put(host: &Arc<Supervisor>, digest: Digest, body: Bytes) -> Answer {
    let bytes = body.clone();
    let found = blocking(host, move |_| Digest::of(&bytes)).await?;
    if found != digest {
        let detail = format!("The bundle's digest is {found}, the path says {digest}.");
        return Err(refusal(422, "other-digest", "Not that bundle", detail));
    }
    let new = host.bundle(&digest).is_none();
    let description = host.add_bundle(body).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    with_status(status, &inspect::json(&description))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Swap {
    bundle: Digest,
}

pub(crate) async fn swap(
    host: &Supervisor,
    tenant: &Name,
    installation: &Name,
    query: &Query,
    body: &[u8],
) -> Answer {
    let Swap { bundle } = parse(body)?;
    if query.switch("dry-run")? {
        return ok(&host.plan_swap(tenant, installation, &bundle).await?);
    }
    ok(&host.swap(tenant, installation, &bundle).await?)
}

pub(crate) async fn back(
    host: &Supervisor,
    tenant: &Name,
    installation: &Name,
    query: &Query,
) -> Answer {
    if query.switch("dry-run")? {
        return ok(&host.plan_back(tenant, installation).await?);
    }
    ok(&host.back(tenant, installation).await?)
}

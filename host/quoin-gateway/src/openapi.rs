//! The OpenAPI 3.1 document of a shop (<https://spec.openapis.org/oas/v3.1.0>): every route of every
//! plugin, with the types that the functions themselves state.

mod components;
mod names;
mod operation;
mod paths;
mod responses;
mod schema;

use quoin_core::Manifest;
use quoin_supervisor::Wiring;
use serde_json::{Map, Value as Json, json};

use names::Names;
use operation::Operation;

/// The document of a tenant's wiring.
pub fn of_wiring(wiring: &Wiring) -> Json {
    let operations: Vec<_> = wiring.routes.entries().iter().map(|e| Operation::of(e)).collect();
    let mut document = document(wiring.shop.name.as_str(), wiring.revision, &operations);
    let webs: Vec<Json> = (wiring.routes.webs().iter())
        .map(|web| {
            let plugin = web.node.generation.installed.name.as_str();
            json!({"plugin": plugin, "prefix": web.prefix, "access": web.access})
        })
        .collect();
    if !webs.is_empty() {
        document["x-web"] = Json::Array(webs);
    }
    document
}

/// The document of these operations.
pub fn document(shop: &str, revision: u64, operations: &[Operation<'_>]) -> Json {
    let names = Names::of(operations);
    let mut items: Map<String, Json> = Map::new();
    let mut tags: Vec<Json> = Vec::new();
    for (operation, id) in operations.iter().zip(paths::operation_ids(operations)) {
        let pattern = &operation.route.route;
        let item = items.entry(pattern.path.clone()).or_insert_with(|| json!({}));
        item[pattern.method.to_ascii_lowercase()] = paths::operation(operation, &id, &names);
        if !tags.iter().any(|tag| tag["name"] == operation.plugin) {
            let Manifest { description, version, .. } = operation.manifest;
            tags.push(json!({
                "name": operation.plugin,
                "description": description,
                "x-version": version,
            }));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": shop,
            "version": revision.to_string(),
            "description": DESCRIPTION,
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": items,
        "components": {
            "schemas": components::schemas(&names),
            "responses": {"Problem": responses::problem()},
            "securitySchemes": {"apiKey": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key of the shop.",
            }},
        },
    })
}

/// What holds for all routes.
const DESCRIPTION: &str = "The API of a shop, made of the plugins that it has installed. The version \
    grows with each change of the shop. Bodies are JSON in UTF-8; 64-bit integers are numbers with \
    all their digits, and byte strings are base64. A request must not have members or query \
    parameters that are not described here. Errors are problems (RFC 9457) with a stable code. \
    Each answer has an x-request-id, which may be chosen by sending one.";

#[cfg(test)]
mod tests;

//! The answers of a route: its result, and the problems that it can run into.

use std::collections::BTreeMap;

use quoin_core::Type;
use quoin_core::manifest::Access;
use serde_json::{Map, Value as Json, json};

use super::names::{Direction, Names};
use super::operation::Operation;
use super::schema::used;

const PROBLEM: &str = "application/problem+json";

/// The responses object of an operation.
pub fn object(operation: &Operation<'_>, names: &Names) -> Json {
    let (ok, err) = match &operation.function.result {
        Some(Type::Result { ok, err }) => (ok.as_deref(), err.as_deref()),
        other => (other.as_ref(), None),
    };
    let mut responses: BTreeMap<String, Json> = BTreeMap::new();
    let usual = if ok.is_some() { 200 } else { 204 };
    let status = operation.route.status.map_or(usual, u16::from);
    let mut usual = success(ok.filter(|_| status != 204), names);
    if operation.has_tag() {
        usual["headers"] = json!({"ETag": {
            "description": "Of the answer; sent back as If-None-Match, it saves the same answer.",
            "schema": {"type": "string"},
        }});
        let description = "The answer is still the one of If-None-Match.";
        responses.insert("304".into(), json!({"description": description}));
    }
    responses.insert(status.to_string(), usual);
    if !operation.function.params.is_empty() {
        let description = "The request does not fit; `pointer` says where.";
        responses.insert("400".into(), plain(description));
    }
    if operation.route.access == Access::Admin {
        responses.insert("401".into(), plain("The API key is missing or not valid."));
    }
    if let Some(err) = err {
        let own = has_own_codes(err);
        for (status, cases) in cases_by_status(err, operation) {
            let response = refusal(&cases, own, used(err, Direction::Response, names));
            responses.insert(status.to_string(), response);
        }
    }
    responses.insert("default".into(), json!({"$ref": "#/components/responses/Problem"}));
    Json::Object(responses.into_iter().collect())
}

fn success(ok: Option<&Type>, names: &Names) -> Json {
    match ok {
        None => json!({"description": "Done."}),
        Some(ty) => {
            let schema = used(ty, Direction::Response, names);
            json!({
                "description": "Done.",
                "content": {"application/json": {"schema": schema}},
            })
        }
    }
}

fn plain(description: &str) -> Json {
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    json!({"description": description, "content": {PROBLEM: {"schema": schema}}})
}

/// The names of the error's cases by the status that each has; without cases, one status for all.
fn cases_by_status<'a>(err: &'a Type, operation: &Operation<'_>) -> BTreeMap<u16, Vec<&'a str>> {
    let cases: Vec<&str> = match err {
        Type::Variant { cases, .. } => cases.iter().map(|case| case.name.as_str()).collect(),
        Type::Enum { cases, .. } => cases.iter().map(String::as_str).collect(),
        _ => vec!["refused"],
    };
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for case in cases {
        by_status.entry(operation.manifest.error_status(case)).or_default().push(case);
    }
    by_status
}

/// Whether what is refused says itself which code its problem has.
fn has_own_codes(err: &Type) -> bool {
    let Type::Variant { cases, .. } = err else { return false };
    let refused = cases.iter().find(|case| case.name == "refused");
    let Some(Type::Record { fields, .. }) = refused.and_then(|case| case.ty.as_ref()) else {
        return false;
    };
    fields.iter().any(|field| field.json == "code" && field.ty == Type::String)
}

fn refusal(cases: &[&str], own: bool, error: Json) -> Json {
    let codes = cases.iter().map(|case| match *case {
        "refused" if own => "`refused` or a code of its own (that in `error`)".to_owned(),
        case => format!("`{case}`"),
    });
    let codes = codes.collect::<Vec<_>>().join(" or ");
    let schema = json!({"allOf": [
        {"$ref": "#/components/schemas/Problem"},
        {"type": "object", "properties": {"error": error}},
    ]});
    json!({
        "description": format!("Refused as {codes}."),
        "content": {PROBLEM: {"schema": schema}},
    })
}

/// The response that any route can give.
pub fn problem() -> Json {
    plain(
        "Any other problem: not authorised (401), unknown path (404), too large (413), wrong media \
         type (415), an idempotency key of another request (422 key-reused), a plugin failed (502) or was too slow (504), the host failed (500), or there \
         is too much to do (503, with Retry-After).",
    )
}

/// The schema of a problem.
pub fn problem_schema() -> Json {
    let mut properties = Map::new();
    for (name, ty, description) in [
        ("status", "integer", "The HTTP status."),
        ("code", "string", "A stable word for programs, e.g. not-found or misfit."),
        ("title", "string", "A short phrase for people."),
        ("detail", "string", "What is wrong and what to do."),
        ("pointer", "string", "Where in the request the fault is: in the body a JSON pointer."),
        ("class", "string", "Whose fault it is."),
        ("requestId", "string", "The id of the request, as in x-request-id."),
    ] {
        properties.insert(name.into(), json!({"type": ty, "description": description}));
    }
    properties["class"]["enum"] = json!(["caller", "plugin", "host", "overload"]);
    let error = json!({"description": "The error that the function returned, by its own type."});
    properties.insert("error".into(), error);
    json!({
        "type": "object",
        "properties": properties,
        "required": ["status", "code", "title", "class"],
    })
}

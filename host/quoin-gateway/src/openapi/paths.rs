//! The routes as OpenAPI has them: operations in paths.

use std::collections::BTreeSet;

use quoin_core::Type;
use quoin_core::limits::{LATER_WAIT_S_MAX, ONCE_KEY_CHARS_MAX};
use quoin_core::manifest::Access;
use quoin_core::types::{Field, lower_camel};
use quoin_supervisor::Source;
use serde_json::{Value as Json, json};

use super::names::{Direction, Names, pascal, unique};
use super::operation::Operation;
use super::responses;
use super::schema::{is_option, object, used};

/// The operation object.
pub fn operation(operation: &Operation<'_>, id: &str, names: &Names) -> Json {
    let mut shown = json!({
        "operationId": id,
        "tags": [operation.plugin],
        "summary": sentence(&operation.function.name),
        "x-calls": format!("{}#{}", operation.interface, operation.function.name),
    });
    let parameters = parameters(operation, names);
    if !parameters.is_empty() {
        shown["parameters"] = Json::Array(parameters);
    }
    if let Some(body) = body(operation, names) {
        shown["requestBody"] = body;
    }
    shown["responses"] = responses::object(operation, names);
    if operation.route.access == Access::Admin {
        shown["security"] = json!([{"apiKey": []}]);
    }
    shown
}

/// An id for each operation, unique in the document and a name in most languages.
pub fn operation_ids(operations: &[Operation<'_>]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let id = |operation: &Operation<'_>| {
        let plugin = lower_camel(operation.plugin);
        unique(format!("{plugin}{}", pascal(&operation.function.name)), &mut taken)
    };
    operations.iter().map(id).collect()
}

/// `set-status` as `Set status`.
fn sentence(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut chars = words.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

fn parameters(operation: &Operation<'_>, names: &Names) -> Vec<Json> {
    let mut parameters = Vec::new();
    for (param, source) in operation.function.params.iter().zip(operation.sources) {
        match source {
            Source::Path(name) => parameters.push(parameter("path", name, &param.ty, names)),
            Source::Header(name) => parameters.push(parameter("header", name, &param.ty, names)),
            Source::Query => query(param, names, &mut parameters),
            Source::Body | Source::Member => {}
        }
    }
    if operation.takes_effect_once() {
        parameters.push(json!({
            "name": "idempotency-key",
            "in": "header",
            "required": false,
            "description": "The request takes effect once, and is answered alike for 24 hours, however \
                            often it is made with this key.",
            "schema": {"type": "string", "minLength": 1, "maxLength": ONCE_KEY_CHARS_MAX},
        }));
    }
    if operation.route.wait.is_some() {
        parameters.push(json!({
            "name": "prefer",
            "in": "header",
            "required": false,
            "description": format!(
                "`wait=10`: answer once what the request leads to is done, or after so many seconds (at \
                 most {LATER_WAIT_S_MAX}), with how things are then."
            ),
            "schema": {"type": "string", "pattern": "^wait=[0-9]+$"},
        }));
    }
    parameters
}

fn query(param: &Field, names: &Names, parameters: &mut Vec<Json>) {
    let (ty, optional) = match &param.ty {
        Type::Option(inner) => (&**inner, true),
        other => (other, false),
    };
    let Type::Record { fields, .. } = ty else {
        parameters.push(parameter("query", &param.json, &param.ty, names));
        return;
    };
    for field in fields {
        let mut parameter = parameter("query", &field.json, &field.ty, names);
        if optional {
            parameter["required"] = Json::Bool(false);
        }
        parameters.push(parameter);
    }
}

fn parameter(place: &str, name: &str, ty: &Type, names: &Names) -> Json {
    // There is no null in a path, a query or a header: an option is left out.
    let (inner, optional) = match ty {
        Type::Option(inner) => (&**inner, true),
        Type::List(_) => (ty, true),
        other => (other, false),
    };
    json!({
        "name": name,
        "in": place,
        "required": !optional,
        "schema": used(inner, Direction::Request, names),
    })
}

fn body(operation: &Operation<'_>, names: &Names) -> Option<Json> {
    if let Some(param) = crate::bind::whole(operation.function, operation.sources) {
        return Some(whole_body(&param.ty, names));
    }
    let params = operation.function.params.iter().zip(operation.sources);
    let members: Vec<&Field> =
        params.filter(|(_, source)| **source == Source::Member).map(|(param, _)| param).collect();
    if members.is_empty() {
        return None;
    }
    let required = members.iter().any(|param| !is_option(&param.ty));
    let member = |param: &&Field| {
        let schema = used(&param.ty, Direction::Request, names);
        (param.json.clone(), schema, is_option(&param.ty))
    };
    let schema = object(members.iter().map(member), Direction::Request);
    Some(json!({"required": required, "content": {"application/json": {"schema": schema}}}))
}

fn whole_body(ty: &Type, names: &Names) -> Json {
    let inner = if let Type::Option(inner) = ty { inner } else { ty };
    let mut content = json!({});
    match inner {
        Type::String => content["text/plain"] = json!({"schema": {"type": "string"}}),
        Type::List(element) if **element == Type::U8 => {
            content["application/octet-stream"] = json!({"schema": {}});
        }
        _ => {}
    }
    content["application/json"] = json!({"schema": used(ty, Direction::Request, names)});
    json!({"required": !is_option(ty), "content": content})
}

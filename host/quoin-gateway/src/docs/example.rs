//! Example values of schemas.

use serde_json::{Map, Value as Json, json};

/// Schemas inside each other. The types of components cannot be recursive, but a page that is made
/// from a document need not believe that.
const DEPTH_MAX: usize = 32;

/// Which members the objects of an example have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Members {
    /// All that there are.
    All,
    /// Those that must be there.
    Required,
}

/// A value that the schema allows.
pub fn example(schema: &Json, document: &Json, members: Members) -> Json {
    value(schema, document, members, DEPTH_MAX)
}

/// The schema, or the one that it refers to.
pub fn resolved<'a>(schema: &'a Json, document: &'a Json) -> &'a Json {
    let name = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/"));
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

fn value(schema: &Json, document: &Json, which: Members, depth: usize) -> Json {
    let Some(depth) = depth.checked_sub(1) else { return Json::Null };
    let schema = resolved(schema, document);
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    if let Some(first) = schema["enum"].get(0).or_else(|| schema["oneOf"].get(0)) {
        return if first.is_object() {
            value(first, document, which, depth)
        } else {
            first.clone()
        };
    }
    let ty = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match ty.unwrap_or_default() {
        "boolean" => json!(true),
        "integer" => json!(1),
        "number" => json!(1.5),
        "string" if schema["contentEncoding"] == "base64" => json!("AAEC"),
        "string" if schema["maxLength"] == 1 => json!("a"),
        "string" => json!("string"),
        "array" => {
            let parts = schema["prefixItems"].as_array();
            let parts =
                parts.map_or_else(|| vec![&schema["items"]], |parts| parts.iter().collect());
            parts.into_iter().map(|part| value(part, document, which, depth)).collect()
        }
        "object" => {
            let required = schema["required"].as_array().map_or(&[][..], |names| names);
            let members = schema["properties"].as_object().into_iter().flatten();
            let members = members
                .filter(|(name, _)| which == Members::All || required.iter().any(|r| r == *name));
            let member = |(name, schema): (&String, &Json)| {
                (name.clone(), value(schema, document, which, depth))
            };
            Json::Object(members.map(member).collect::<Map<_, _>>())
        }
        _ => Json::Null,
    }
}

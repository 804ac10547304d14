//! An example call on the command line.

use serde_json::Value as Json;

use super::example::{Members, example, resolved};
use super::html::text;

/// The call of an operation with curl. What the reader must fill in are shell variables.
pub fn curl(document: &Json, base: &str, path: &str, method: &str, operation: &Json) -> String {
    let parameters = || operation["parameters"].as_array().into_iter().flatten();
    let mut target = path.to_owned();
    for parameter in parameters().filter(|p| p["in"] == "path") {
        let name = text(&parameter["name"]);
        target = target.replace(&format!("{{{name}}}"), &format!("${}", variable(name)));
    }
    let query: Vec<String> = parameters()
        .filter(|p| p["in"] == "query" && p["required"] == true)
        .map(|p| format!("{}={}", text(&p["name"]), word(p, document)))
        .collect();
    if !query.is_empty() {
        target = format!("{target}?{}", query.join("&"));
    }
    let (content_type, data) = body(&operation["requestBody"], document);
    let usual = if data.is_some() { "post" } else { "get" };
    let verb =
        if method == usual { String::new() } else { format!("-X {} ", method.to_uppercase()) };
    let mut lines = vec![format!("curl {verb}\"{base}{target}\"")];
    if operation.get("security").is_some() {
        lines.push("-H \"authorization: Bearer $KEY\"".into());
    }
    for parameter in parameters().filter(|p| p["in"] == "header" && p["required"] == true) {
        lines.push(format!("-H '{}: {}'", text(&parameter["name"]), word(parameter, document)));
    }
    if let Some(data) = data {
        lines.push(format!("-H 'content-type: {content_type}'"));
        lines.push(data);
    }
    lines.join(" \\\n  ")
}

/// The media type of the body, and how curl sends it.
fn body<'a>(body: &'a Json, document: &Json) -> (&'a str, Option<String>) {
    let Some((media, content)) = body["content"].as_object().and_then(|c| c.iter().next()) else {
        return ("", None);
    };
    let data = match media.as_str() {
        "text/plain" => "--data-binary @file.txt".into(),
        "application/octet-stream" => "--data-binary @file".into(),
        _ => {
            let json = example(&content["schema"], document, Members::Required).to_string();
            format!("-d '{}'", json.replace('\'', "'\\''"))
        }
    };
    (media, Some(data))
}

/// The example of a parameter as a word.
fn word(parameter: &Json, document: &Json) -> String {
    let schema = resolved(&parameter["schema"], document);
    match example(schema, document, Members::Required) {
        Json::String(word) => word,
        other => other.to_string(),
    }
}

/// `thingId` and `thing-id` as `THING_ID`.
fn variable(name: &str) -> String {
    let mut variable = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            variable.push('_');
        }
        variable.push(if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    }
    variable
}

//! One route on the page.

use serde_json::Value as Json;

use super::curl::curl;
use super::example::{Members, example, resolved};
use super::html::{escape, prose, table, text};
use super::types::{REQUIRED, members, words};

/// The mark of a route that needs a key.
pub const KEY: &str = "<b class=\"key\">API key</b>";

/// The name of a method, in its colour.
pub fn method(method: &str) -> String {
    let method = escape(method);
    format!("<b class=\"method {method}\">{}</b>", method.to_uppercase())
}

/// All about one route.
pub fn article(
    document: &Json,
    base: &str,
    path: &str,
    method_name: &str,
    operation: &Json,
) -> String {
    let key = if operation.get("security").is_some() { KEY } else { "" };
    format!(
        "<article id=\"{id}\"><h3>{method} <code>{route}</code> {key}</h3>\
         <p>{summary} <small>calls <code>{calls}</code></small></p>\
         <div class=\"pair\"><div>{parameters}{body}{answers}</div>\
         <div><h4>Example</h4><pre>{curl}</pre>{answer}</div></div></article>",
        id = escape(text(&operation["operationId"])),
        method = method(method_name),
        route = escape(path),
        summary = escape(text(&operation["summary"])),
        calls = escape(text(&operation["x-calls"])),
        parameters = parameters(operation),
        body = body(document, operation),
        answers = answers(operation),
        curl = escape(&curl(document, base, path, method_name, operation)),
        answer = answer(document, operation),
    )
}

fn parameters(operation: &Json) -> String {
    let row = |parameter: &Json| {
        let required = if parameter["required"] == true { REQUIRED } else { "" };
        vec![
            format!("<code>{}</code>{required}", escape(text(&parameter["name"]))),
            escape(text(&parameter["in"])),
            words(&parameter["schema"]),
        ]
    };
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let rows: Vec<_> = parameters.map(row).collect();
    table("Parameters", &["Name", "In", "Type"], &rows)
}

fn body(document: &Json, operation: &Json) -> String {
    let contents = operation["requestBody"]["content"].as_object().into_iter().flatten();
    let one = |(media, content): (&String, &Json)| {
        let schema = resolved(&content["schema"], document);
        let caption = format!("Body: {}", escape(media));
        let rows = members(schema);
        if rows.is_empty() {
            table(&caption, &["Type"], &[vec![words(&content["schema"])]])
        } else {
            table(&caption, &["Name", "Type"], &rows)
        }
    };
    contents.map(one).collect()
}

fn answers(operation: &Json) -> String {
    let responses = operation["responses"].as_object().into_iter().flatten();
    let row = |(status, response): (&String, &Json)| {
        let content = response["content"].as_object().and_then(|c| c.values().next());
        let shape = match content.map(|c| &c["schema"]) {
            // A problem with the function's own error in it.
            Some(schema) if schema.get("allOf").is_some() => {
                words(&schema["allOf"][1]["properties"]["error"])
            }
            Some(schema) => words(schema),
            None => String::new(),
        };
        vec![
            format!("<code>{}</code>", escape(status)),
            prose(text(&response["description"])),
            shape,
        ]
    };
    // What every route can answer is told once, at the top of the document.
    let rows: Vec<_> = responses.filter(|(status, _)| *status != "default").map(row).collect();
    table("Answers", &["Status", "Meaning", "Body or error"], &rows)
}

/// An example of the answer of success.
fn answer(document: &Json, operation: &Json) -> String {
    let mut responses = operation["responses"].as_object().into_iter().flatten();
    let success = responses.find(|(status, _)| status.starts_with('2'));
    let schema = success.map(|(_, response)| &response["content"]["application/json"]["schema"]);
    match schema {
        Some(schema) if !schema.is_null() => {
            let json = example(schema, document, Members::All);
            // JSON values always serialise.
            let json = serde_json::to_string_pretty(&json).unwrap_or_default();
            format!("<h4>Answer</h4><pre>{}</pre>", escape(&json))
        }
        _ => String::new(),
    }
}

//! Schemas in words, and the list of all of them.

use serde_json::Value as Json;

use super::html::{escape, table, text};

/// A schema in a few words, with links to those that have a name.
pub fn words(schema: &Json) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(constant) = schema.get("const") {
        return format!("<code>{}</code>", escape(&constant.to_string()));
    }
    if let Some(values) = schema["enum"].as_array() {
        let value = |v: &Json| format!("<code>{}</code>", escape(text(v)));
        return values.iter().map(value).collect::<Vec<_>>().join(" or ");
    }
    if let Some(forms) = schema["oneOf"].as_array() {
        return forms.iter().map(form).collect::<Vec<_>>().join(" or ");
    }
    if let [ty, null] = schema["type"].as_array().map_or(&[][..], |types| types) {
        let mut alone = schema.clone();
        alone["type"] = ty.clone();
        return format!("{} or {}", words(&alone), escape(text(null)));
    }
    match text(&schema["type"]) {
        "array" if schema["prefixItems"].is_array() => {
            let parts = schema["prefixItems"].as_array().into_iter().flatten();
            format!("[{}]", parts.map(words).collect::<Vec<_>>().join(", "))
        }
        "array" => format!("list of {}", words(&schema["items"])),
        "string" if schema["contentEncoding"] == "base64" => "base64".into(),
        "string" if schema["maxLength"] == 1 => "character".into(),
        "integer" => format!("integer{}", range(schema)),
        "" => "any".into(),
        plain => escape(plain),
    }
}

/// One of several forms: a tagged value by its tag and what it carries.
fn form(schema: &Json) -> String {
    let Some(tag) = schema["properties"]["tag"]["const"].as_str() else { return words(schema) };
    let tag = format!("<code>{}</code>", escape(tag));
    match schema["properties"].get("val") {
        Some(val) => format!("{tag} with {}", words(val)),
        None => tag,
    }
}

fn range(schema: &Json) -> String {
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(min), Some(max)) if max.as_u64().is_some_and(|max| max <= 65_535) => {
            format!(" {min} to {max}")
        }
        (Some(min), _) if *min == 0 => " from 0".into(),
        _ => String::new(),
    }
}

/// The members of an object as rows: name, type, and whether it must be there.
pub fn members(schema: &Json) -> Vec<Vec<String>> {
    let required = schema["required"].as_array().map_or(&[][..], |names| names);
    let members = schema["properties"].as_object().into_iter().flatten();
    let row = |(name, schema): (&String, &Json)| {
        let needed = required.iter().any(|r| r == name);
        let note = schema["description"].as_str().map(|d| format!("<br>{}", escape(d)));
        vec![
            format!("<code>{}</code>{}", escape(name), if needed { REQUIRED } else { "" }),
            format!("{}{}", words(schema), note.unwrap_or_default()),
        ]
    };
    members.map(row).collect()
}

/// The mark of what must be there.
pub const REQUIRED: &str = " <b class=\"required\" title=\"required\">*</b>";

/// All schemas of a document.
pub fn schemas(document: &Json) -> String {
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    schemas.map(|(name, schema)| article(name, schema)).collect()
}

fn article(name: &str, schema: &Json) -> String {
    let name = escape(name);
    let content = if schema["properties"].is_object() {
        table("Members", &["Name", "Type"], &members(schema))
    } else if let Some(forms) = schema["oneOf"].as_array() {
        let rows: Vec<_> = forms.iter().map(|f| vec![form(f)]).collect();
        table("A <code>{\"tag\", \"val\"}</code> object", &["One of"], &rows)
    } else {
        format!("<p>{}</p>", words(schema))
    };
    format!("<article class=\"schema\" id=\"schema-{name}\"><h3>{name}</h3>{content}</article>")
}

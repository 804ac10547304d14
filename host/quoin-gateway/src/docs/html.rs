//! Text in HTML.

use serde_json::Value as Json;

/// Text as it stands in HTML, in elements and in double-quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            plain => escaped.push(plain),
        }
    }
    escaped
}

/// Prose in HTML: what stands between backticks is code.
pub fn prose(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for (i, part) in text.split('`').enumerate() {
        let part = escape(part);
        html.push_str(&if i % 2 == 1 { format!("<code>{part}</code>") } else { part });
    }
    html
}

/// A path in HTML, which may be broken before each segment.
pub fn path(path: &str) -> String {
    escape(path).replace('/', "<wbr>/")
}

/// The text of a JSON string; of anything else, none.
pub fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

/// A table, or nothing if it has no rows. The cells are HTML.
pub fn table(caption: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head: String = head.iter().map(|cell| format!("<th>{cell}</th>")).collect();
    let row = |row: &Vec<String>| {
        let cells: String = row.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        format!("<tr>{cells}</tr>")
    };
    let rows: String = rows.iter().map(row).collect();
    format!("<table><caption>{caption}</caption><tr>{head}</tr>{rows}</table>")
}

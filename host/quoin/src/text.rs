//! Text for terminals. What others wrote stands in it with [`line`] or in a [`table`], so that nothing
//! in it acts on the terminal or looks like a line of ours.

use quoin_core::visible;
pub use quoin_core::visible::{line, lines};
use serde_json::Value;

/// A value as JSON on several lines, exact, with nothing in it that acts on a terminal.
pub fn json(value: &Value) -> String {
    let mut shown = String::new();
    for c in format!("{value:#}").chars() {
        if !visible::is_hidden(c) || c == '\n' {
            shown.push(c);
            continue;
        }
        // Such a character stands in a string only, where JSON has this for it.
        for unit in c.encode_utf16(&mut [0; 2]) {
            shown.push_str(&format!("\\u{unit:04x}"));
        }
    }
    shown
}

/// Rows as aligned columns, each line ended.
pub fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| visible::line(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|i| width(i).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// An id goes into a query.
pub fn request_id(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if !text.is_empty() && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err("a request's id is letters, digits, '.', '_' and '-'; answers have it as x-request-id"
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_harmless() {
        let rows = [
            vec!["a".into(), "\x1b[2J".into(), "c".into()],
            vec!["long".into(), "b\nb".into(), "d".into()],
        ];
        assert_eq!(table(&rows), "a     \\u{1b}[2J  c\nlong  b\\nb       d\n");
    }

    #[test]
    fn json_stays_exact_and_is_harmless() {
        let value = serde_json::json!({ "a": "ö\n\u{202e}\u{9b}\u{e0041}", "b": 1 });
        let shown = json(&value);
        assert_eq!(shown.lines().count(), 4);
        assert!(shown.contains("ö\\n\\u202e\\u009b\\udb40\\udc41"), "{shown}");
        assert_eq!(shown.parse::<Value>().unwrap(), value);
    }
}

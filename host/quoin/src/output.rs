//! What commands print, and what they ask.

use std::io::{IsTerminal, Write};

use serde_json::Value;

use crate::failed::Failed;

/// Prints on standard output. A reader that has gone away (`| head`) is no failure.
pub fn print(text: &str) -> Result<(), Failed> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(e) => Err(Failed::refused(format!("cannot write to standard output: {e}"))),
        Ok(()) => Ok(()),
    }
}

/// Prints a value as one line of JSON.
pub fn print_json(value: &Value) -> Result<(), Failed> {
    print(&format!("{value}\n"))
}

/// Text that others wrote, with nothing in it that acts on a terminal.
pub fn plain(text: &str) -> String {
    let harmless = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
    text.chars().map(harmless).collect()
}

/// A member of an object as text; absent is empty.
pub fn member<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The members of an array in an object; absent is none.
pub fn items<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Rows as aligned columns, each line ended.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|i| width(i).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    plain(&rows.iter().map(line).collect::<String>())
}

/// Whether there is somebody to ask.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks, and takes anything but yes for no.
pub fn confirm(question: &str) -> bool {
    eprint!("{} [y/N] ", plain(question));
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(_) => matches!(line.trim(), "y" | "Y" | "yes"),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_harmless() {
        let rows = [vec!["a".into(), "\x1b[2J".into()], vec!["long".into(), "b".into()]];
        assert_eq!(table(&rows), "a     \u{fffd}[2J\nlong  b\n");
    }
}

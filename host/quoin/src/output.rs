//! What commands print, and what they ask.

use std::io::{IsTerminal, Write};

use serde_json::Value;

use crate::failed::Failed;
use crate::text;

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

/// A member of an object as text; absent is empty.
pub fn member<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The members of an array in an object; absent is none.
pub fn items<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether there is somebody to ask.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks, and takes anything but yes for no.
pub fn confirm(question: &str) -> bool {
    eprint!("{} [y/N] ", text::line(question));
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(_) => matches!(line.trim(), "y" | "Y" | "yes"),
        Err(_) => false,
    }
}

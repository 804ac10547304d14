//! Why a text is refused.

use std::fmt;

/// Why SQL is refused, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl Refusal {
    pub(super) fn at(sql: &str, at: usize, message: String) -> Refusal {
        let (line, column) = place(sql, at);
        Refusal { line, column, message }
    }
}

/// Line and column, both from 1, of a byte of the text.
pub(super) fn place(sql: &str, at: usize) -> (usize, usize) {
    let before = sql.get(..at).unwrap_or(sql);
    let line = before.matches('\n').count().saturating_add(1);
    let start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
    (line, before.get(start..).unwrap_or_default().chars().count().saturating_add(1))
}

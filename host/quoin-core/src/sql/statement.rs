//! A statement of a migration, and how SQLite gets it.

use std::ops::Range;

use super::checked::Checked;

/// A part of the text, and what stands there for SQLite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) at: Range<usize>,
    pub(super) to: &'static str,
}

/// A statement of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'t> {
    /// Its text, without the semicolon.
    pub text: &'t str,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// What is left to those who know the schema; the places are those in the whole migration.
    pub checked: Checked,
    pub(super) changes: Vec<Change>,
}

impl Statement<'_> {
    /// The statement as SQLite is to run it: tables are STRICT, with the types that STRICT has, so
    /// that a column holds what it says. All else is as it was written, on the same lines.
    pub fn for_sqlite(&self) -> String {
        let mut sql = String::with_capacity(self.text.len().saturating_add(8));
        let mut done = 0;
        for Change { at, to } in &self.changes {
            sql.push_str(self.text.get(done..at.start).unwrap_or_default());
            sql.push_str(to);
            done = at.end;
        }
        sql.push_str(self.text.get(done..).unwrap_or_default());
        sql
    }
}

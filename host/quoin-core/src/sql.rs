//! Which SQL a plugin may use: what SQLite and PostgreSQL both understand, and understand alike.
//!
//! `docs/sql.md` tells it to plugin authors. This looks at the text alone, in one pass without a way
//! back, and knows no schema; whose tables a statement may touch is the engine's to say. What it
//! takes grows with the text's length, and the stack that it takes is bounded: both the text and the
//! stack may be a guest's.

mod cursor;
mod expression;
mod group;
mod order;
mod query;
mod schema;
mod token;
mod words;
mod write;

use std::fmt;
use std::ops::Range;

use cursor::Cursor;
use token::Kind;

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
    fn at(sql: &str, at: usize, message: String) -> Refusal {
        let (line, column) = place(sql, at);
        Refusal { line, column, message }
    }
}

/// Line and column of a byte of the text.
fn place(sql: &str, at: usize) -> (usize, usize) {
    let before = sql.get(..at).unwrap_or(sql);
    let line = before.matches('\n').count().saturating_add(1);
    let start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
    (line, before.get(start..).unwrap_or_default().chars().count().saturating_add(1))
}

/// A column that a statement sorts by without saying where NULLs go, which is right only where there
/// can be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnstatedOrder {
    /// The tables of which it is a column of one.
    pub tables: Vec<String>,
    /// The column, as it is written.
    pub name: String,
    /// Where it stands: the line, from 1.
    pub line: usize,
    /// Where it stands: the character in the line, from 1.
    pub column: usize,
}

/// What a statement leaves to those who know the schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Where it sorts by a column without saying where NULLs go.
    pub unstated: Vec<UnstatedOrder>,
}

impl Checked {
    /// Judges the rest. `nullable` tells whether a column may hold NULL, and nothing where the table
    /// has no such column; names are written as in the statement, in upper or lower case.
    ///
    /// # Errors
    /// The first place that sorts by what may be NULL without saying where it goes.
    pub fn judge(&self, nullable: impl Fn(&str, &str) -> Option<bool>) -> Result<(), Refusal> {
        for order in &self.unstated {
            let known: Vec<_> =
                order.tables.iter().filter_map(|table| nullable(table, &order.name)).collect();
            if known.is_empty() || known.contains(&true) {
                let message = format!("{} may be NULL, and {}", order.name, order::SAY);
                return Err(Refusal { line: order.line, column: order.column, message });
            }
        }
        Ok(())
    }
}

/// A part of the text, and what stands there for SQLite.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    at: Range<usize>,
    to: &'static str,
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
    changes: Vec<Change>,
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

/// The functions that a statement may call, in alphabetical order, in lower case.
pub fn functions() -> impl Iterator<Item = &'static str> {
    words::FUNCTIONS.iter().map(|function| function.0)
}

/// Checks one statement on rows, as a plugin sends it: SELECT, INSERT, UPDATE or DELETE, with
/// parameters `?1`, `?2` ….
///
/// # Errors
/// The first thing in it that is not shared SQL.
pub fn check_statement(sql: &str) -> Result<Checked, Refusal> {
    let mut c = Cursor::new(sql, false)?;
    write::rows(&mut c)?;
    c.accept(&[";"]);
    if c.peek().kind != Kind::End {
        return c.wanted("the end of the statement");
    }
    c.check_parameters()?;
    Ok(Checked { unstated: c.unstated })
}

/// Checks a migration: statements on rows without parameters, and CREATE, ALTER and DROP of tables
/// and indexes, each ended by a semicolon. Returns them in order.
///
/// # Errors
/// The first thing in it that is not shared SQL.
pub fn check_migration(sql: &str) -> Result<Vec<Statement<'_>>, Refusal> {
    let mut c = Cursor::new(sql, true)?;
    let mut statements = Vec::new();
    let mut line = Lines { sql, at: 0, line: 1 };
    loop {
        while c.accept(&[";"]) {}
        let start = c.peek();
        if start.kind == Kind::End {
            return Ok(statements);
        }
        c.begin();
        let mut changes = Vec::new();
        if !schema::statement(&mut c, &mut changes)? {
            c.place = Default::default();
            migration_rows(&mut c)?;
        }
        let end = c.peek();
        if end.kind != Kind::End && !end.is(";") {
            return c.wanted("the end of the statement");
        }
        for change in &mut changes {
            change.at.start = change.at.start.saturating_sub(start.at);
            change.at.end = change.at.end.saturating_sub(start.at);
        }
        let text = sql.get(start.at..end.at).unwrap_or_default().trim_end();
        let checked = Checked { unstated: std::mem::take(&mut c.unstated) };
        statements.push(Statement { text, line: line.of(start.at), checked, changes });
    }
}

fn migration_rows(c: &mut Cursor) -> Result<(), Refusal> {
    let known = ["SELECT", "VALUES", "WITH", "INSERT", "UPDATE", "DELETE", "REPLACE"];
    match known.iter().any(|word| c.is(word)) {
        true => write::rows(c),
        false => c.wanted("CREATE, ALTER, DROP, INSERT, UPDATE or DELETE"),
    }
}

/// Counts lines on the way through a text.
struct Lines<'t> {
    sql: &'t str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of a byte at or behind the last one that was asked for.
    fn of(&mut self, at: usize) -> usize {
        let between = self.sql.get(self.at..at).unwrap_or_default();
        self.line = self.line.saturating_add(between.matches('\n').count());
        self.at = at;
        self.line
    }
}

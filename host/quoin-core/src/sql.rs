//! Which SQL a plugin may use: what SQLite and PostgreSQL both understand, and understand alike.
//!
//! `docs/sql.md` tells it to plugin authors. This looks at the text alone, in one pass without a way
//! back, and knows no schema; whose tables a statement may touch is the engine's to say. What it
//! takes grows with the text's length, and the stack that it takes is bounded: both the text and the
//! stack may be a guest's.

mod checked;
mod cursor;
mod expression;
mod group;
mod order;
mod query;
mod refusal;
mod schema;
mod select;
mod statement;
mod token;
mod words;
mod write;

pub use checked::{Checked, UnstatedOrder};
use cursor::{Cursor, Inner};
pub use refusal::Refusal;
pub use statement::Statement;
use token::Kind;

/// A value holds queries, and a query values: here the circle is closed.
const INNER: Inner = Inner { query: |c| query::query(c).map(drop), order: order::inner };

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
    let mut c = Cursor::new(sql, false, INNER)?;
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
    let mut c = Cursor::new(sql, true, INNER)?;
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

//! What is known of a SELECT when it was read.

use super::checked::{SAY, UnstatedOrder};
use super::cursor::{Column, Cursor};
use super::refusal::{Refusal, place};

/// Columns of a result, and terms of ORDER BY and GROUP BY: each is compared with each.
pub(super) const COLUMNS_MAX: usize = 1_000;
pub(super) const TERMS_MAX: usize = 64;
/// Terms of one statement that are left to the schema to judge; beyond, each says where NULLs go.
const UNSTATED_MAX: usize = 256;

/// What a query reads from.
#[derive(Debug)]
pub(super) struct Source<'t> {
    /// What the query calls it.
    pub(super) name: &'t str,
    /// The table behind it; none for a subquery and what WITH defines.
    pub(super) table: Option<&'t str>,
    /// Rows without a partner have NULLs in its columns.
    pub(super) outer: bool,
}

/// A column of the result.
#[derive(Debug, Default)]
pub(super) struct Item<'t> {
    pub(super) alias: Option<&'t str>,
    pub(super) tokens: std::ops::Range<usize>,
    /// The columns that it needs, outside of aggregates.
    pub(super) columns: Vec<Column<'t>>,
    /// It is `*` or `table.*`.
    pub(super) all: bool,
}

impl<'t> Item<'t> {
    /// The column that it is, if it is nothing more.
    pub(super) fn column(&self) -> Option<Column<'t>> {
        match (self.columns.as_slice(), self.tokens.len()) {
            ([one], 1 | 3) if self.tokens.len() == 1 || one.table.is_some() => Some(*one),
            _ => None,
        }
    }

    /// Whether the result has it under this name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let own = self.alias.or(self.column().map(|column| column.name));
        own.is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}

/// A SELECT up to its ORDER BY.
#[derive(Debug, Default)]
pub(super) struct Select<'t> {
    pub(super) distinct: bool,
    pub(super) items: Vec<Item<'t>>,
    pub(super) sources: Vec<Source<'t>>,
    /// What it is grouped by.
    pub(super) groups: Option<Vec<Item<'t>>>,
    /// The columns of HAVING.
    pub(super) having: Vec<Column<'t>>,
    /// It ends with a table, where SQLite takes a following ON for that of a join.
    pub(super) ends_open: bool,
}

pub(super) fn few(c: &Cursor, count: usize, most: usize, what: &str) -> Result<(), Refusal> {
    match count <= most {
        true => Ok(()),
        false => c.refuse(format!("more than {most} {what}: divide the statement")),
    }
}

/// The terms of ORDER BY.
pub(super) fn few_terms(c: &Cursor, count: usize) -> Result<(), Refusal> {
    few(c, count, TERMS_MAX, "terms of ORDER BY")
}

/// Notes a column that something is sorted by without a place for NULLs. Only one of a table can be
/// known to have none.
pub(super) fn unstated(c: &mut Cursor, column: Column, sources: &[Source]) -> Result<(), Refusal> {
    let own: Vec<_> = sources
        .iter()
        .filter(|s| column.table.is_none_or(|table| table.eq_ignore_ascii_case(s.name)))
        .collect();
    let tables: Option<Vec<String>> = own
        .iter()
        .map(|source| source.table.filter(|_| !source.outer).map(str::to_owned))
        .collect();
    match tables {
        Some(tables) if !tables.is_empty() => {
            if c.unstated.len() == UNSTATED_MAX {
                return c.refuse_at(column.at, SAY);
            }
            let (line, column_number) = place(c.sql, column.at);
            let name = column.name.to_owned();
            c.unstated.push(UnstatedOrder { tables, name, line, column: column_number });
            Ok(())
        }
        _ => c.refuse_at(column.at, SAY),
    }
}

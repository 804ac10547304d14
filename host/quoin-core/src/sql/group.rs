//! What a grouped query may show: what it is grouped by, and aggregates.

use super::cursor::{Column, Cursor};
use super::refusal::Refusal;
use super::select::{Item, Select, unstated};
use super::token::Kind;

/// To be called when the whole SELECT was read, ORDER BY included if it is its own: the columns that
/// are left in the scope are those of ORDER BY.
pub(super) fn check(c: &mut Cursor, select: &Select) -> Result<(), Refusal> {
    let order = std::mem::take(&mut c.scope.columns);
    settle(c, select)?;
    if select.groups.is_none() && c.scope.aggregates == 0 {
        return Ok(());
    }
    let terms = select.groups.as_deref().unwrap_or_default();
    for item in &select.items {
        if item.all {
            let at = c.between(item.tokens.start, item.tokens.end).first().map_or(0, |t| t.at);
            return c.refuse_at(at, "a grouped query names its columns: write them in place of *");
        }
        if !terms.iter().any(|term| shows(c, term, item, select)) {
            columns(c, terms, select, &item.columns)?;
        }
    }
    columns(c, terms, select, &select.having)?;
    // A name of ORDER BY may be that of a result's column.
    let of_tables: Vec<_> = order
        .into_iter()
        .filter(|o| o.table.is_some() || !select.items.iter().any(|i| i.is_called(o.name)))
        .collect();
    columns(c, terms, select, &of_tables)
}

/// Whether the query is grouped by what the item is.
fn shows(c: &Cursor, term: &Item, item: &Item, select: &Select) -> bool {
    let same = same(c, term, item);
    let by_name = term.column().is_some_and(|column| {
        column.table.is_none() && item.alias.is_some_and(|a| a.eq_ignore_ascii_case(column.name))
    });
    same || by_name
        || number(c, term).is_some_and(|n| {
            n.checked_sub(1)
                .and_then(|n| select.items.get(n))
                .is_some_and(|i| i.tokens == item.tokens)
        })
}

/// Whether the two are written alike.
pub(super) fn same(c: &Cursor, one: &Item, other: &Item) -> bool {
    let (a, b) = (&one.tokens, &other.tokens);
    a.len() == b.len()
        && c.between(a.start, a.end)
            .iter()
            .zip(c.between(b.start, b.end))
            .all(|(one, other)| one.same(other))
}

/// The number that a term of ORDER BY or GROUP BY is, which counts the result's columns from 1.
pub(super) fn number(c: &Cursor, term: &Item) -> Option<usize> {
    match c.between(term.tokens.start, term.tokens.end) {
        [one] => one.text.parse().ok(),
        _ => None,
    }
}

/// Whether the tokens from here to the cursor are a literal other than a column's number, which one
/// engine ignores and the other refuses.
pub(super) fn is_constant(c: &Cursor, start: usize) -> bool {
    let tokens = c.between(start, c.position());
    let mut literal = tokens.iter().skip_while(|token| token.is("-") || token.is("+"));
    match (literal.next(), literal.next()) {
        (Some(one), None) => match one.kind {
            Kind::Integer => tokens.len() > 1,
            Kind::Decimal | Kind::Text => true,
            _ => one.is("NULL"),
        },
        _ => false,
    }
}

fn columns(c: &Cursor, terms: &[Item], select: &Select, columns: &[Column]) -> Result<(), Refusal> {
    let grouped = |column: &Column| {
        terms.iter().any(|term| {
            let item = number(c, term)
                .and_then(|n| n.checked_sub(1))
                .and_then(|n| select.items.get(n))
                .unwrap_or(term);
            item.column().is_some_and(|by| by.matches(column))
        })
    };
    match columns.iter().find(|column| !grouped(column)) {
        None => Ok(()),
        Some(column) => {
            let name = column.name;
            let message = format!(
                "{name} has several values in a group: add it to GROUP BY, or take an aggregate \
                 of it, e.g. min({name})"
            );
            c.refuse_at(column.at, message)
        }
    }
}

/// Judges what windows and aggregates sort by, now that it is known what the query reads from.
fn settle(c: &mut Cursor, select: &Select) -> Result<(), Refusal> {
    for column in std::mem::take(&mut c.scope.sorted) {
        unstated(c, column, &select.sources)?;
    }
    Ok(())
}

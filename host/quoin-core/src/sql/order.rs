//! ORDER BY. Engines do not agree on where NULLs go, so it is said wherever there can be any.

use super::checked::SAY;
use super::cursor::{Column, Cursor};
use super::expression::value;
use super::group;
use super::refusal::Refusal;
use super::select::{Item, Select, few_terms, unstated};

/// One term, and whether it says where NULLs go.
fn term<'t>(c: &mut Cursor<'t>) -> Result<(Item<'t>, bool, usize), Refusal> {
    let (start, at, before) = (c.position(), c.peek().at, c.scope.columns.len());
    value(c)?;
    let tokens = start..c.position();
    let columns = c.scope.columns.get(before..).unwrap_or_default().to_vec();
    if group::is_constant(c, start) {
        return c
            .refuse_at(at, "this is the same for all rows: sort by a column, or by its number");
    }
    if !c.accept(&["ASC"]) {
        c.accept(&["DESC"]);
    }
    let stated = c.accept(&["NULLS", "FIRST"]) || c.accept(&["NULLS", "LAST"]);
    Ok((Item { tokens, columns, ..Item::default() }, stated, at))
}

/// A term of a window's or an aggregate's ORDER BY.
pub(super) fn inner(c: &mut Cursor) -> Result<(), Refusal> {
    let (term, stated, at) = term(c)?;
    match term.column() {
        _ if stated => Ok(()),
        Some(column) => {
            c.scope.sorted.push(column);
            Ok(())
        }
        None => c.refuse_at(at, SAY),
    }
}

/// The ORDER BY of several queries that are joined to one, if it is there.
pub(super) fn of_compound(c: &mut Cursor) -> Result<(), Refusal> {
    c.scope = Default::default();
    if !c.accept(&["ORDER", "BY"]) {
        return Ok(());
    }
    let terms = c.list(|c| {
        let (term, stated, at) = term(c)?;
        let named = term.column().is_some_and(|column| column.table.is_none());
        if !named && group::number(c, &term).is_none() {
            return c
                .refuse_at(at, "the result of UNION and its like is sorted by its columns' names");
        }
        match stated {
            true => Ok(()),
            false => c.refuse_at(at, SAY),
        }
    })?;
    c.scope = Default::default();
    few_terms(c, terms.len())
}

/// The ORDER BY of one SELECT, if it is there.
pub(super) fn of_select(c: &mut Cursor, select: &Select) -> Result<(), Refusal> {
    c.scope.columns.clear();
    if !c.accept(&["ORDER", "BY"]) {
        return Ok(());
    }
    let (start, grouped) = (c.peek().at, select.groups.is_some() || c.scope.aggregates > 0);
    let terms = c.list(term)?;
    few_terms(c, terms.len())?;
    if !grouped && c.scope.aggregates > 0 {
        return c.refuse_at(start, "the rows are not grouped: add GROUP BY, or sort in a subquery");
    }
    for (term, stated, at) in &terms {
        let item = shown(c, term, select);
        if select.distinct && item.is_none() && !select.items.iter().any(|i| i.all) {
            return c.refuse_at(
                *at,
                "SELECT DISTINCT is sorted by what it shows: add it to the columns",
            );
        }
        if *stated {
            continue;
        }
        match item.unwrap_or(term).column() {
            Some(column) => unstated(c, Column { at: *at, ..column }, &select.sources)?,
            None => return c.refuse_at(*at, SAY),
        }
    }
    Ok(())
}

/// The column of the result that a term is.
fn shown<'s, 't>(c: &Cursor, term: &Item, select: &'s Select<'t>) -> Option<&'s Item<'t>> {
    if let Some(number) = group::number(c, term) {
        return number.checked_sub(1).and_then(|n| select.items.get(n));
    }
    let name = term.column().filter(|column| column.table.is_none());
    let called = |item: &&Item| name.is_some_and(|column| item.is_called(column.name));
    let named = select.items.iter().find(called);
    named.or_else(|| select.items.iter().find(|item| group::same(c, term, item)))
}

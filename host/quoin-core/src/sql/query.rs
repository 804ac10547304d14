//! SELECT and VALUES.

use super::cursor::Cursor;
use super::expression::{condition, row_condition, subquery, value};
use super::refusal::Refusal;
use super::select::{COLUMNS_MAX, Item, Select, Source, TERMS_MAX, few};
use super::{group, order};

/// Names that WITH defines in a statement: each table is looked for among them.
const DEFINED_MAX: usize = 100;
/// Tables that are joined: SQLite's own limit.
const SOURCES_MAX: usize = 64;

/// How a query ends.
pub(super) struct Ending {
    /// See [`Select::ends_open`].
    pub(super) open: bool,
}

/// A whole query.
pub(super) fn query(c: &mut Cursor) -> Result<Ending, Refusal> {
    with(c)?;
    let mut select = core(c)?;
    let mut compound: Option<&str> = None;
    while let Some(word) = ["UNION", "INTERSECT", "EXCEPT"].into_iter().find(|w| c.is(w)) {
        if compound.is_some_and(|before| (before == "INTERSECT") != (word == "INTERSECT")) {
            return c.refuse(
                "engines do not agree on whether INTERSECT binds stronger: put one part into a \
                 subquery",
            );
        }
        c.take();
        if c.is("ALL") && word != "UNION" {
            return c.refuse(format!("{word} ALL is understood by PostgreSQL only: write {word}"));
        }
        c.accept(&["ALL"]);
        group::check(c, &select)?;
        compound = Some(word);
        select = core(c)?;
    }
    let end = c.position();
    if select.items.is_empty() && (c.is("ORDER") || c.is("LIMIT")) {
        return c.refuse("VALUES has no ORDER BY and no LIMIT: write SELECT … FROM (VALUES …)");
    }
    if compound.is_some() {
        group::check(c, &select)?;
        order::of_compound(c)?;
    } else {
        order::of_select(c, &select)?;
        group::check(c, &select)?;
    }
    let open = select.ends_open && c.position() == end;
    Ok(Ending { open: !limit(c)? && open })
}

/// `LIMIT … OFFSET …`, and whether it is there.
fn limit(c: &mut Cursor) -> Result<bool, Refusal> {
    if c.is("FETCH") {
        return c.refuse("FETCH is understood by PostgreSQL only: write LIMIT");
    }
    if c.is("FOR") {
        return c.refuse("a request has its rows for itself: leave FOR UPDATE out");
    }
    if !c.accept(&["LIMIT"]) {
        return match c.is("OFFSET") {
            true => c.refuse("OFFSET stands behind LIMIT: write LIMIT … OFFSET …"),
            false => Ok(false),
        };
    }
    value(c)?;
    if c.is(",") {
        return c.refuse("`LIMIT a, b` is understood by SQLite only: write LIMIT b OFFSET a");
    }
    if c.accept(&["OFFSET"]) {
        value(c)?;
    }
    Ok(true)
}

/// `WITH name AS (…), …`, if it is there.
pub(super) fn with(c: &mut Cursor) -> Result<(), Refusal> {
    if !c.accept(&["WITH"]) {
        return Ok(());
    }
    let recursive = c.accept(&["RECURSIVE"]);
    c.list(|c| {
        let name = c.thing("a name")?;
        if c.is("(") {
            c.names()?;
        }
        c.expect(&["AS"])?;
        c.accept(&["NOT"]);
        c.accept(&["MATERIALIZED"]);
        c.expect(&["("])?;
        c.defined.push(name);
        few(c, c.defined.len(), DEFINED_MAX, "names in WITH")?;
        if !c.at_query() {
            return c.refuse("WITH holds queries only: let the statement itself do the writing");
        }
        let before = c.tables.len();
        subquery(c)?;
        let inside = c.tables.get(before..).unwrap_or_default();
        let itself = inside.iter().find(|(table, _)| table.eq_ignore_ascii_case(name));
        match itself.copied() {
            Some((_, at)) if !recursive => {
                c.refuse_at(at, format!("{name} reads itself here: write WITH RECURSIVE"))
            }
            _ => Ok(()),
        }
    })?;
    Ok(())
}

/// SELECT or VALUES, up to ORDER BY.
fn core<'t>(c: &mut Cursor<'t>) -> Result<Select<'t>, Refusal> {
    c.scope = Default::default();
    if c.accept(&["VALUES"]) {
        rows(c)?;
        return Ok(Select::default());
    }
    if !c.accept(&["SELECT"]) {
        return c.wanted("SELECT or VALUES");
    }
    let mut select = Select { distinct: c.accept(&["DISTINCT"]), ..Select::default() };
    if select.distinct && c.is("ON") {
        return c.refuse("DISTINCT ON is understood by PostgreSQL only: use GROUP BY or a window");
    }
    c.accept(&["ALL"]);
    select.items = items(c)?;
    if c.accept(&["FROM"]) {
        select.sources = sources(c)?;
        select.ends_open = true;
    }
    if c.accept(&["WHERE"]) {
        row_condition(c, "WHERE")?;
        select.ends_open = false;
    }
    if c.accept(&["GROUP", "BY"]) {
        let terms = c.list(|c| {
            let (start, at) = (c.position(), c.peek().at);
            let before = (c.scope.aggregates, c.scope.windows);
            value(c)?;
            if before != (c.scope.aggregates, c.scope.windows) {
                return c.refuse_at(at, "nothing is grouped by an aggregate: use a subquery");
            }
            if group::is_constant(c, start) {
                return c.refuse_at(at, "this is the same for all rows: group by a column");
            }
            let tokens = start..c.position();
            Ok(Item { tokens, columns: std::mem::take(&mut c.scope.columns), ..Item::default() })
        })?;
        few(c, terms.len(), TERMS_MAX, "terms of GROUP BY")?;
        select.groups = Some(terms);
        select.ends_open = false;
    }
    if c.accept(&["HAVING"]) {
        condition(c)?;
        select.having = std::mem::take(&mut c.scope.columns);
        select.ends_open = false;
    }
    if c.is("WINDOW") {
        return c.refuse("write the window where it is used: OVER (…)");
    }
    Ok(select)
}

/// `(…), (…)`
fn rows(c: &mut Cursor) -> Result<(), Refusal> {
    c.list(|c| {
        c.expect(&["("])?;
        c.list(|c| match c.is("DEFAULT") {
            true => c.refuse("DEFAULT is no value: leave the column out"),
            false => value(c),
        })?;
        c.expect(&[")"])
    })?;
    c.scope.columns.clear();
    Ok(())
}

/// What SELECT and RETURNING list.
pub(super) fn items<'t>(c: &mut Cursor<'t>) -> Result<Vec<Item<'t>>, Refusal> {
    let items = c.list(|c| {
        let start = c.position();
        let of_one = c.at_name() && c.ahead(1).is(".") && c.ahead(2).is("*");
        let all = c.is("*") || of_one;
        if all {
            let length = if of_one { 3 } else { 1 };
            for _ in 0..length {
                c.take();
            }
            return Ok(Item { tokens: start..c.position(), all, ..Item::default() });
        }
        value(c)?;
        let (tokens, columns) = (start..c.position(), std::mem::take(&mut c.scope.columns));
        let alias = match c.accept(&["AS"]) {
            true => Some(c.name("a name")?),
            false if c.at_name() => return c.refuse("a column is named with AS: write … AS name"),
            false => None,
        };
        Ok(Item { alias, tokens, columns, all })
    })?;
    few(c, items.len(), COLUMNS_MAX, "columns")?;
    Ok(items)
}

/// What stands behind FROM.
pub(super) fn sources<'t>(c: &mut Cursor<'t>) -> Result<Vec<Source<'t>>, Refusal> {
    let mut sources = vec![source(c, false)?];
    loop {
        if c.is(",") {
            return c.refuse("tables are joined by words: write CROSS JOIN, or JOIN … ON …");
        }
        if ["RIGHT", "FULL", "NATURAL"].iter().any(|word| c.is(word)) {
            return c.refuse("joins are JOIN, LEFT JOIN and CROSS JOIN: write one of these");
        }
        let cross = c.accept(&["CROSS"]);
        let outer = !cross && c.accept(&["LEFT"]);
        if outer {
            c.accept(&["OUTER"]);
        } else if !cross {
            c.accept(&["INNER"]);
        }
        if !c.accept(&["JOIN"]) {
            return match cross || outer {
                true => c.wanted("JOIN"),
                false => Ok(sources),
            };
        }
        sources.push(source(c, outer)?);
        few(c, sources.len(), SOURCES_MAX, "tables in one query")?;
        if cross {
            continue;
        }
        if c.accept(&["USING"]) {
            c.names()?;
        } else if c.accept(&["ON"]) {
            row_condition(c, "ON")?;
        } else {
            return c.refuse("a join has a condition: write ON …, or CROSS JOIN");
        }
    }
}

fn source<'t>(c: &mut Cursor<'t>, outer: bool) -> Result<Source<'t>, Refusal> {
    if c.accept(&["("]) {
        subquery(c)?;
        c.accept(&["AS"]);
        let name = c.name("a name for the subquery")?;
        if c.is("(") {
            return c.refuse("name the columns inside the subquery, with AS");
        }
        return Ok(Source { name, table: None, outer });
    }
    let table = c.table()?;
    if c.is("(") {
        return c.refuse("functions are no tables: keep what you look for in tables");
    }
    let name = alias(c)?.unwrap_or(table);
    if c.is("INDEXED") || c.are(&["NOT", "INDEXED"]) {
        return c.refuse("INDEXED BY is understood by SQLite only: leave it out");
    }
    let defined = c.defined.iter().any(|d| d.eq_ignore_ascii_case(table));
    Ok(Source { name, table: (!defined).then_some(table), outer })
}

/// `AS name` or `name`, if it is there.
pub(super) fn alias<'t>(c: &mut Cursor<'t>) -> Result<Option<&'t str>, Refusal> {
    match c.accept(&["AS"]) || c.at_name() {
        true => c.name("a name").map(Some),
        false => Ok(None),
    }
}

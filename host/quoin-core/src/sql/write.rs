//! INSERT, UPDATE and DELETE.

use super::cursor::{Cursor, Place};
use super::expression::{expression, row_condition, value};
use super::query;
use super::refusal::Refusal;

const CONFLICT_WORDS: [&str; 5] = ["REPLACE", "IGNORE", "ABORT", "FAIL", "ROLLBACK"];

/// A statement on rows: what every call may run.
pub(super) fn rows(c: &mut Cursor) -> Result<(), Refusal> {
    query::with(c)?;
    if c.is("SELECT") || c.is("VALUES") {
        return query::query(c).map(drop);
    }
    if c.accept(&["INSERT"]) {
        return insert(c);
    }
    if c.accept(&["UPDATE"]) {
        return update(c);
    }
    if c.accept(&["DELETE"]) {
        return delete(c);
    }
    if c.is("REPLACE") {
        return c.refuse(
            "REPLACE is understood by SQLite only: write INSERT … ON CONFLICT (…) DO UPDATE SET …",
        );
    }
    c.wanted("SELECT, INSERT, UPDATE or DELETE")
}

fn not_or(c: &Cursor) -> Result<(), Refusal> {
    match c.is("OR") && CONFLICT_WORDS.iter().any(|word| c.ahead(1).is(word)) {
        true => c.refuse(
            "OR REPLACE, OR IGNORE and their like are understood by SQLite only: write \
             ON CONFLICT (…) DO UPDATE SET … or ON CONFLICT DO NOTHING",
        ),
        false => Ok(()),
    }
}

fn insert(c: &mut Cursor) -> Result<(), Refusal> {
    not_or(c)?;
    c.expect(&["INTO"])?;
    target(c)?;
    if c.is("(") {
        c.names()?;
    }
    let mut open = false;
    if !c.accept(&["DEFAULT", "VALUES"]) {
        if !c.at_query() {
            return c.wanted("VALUES or SELECT");
        }
        open = query::query(c)?.open;
        c.scope = Default::default();
    }
    if c.is("ON") {
        if open {
            return c.refuse("SQLite takes this ON for that of a join: put WHERE TRUE before it");
        }
        conflict(c)?;
    }
    if c.are(&["ON", "CONFLICT"]) {
        return c.refuse("one ON CONFLICT is understood everywhere: leave the others out");
    }
    returning(c)
}

fn conflict(c: &mut Cursor) -> Result<(), Refusal> {
    c.expect(&["ON", "CONFLICT"])?;
    if c.is("ON") {
        return c.refuse("ON CONSTRAINT is understood by PostgreSQL only: name the columns in (…)");
    }
    let mut targeted = false;
    if c.accept(&["("]) {
        targeted = true;
        c.list(|c| c.name("the name of a column"))?;
        c.expect(&[")"])?;
        if c.accept(&["WHERE"]) {
            row_condition(c, "WHERE")?;
        }
    }
    c.expect(&["DO"])?;
    if c.accept(&["NOTHING"]) {
        return Ok(());
    }
    if !targeted {
        return c.refuse("the conflict has columns: write ON CONFLICT (…) DO UPDATE SET …");
    }
    c.expect(&["UPDATE", "SET"])?;
    c.place = Place { qualified: true, ..c.place };
    assignments(c)?;
    if c.accept(&["WHERE"]) {
        row_condition(c, "WHERE")?;
    }
    c.place.qualified = false;
    Ok(())
}

fn assignments(c: &mut Cursor) -> Result<(), Refusal> {
    c.list(|c| {
        if c.is("(") {
            c.names()?;
            c.expect(&["="])?;
            // As many values as names: the engine counts them.
            return match c.is("(") {
                true => expression(c).map(drop),
                false => c.wanted("(…)"),
            };
        }
        c.name("the name of a column")?;
        if c.is(".") {
            return c.refuse("SET names columns of the table that is written: leave its name out");
        }
        c.expect(&["="])?;
        value(c)
    })?;
    no_aggregates(c)
}

fn no_aggregates(c: &mut Cursor) -> Result<(), Refusal> {
    let scope = std::mem::take(&mut c.scope);
    match (scope.aggregates, scope.windows) {
        (0, 0) => Ok(()),
        _ => c.refuse("rows are written one by one: take the aggregate in a subquery"),
    }
}

fn update(c: &mut Cursor) -> Result<(), Refusal> {
    not_or(c)?;
    target(c)?;
    c.expect(&["SET"])?;
    assignments(c)?;
    if c.accept(&["FROM"]) {
        query::sources(c)?;
    }
    filtered(c)
}

fn delete(c: &mut Cursor) -> Result<(), Refusal> {
    c.expect(&["FROM"])?;
    target(c)?;
    if c.is("USING") {
        return c.refuse("USING is understood by PostgreSQL only: write WHERE … IN (SELECT …)");
    }
    filtered(c)
}

fn target(c: &mut Cursor) -> Result<(), Refusal> {
    c.table()?;
    if c.accept(&["AS"]) {
        c.name("a name")?;
    }
    if c.is("INDEXED") || c.are(&["NOT", "INDEXED"]) {
        return c.refuse("INDEXED BY is understood by SQLite only: leave it out");
    }
    Ok(())
}

/// The end of UPDATE and DELETE.
fn filtered(c: &mut Cursor) -> Result<(), Refusal> {
    if c.accept(&["WHERE"]) {
        row_condition(c, "WHERE")?;
    }
    if c.is("ORDER") || c.is("LIMIT") {
        return c.refuse("rows to write are chosen by WHERE: write WHERE … IN (SELECT … LIMIT …)");
    }
    returning(c)
}

fn returning(c: &mut Cursor) -> Result<(), Refusal> {
    if !c.accept(&["RETURNING"]) {
        return Ok(());
    }
    let at = c.peek().at;
    let items = query::items(c)?;
    if items.iter().any(|item| item.all && item.tokens.len() > 1) {
        return c.refuse_at(at, "RETURNING names columns: leave the table's name before * out");
    }
    no_aggregates(c)
}

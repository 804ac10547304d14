//! CREATE, ALTER and DROP, which stand in migrations only.

use super::cursor::{Cursor, Place};
use super::expression::{row_condition, value};
use super::refusal::Refusal;
use super::statement::Change;
use super::token::Kind;
use super::words::{TYPE_INSTEAD, TYPES};

/// A statement on the schema, if one comes next. `changes` gets what the text is to be changed into
/// for SQLite.
pub(super) fn statement(c: &mut Cursor, changes: &mut Vec<Change>) -> Result<bool, Refusal> {
    c.place = Place { schema: true, qualified: false };
    if c.accept(&["CREATE"]) {
        create(c, changes)?;
    } else if c.accept(&["ALTER"]) {
        alter(c, changes)?;
    } else if c.accept(&["DROP"]) {
        drop_it(c)?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn create(c: &mut Cursor, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    if c.accept(&["TABLE"]) {
        return create_table(c, changes);
    }
    if c.accept(&["UNIQUE", "INDEX"]) || c.accept(&["INDEX"]) {
        return create_index(c);
    }
    for (word, why) in [
        ("TEMP", "tables are there for good: use WITH for what a statement needs"),
        ("TEMPORARY", "tables are there for good: use WITH for what a statement needs"),
        ("VIEW", "there are no views: put the query into the plugin"),
        ("TRIGGER", "there are no triggers: let the plugin write what follows"),
        ("VIRTUAL", "virtual tables are understood by SQLite only: use a table"),
    ] {
        if c.is(word) {
            return c.refuse(why);
        }
    }
    c.wanted("TABLE or INDEX")
}

fn create_table(c: &mut Cursor, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    c.accept(&["IF", "NOT", "EXISTS"]);
    c.table()?;
    if c.is("AS") {
        return c.refuse("a table is made of columns with types: write them, then INSERT … SELECT");
    }
    c.expect(&["("])?;
    let mut constraints = false;
    c.list(|c| {
        if at_table_constraint(c) {
            constraints = true;
            return table_constraint(c);
        }
        match constraints {
            true => c.wanted("a constraint: columns stand before them"),
            false => column(c, changes, true),
        }
    })?;
    let end = c.peek().at.saturating_add(1);
    c.expect(&[")"])?;
    if c.is("STRICT") {
        return c.refuse("every table is STRICT without being told: leave it out");
    }
    if c.is("WITHOUT") {
        return c.refuse("WITHOUT ROWID is understood by SQLite only: leave it out");
    }
    changes.push(Change { at: end..end, to: " STRICT" });
    Ok(())
}

/// A column's definition.
fn column(c: &mut Cursor, changes: &mut Vec<Change>, new: bool) -> Result<(), Refusal> {
    c.name("the name of a column")?;
    column_type(c, changes)?;
    loop {
        if c.accept(&["CONSTRAINT"]) {
            c.name("the name of a constraint")?;
        }
        if (c.is("UNIQUE") || c.is("PRIMARY")) && !new {
            return c.refuse("SQLite adds no unique column: add it, then CREATE UNIQUE INDEX");
        }
        if c.accept(&["NOT", "NULL"]) || c.accept(&["UNIQUE"]) {
            // Nothing more belongs to it.
        } else if c.accept(&["PRIMARY", "KEY"]) {
            if c.is("AUTOINCREMENT") || c.is("ASC") || c.is("DESC") {
                return c.refuse("a key is given by who inserts: leave this out");
            }
        } else if c.accept(&["CHECK"]) {
            check(c)?;
        } else if c.accept(&["DEFAULT"]) {
            default(c)?;
        } else if c.is("REFERENCES") {
            references(c)?;
        } else if c.is("GENERATED") || c.is("AS") {
            return c.refuse("no column is generated: write its value");
        } else if c.is("COLLATE") {
            return c.refuse("text is ordered by its bytes everywhere: leave COLLATE out");
        } else if c.is("NULL") {
            return c.refuse("a column may hold NULL without being told: leave it out");
        } else if c.is(",") || c.is(")") || c.is(";") || c.peek().kind == Kind::End {
            break;
        } else {
            return c.wanted("a constraint or a comma");
        }
        if c.are(&["ON", "CONFLICT"]) {
            return c.refuse("ON CONFLICT stands in INSERT: leave it out here");
        }
    }
    Ok(())
}

fn column_type(c: &mut Cursor, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    let start = c.peek();
    let Some((words, strict)) = TYPES.iter().find(|(words, _)| c.are(words)) else {
        let word = start.text;
        if let Some((_, why)) = TYPE_INSTEAD.iter().find(|(name, _)| start.is(name)) {
            return c.refuse(format!("{word} {why}"));
        }
        return c.wanted("a type (TEXT, BIGINT, DOUBLE PRECISION or BLOB)");
    };
    let last = c.ahead(words.len().saturating_sub(1));
    c.accept(words);
    if c.is("(") {
        return c.refuse("types have no size: write CHECK (length(…) <= n)");
    }
    let end = last.at.saturating_add(last.text.len());
    // What stands between two words of a type stays: a line break, a comment.
    changes.push(Change { at: start.at..start.at.saturating_add(start.text.len()), to: strict });
    if words.len() > 1 {
        changes.push(Change { at: last.at..end, to: "" });
    }
    Ok(())
}

fn default(c: &mut Cursor) -> Result<(), Refusal> {
    let sign = c.accept(&["-"]);
    let kind = c.peek().kind;
    if matches!(kind, Kind::Integer | Kind::Decimal)
        || !sign && (kind == Kind::Text || c.is("NULL"))
    {
        c.take();
        return Ok(());
    }
    c.refuse("a default is a number, a text or NULL: write one (1 and 0 for TRUE and FALSE)")
}

fn check(c: &mut Cursor) -> Result<(), Refusal> {
    c.expect(&["("])?;
    row_condition(c, "CHECK")?;
    c.scope = Default::default();
    c.expect(&[")"])
}

fn references(c: &mut Cursor) -> Result<(), Refusal> {
    c.expect(&["REFERENCES"])?;
    c.table()?;
    if c.is("(") {
        c.names()?;
    }
    while c.is("ON") && !c.ahead(1).is("CONFLICT") {
        c.take();
        if !c.accept(&["DELETE"]) && !c.accept(&["UPDATE"]) {
            return c.wanted("DELETE or UPDATE");
        }
        let actions: [&[&str]; 5] =
            [&["CASCADE"], &["RESTRICT"], &["NO", "ACTION"], &["SET", "NULL"], &["SET", "DEFAULT"]];
        if !actions.iter().any(|words| c.accept(words)) {
            return c.wanted("CASCADE, RESTRICT, NO ACTION, SET NULL or SET DEFAULT");
        }
    }
    if c.is("MATCH") {
        return c.refuse("MATCH differs between engines: leave it out");
    }
    if c.is("DEFERRABLE") || c.are(&["NOT", "DEFERRABLE"]) || c.is("INITIALLY") {
        return c.refuse(
            "a constraint is checked with its statement, so that what breaks it fails alone: \
             leave this out",
        );
    }
    Ok(())
}

fn at_table_constraint(c: &Cursor) -> bool {
    ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].iter().any(|word| c.is(word))
}

fn table_constraint(c: &mut Cursor) -> Result<(), Refusal> {
    if c.accept(&["CONSTRAINT"]) {
        c.name("the name of a constraint")?;
    }
    if c.accept(&["PRIMARY", "KEY"]) || c.accept(&["UNIQUE"]) {
        c.names()?;
    } else if c.accept(&["CHECK"]) {
        check(c)?;
    } else if c.accept(&["FOREIGN", "KEY"]) {
        c.names()?;
        references(c)?;
    } else {
        return c.wanted("PRIMARY KEY, UNIQUE, CHECK or FOREIGN KEY");
    }
    match c.are(&["ON", "CONFLICT"]) {
        true => c.refuse("ON CONFLICT stands in INSERT: leave it out here"),
        false => Ok(()),
    }
}

fn create_index(c: &mut Cursor) -> Result<(), Refusal> {
    c.accept(&["IF", "NOT", "EXISTS"]);
    c.thing("the name of the index")?;
    c.expect(&["ON"])?;
    c.table()?;
    if c.is("USING") {
        return c.refuse("the kind of index differs between engines: leave USING out");
    }
    c.expect(&["("])?;
    c.list(|c| {
        let alone = c.is("(")
            || c.ahead(1).is("(")
            || c.ahead(1).is(",")
            || c.ahead(1).is(")")
            || c.ahead(1).is("ASC")
            || c.ahead(1).is("DESC")
            || c.ahead(1).is("NULLS");
        if !alone {
            return c.refuse("an expression of an index stands in parentheses: write ((…))");
        }
        value(c)?;
        if !c.accept(&["ASC"]) {
            c.accept(&["DESC"]);
        }
        match c.is("NULLS") {
            true => c.refuse("SQLite's indexes have no place for NULLs: leave it out"),
            false => Ok(()),
        }
    })?;
    c.expect(&[")"])?;
    if c.accept(&["WHERE"]) {
        row_condition(c, "WHERE")?;
    }
    match std::mem::take(&mut c.scope).aggregates {
        0 => Ok(()),
        _ => c.refuse("an index has no aggregates: take them when you read"),
    }
}

fn alter(c: &mut Cursor, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    c.expect(&["TABLE"])?;
    c.table()?;
    if c.accept(&["ADD"]) {
        if at_table_constraint(c) {
            return c.refuse("SQLite adds no constraints: make a new table and copy the rows");
        }
        c.accept(&["COLUMN"]);
        column(c, changes, false)?;
    } else if c.accept(&["RENAME", "TO"]) {
        c.thing("the new name")?;
    } else if c.accept(&["RENAME"]) {
        c.accept(&["COLUMN"]);
        c.name("the name of a column")?;
        c.expect(&["TO"])?;
        c.name("the new name")?;
    } else if c.accept(&["DROP"]) {
        c.accept(&["COLUMN"]);
        c.name("the name of a column")?;
    } else if c.is("ALTER") {
        return c.refuse("SQLite changes no column: add a new one and copy the values");
    } else {
        return c.wanted("ADD, RENAME or DROP");
    }
    match c.is(",") {
        true => c.refuse("one change a statement is understood everywhere: write another one"),
        false => Ok(()),
    }
}

fn drop_it(c: &mut Cursor) -> Result<(), Refusal> {
    let table = c.accept(&["TABLE"]);
    if !table && !c.accept(&["INDEX"]) {
        return c.wanted("TABLE or INDEX");
    }
    c.accept(&["IF", "EXISTS"]);
    match table {
        true => c.table()?,
        false => c.thing("the name of the index")?,
    };
    match c.is("CASCADE") || c.is("RESTRICT") || c.is(",") {
        true => c.refuse("one name a statement is understood everywhere: write it alone"),
        false => Ok(()),
    }
}

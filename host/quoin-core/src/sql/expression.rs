//! Values and conditions. SQLite takes one for the other, PostgreSQL does not.

use super::cursor::{Column, Cursor};
use super::refusal::Refusal;
use super::token;
use super::words::{CAST_TYPES, FUNCTIONS, INSTEAD, Of};

/// What an expression yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Yields {
    Value,
    Condition,
    /// Several values.
    Row(usize),
    /// A subquery: as many values as it has columns.
    Subquery,
}

const NO_VALUE: &str = "a condition is no value: write CASE WHEN … THEN 1 ELSE 0 END, and 1 and 0 \
     for TRUE and FALSE";
const NO_CONDITION: &str = "a value is no condition: compare it with something, e.g. … = 1";

pub(super) fn value(c: &mut Cursor) -> Result<(), Refusal> {
    let at = c.peek().at;
    match expression(c)? {
        Yields::Value | Yields::Subquery => Ok(()),
        Yields::Condition => c.refuse_at(at, NO_VALUE),
        Yields::Row(_) => c.refuse_at(at, "one value must stand here, not several"),
    }
}

pub(super) fn condition(c: &mut Cursor) -> Result<(), Refusal> {
    let at = c.peek().at;
    match expression(c)? {
        Yields::Condition => Ok(()),
        _ => c.refuse_at(at, NO_CONDITION),
    }
}

/// A condition that is asked of each row, where aggregates have no meaning.
pub(super) fn row_condition(c: &mut Cursor, clause: &str) -> Result<(), Refusal> {
    let (at, columns) = (c.peek().at, c.scope.columns.len());
    let before = (c.scope.aggregates, c.scope.windows);
    condition(c)?;
    c.scope.columns.truncate(columns);
    if before == (c.scope.aggregates, c.scope.windows) {
        return Ok(());
    }
    let message = format!("{clause} has no aggregates and no windows: use HAVING or a subquery");
    c.refuse_at(at, message)
}

/// AND and OR yield what they take, so that which of them binds stronger need not be looked at.
pub(super) fn expression(c: &mut Cursor) -> Result<Yields, Refusal> {
    c.nested(|c| {
        let mut joined = false;
        loop {
            let at = c.peek().at;
            let mut negated = false;
            while c.is("NOT") && !c.are(&["NOT", "EXISTS"]) {
                c.take();
                negated = true;
            }
            let yields = predicate(c)?;
            let more = c.is("AND") || c.is("OR");
            if (negated || joined || more) && yields != Yields::Condition {
                return c.refuse_at(at, NO_CONDITION);
            }
            if !more {
                return Ok(yields);
            }
            c.take();
            joined = true;
        }
    })
}

fn predicate(c: &mut Cursor) -> Result<Yields, Refusal> {
    if c.is("EXISTS") || c.are(&["NOT", "EXISTS"]) {
        c.accept(&["NOT"]);
        c.take();
        c.expect(&["("])?;
        subquery(c)?;
        return Ok(Yields::Condition);
    }
    let at = c.peek().at;
    let left = calculation(c)?;
    if !comparison(c, left, at)? {
        return Ok(left);
    }
    // Engines do not agree on what binds stronger.
    if at_comparison(c) {
        return c.refuse("a comparison of a comparison: put parentheses around the first one");
    }
    Ok(Yields::Condition)
}

const COMPARISONS: [&str; 7] = ["=", "<>", "!=", "<", ">", "<=", ">="];
const ONE_ENGINE: [(&str, &str); 8] = [
    ("GLOB", "GLOB is understood by SQLite only: write LIKE"),
    ("MATCH", "MATCH is understood by SQLite only: write LIKE"),
    ("REGEXP", "REGEXP is not understood: write LIKE, or look in the plugin"),
    ("ILIKE", "ILIKE is understood by PostgreSQL only: write lower(…) LIKE lower(…)"),
    ("SIMILAR", "SIMILAR TO is understood by PostgreSQL only: write LIKE"),
    ("ISNULL", "write IS NULL"),
    ("NOTNULL", "write IS NOT NULL"),
    ("COLLATE", "text is ordered by its bytes everywhere: keep a column in the form to sort by"),
];

fn at_comparison(c: &Cursor) -> bool {
    COMPARISONS.iter().any(|mark| c.is(mark))
        || ["IN", "BETWEEN", "LIKE", "IS"].iter().any(|word| c.is(word))
        || c.is("NOT") && ["IN", "BETWEEN", "LIKE"].iter().any(|word| c.ahead(1).is(word))
        || ONE_ENGINE.iter().any(|(word, _)| c.is(word) || c.are(&["NOT", word]))
}

/// What compares `left` with something, if that comes next.
fn comparison(c: &mut Cursor, left: Yields, at: usize) -> Result<bool, Refusal> {
    let one_engine = |(word, _): &&(&str, &str)| c.is(word) || c.are(&["NOT", word]);
    if let Some((_, why)) = ONE_ENGINE.iter().find(one_engine) {
        return c.refuse(*why);
    }
    if !at_comparison(c) {
        return Ok(false);
    }
    if left == Yields::Condition {
        return c.refuse_at(at, NO_VALUE);
    }
    if COMPARISONS.iter().any(|mark| c.is(mark)) {
        c.take();
        operand_like(c, left)?;
        return Ok(true);
    }
    if c.accept(&["IS"]) {
        c.accept(&["NOT"]);
        if c.accept(&["DISTINCT", "FROM"]) {
            operand_like(c, left)?;
        } else if c.accept(&["NULL"]) {
            scalar(c, left, at)?;
        } else {
            return c.refuse("IS stands before NULL only: write = or IS NOT DISTINCT FROM");
        }
        return Ok(true);
    }
    c.accept(&["NOT"]);
    if c.accept(&["IN"]) {
        members(c, left)?;
    } else if c.accept(&["BETWEEN"]) {
        operand_like(c, left)?;
        c.expect(&["AND"])?;
        operand_like(c, left)?;
    } else {
        c.expect(&["LIKE"])?;
        scalar(c, left, at)?;
        like(c)?;
    }
    Ok(true)
}

/// What is compared with `left`: as many values.
fn operand_like(c: &mut Cursor, left: Yields) -> Result<(), Refusal> {
    let at = c.peek().at;
    match (left, calculation(c)?) {
        (_, Yields::Condition) => c.refuse_at(at, NO_VALUE),
        (_, Yields::Subquery) | (Yields::Subquery, _) => Ok(()),
        (left, right) if left == right => Ok(()),
        _ => c.refuse_at(at, "this has not as many values as what it is compared with"),
    }
}

fn members(c: &mut Cursor, left: Yields) -> Result<(), Refusal> {
    if !c.accept(&["("]) {
        return c.refuse("IN is followed by (…): write IN (SELECT … FROM …)");
    }
    if c.at_query() {
        return subquery(c);
    }
    if c.is(")") {
        return c.refuse("an empty list is understood by SQLite only: leave the condition out");
    }
    if left != Yields::Value {
        return c.refuse("several values are looked for with IN (VALUES (…), (…))");
    }
    c.list(value)?;
    c.expect(&[")"])
}

fn like(c: &mut Cursor) -> Result<(), Refusal> {
    let pattern = c.peek();
    operand_like(c, Yields::Value)?;
    if c.accept(&["ESCAPE"]) {
        let one = c.peek().kind == token::Kind::Text && c.peek().text.chars().count() == 3;
        if !one {
            return c.refuse("ESCAPE is followed by one character: write ESCAPE '\\'");
        }
        c.take();
        return Ok(());
    }
    let plain = pattern.kind == token::Kind::Text && !pattern.text.contains('\\');
    match plain {
        true => Ok(()),
        // Without it, \ is itself in SQLite and an escape in PostgreSQL.
        false => c.refuse_at(pattern.at, "engines escape differently: write LIKE … ESCAPE '\\'"),
    }
}

/// Values joined by operators.
fn calculation(c: &mut Cursor) -> Result<Yields, Refusal> {
    let (mut arithmetic, mut concatenation) = (false, false);
    let mut at = c.peek().at;
    let mut yields = operand(c)?;
    loop {
        let joins = c.is("||");
        let calculates = ["+", "-", "*", "/", "%"].iter().any(|mark| c.is(mark));
        if !joins && !calculates {
            return Ok(yields);
        }
        concatenation |= joins;
        arithmetic |= calculates;
        if arithmetic && concatenation {
            return c.refuse("engines do not agree on whether || binds stronger: use parentheses");
        }
        scalar(c, yields, at)?;
        c.take();
        at = c.peek().at;
        yields = operand(c)?;
        scalar(c, yields, at)?;
        yields = Yields::Value;
    }
}

fn scalar(c: &Cursor, yields: Yields, at: usize) -> Result<(), Refusal> {
    match yields {
        Yields::Value | Yields::Subquery => Ok(()),
        Yields::Condition => c.refuse_at(at, NO_VALUE),
        Yields::Row(_) => c.refuse_at(at, "one value must stand here, not several"),
    }
}

fn operand(c: &mut Cursor) -> Result<Yields, Refusal> {
    use token::Kind as K;
    let at = c.peek().at;
    let mut signed = false;
    while c.is("-") || c.is("+") {
        c.take();
        signed = true;
    }
    let token = c.peek();
    let yields = match token.kind {
        K::Integer | K::Decimal | K::Text => {
            c.take();
            Yields::Value
        }
        K::Parameter => {
            c.parameter()?;
            Yields::Value
        }
        K::Mark if token.is("(") => in_parentheses(c)?,
        K::Word => word(c)?,
        _ => return c.wanted("a value"),
    };
    if signed {
        scalar(c, yields, at)?;
    }
    Ok(yields)
}

fn in_parentheses(c: &mut Cursor) -> Result<Yields, Refusal> {
    c.take();
    if c.at_query() {
        subquery(c)?;
        return Ok(Yields::Subquery);
    }
    let at = c.peek().at;
    let first = expression(c)?;
    if !c.is(",") {
        c.expect(&[")"])?;
        return Ok(first);
    }
    scalar(c, first, at)?;
    let mut count: usize = 1;
    while c.accept(&[","]) {
        value(c)?;
        count = count.saturating_add(1);
    }
    c.expect(&[")"])?;
    Ok(Yields::Row(count))
}

/// A query whose opening parenthesis was taken, and the closing one.
pub(super) fn subquery(c: &mut Cursor) -> Result<(), Refusal> {
    if c.place.schema {
        return c.refuse("the schema holds no subqueries: check this in the plugin");
    }
    let (outer, place) = (std::mem::take(&mut c.scope), std::mem::take(&mut c.place));
    c.nested(c.inner.query)?;
    (c.scope, c.place) = (outer, place);
    c.expect(&[")"])
}

fn word(c: &mut Cursor) -> Result<Yields, Refusal> {
    if c.accept(&["NULL"]) {
        return Ok(Yields::Value);
    }
    if c.accept(&["TRUE"]) || c.accept(&["FALSE"]) {
        return Ok(Yields::Condition);
    }
    if c.accept(&["CASE"]) {
        return c.nested(case);
    }
    if c.accept(&["CAST"]) {
        return c.nested(cast);
    }
    if ["CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP"].iter().any(|word| c.is(word)) {
        return c.refuse("a statement depends on its parameters only: pass the time as one");
    }
    if c.ahead(1).is("(") && c.at_name() {
        return c.nested(call);
    }
    column(c)?;
    Ok(Yields::Value)
}

fn column(c: &mut Cursor) -> Result<(), Refusal> {
    let at = c.peek().at;
    let first = c.name("a value")?;
    let mut column = Column { table: None, name: first, at };
    if c.accept(&["."]) {
        column = Column { table: Some(first), name: c.name("the name of a column")?, at };
        if c.is(".") {
            return c.refuse("a plugin has one schema: write table.column");
        }
    } else if c.place.qualified {
        let message =
            format!("two rows have {first} here: write table.{first} or excluded.{first}");
        return c.refuse_at(at, message);
    }
    c.scope.columns.push(column);
    Ok(())
}

fn case(c: &mut Cursor) -> Result<Yields, Refusal> {
    let compares = !c.is("WHEN");
    if compares {
        value(c)?;
    }
    c.expect(&["WHEN"])?;
    loop {
        match compares {
            true => value(c)?,
            false => condition(c)?,
        }
        c.expect(&["THEN"])?;
        value(c)?;
        if !c.accept(&["WHEN"]) {
            break;
        }
    }
    if c.accept(&["ELSE"]) {
        value(c)?;
    }
    c.expect(&["END"])?;
    Ok(Yields::Value)
}

fn cast(c: &mut Cursor) -> Result<Yields, Refusal> {
    c.expect(&["("])?;
    value(c)?;
    c.expect(&["AS"])?;
    if !CAST_TYPES.iter().any(|words| c.accept(words)) {
        return c.refuse("CAST makes TEXT, BIGINT or DOUBLE PRECISION: write one of these");
    }
    c.expect(&[")"])?;
    Ok(Yields::Value)
}

fn call(c: &mut Cursor) -> Result<Yields, Refusal> {
    let name = c.take();
    let lower = name.text.to_ascii_lowercase();
    let Some((known, least, most, of)) = FUNCTIONS.iter().find(|f| f.0 == lower).copied() else {
        let instead = INSTEAD.iter().find(|(function, _)| *function == lower);
        let why = instead.map_or("see the list in docs/sql.md", |(_, why)| why);
        let message = format!("the function {} is not one of both engines: {why}", name.text);
        return c.refuse_at(name.at, message);
    };
    c.expect(&["("])?;
    let (aggregates, windows) = (c.scope.aggregates, c.scope.windows);
    let columns = c.scope.columns.len();
    let count = arguments(c, known, of)?;
    if !(least..=most).contains(&count) {
        let why = match known {
            "max" | "min" => "of several values in a row, write CASE WHEN a > b THEN a ELSE b END",
            "round" => "round takes one: multiply, round and divide",
            _ => "see the list in docs/sql.md",
        };
        let message = format!("{known} does not take {count} arguments everywhere: {why}");
        return c.refuse_at(name.at, message);
    }
    filter(c, of)?;
    let windowed = c.accept(&["OVER"]);
    if windowed {
        window(c)?;
        c.scope.windows = c.scope.windows.saturating_add(1);
    }
    match of {
        Of::Window if !windowed => {
            c.refuse_at(name.at, format!("{known} is over a window: write {known}(…) OVER (…)"))
        }
        Of::Row if windowed => c.refuse_at(name.at, format!("{known} is not over a window")),
        Of::Group if !windowed => {
            if c.scope.aggregates > aggregates || c.scope.windows > windows {
                let message =
                    "an aggregate of an aggregate or a window: put the inner one into a subquery";
                return c.refuse_at(name.at, message);
            }
            c.scope.aggregates = aggregates.saturating_add(1);
            c.scope.columns.truncate(columns);
            Ok(Yields::Value)
        }
        _ => Ok(Yields::Value),
    }
}

/// What stands between the parentheses of a call, and the closing one.
fn arguments(c: &mut Cursor, name: &str, of: Of) -> Result<usize, Refusal> {
    if c.accept(&[")"]) {
        return Ok(0);
    }
    if name == "count" && c.accept(&["*", ")"]) {
        return Ok(1);
    }
    let distinct = of == Of::Group && c.accept(&["DISTINCT"]);
    let count = c.list(value)?.len();
    if distinct && count > 1 {
        return c.refuse("DISTINCT stands before one argument only: use a subquery");
    }
    if of == Of::Group && !distinct && c.accept(&["ORDER", "BY"]) {
        c.list(c.inner.order)?;
    }
    c.expect(&[")"])?;
    Ok(count)
}

fn filter(c: &mut Cursor, of: Of) -> Result<(), Refusal> {
    if of != Of::Group || !c.accept(&["FILTER"]) {
        return Ok(());
    }
    c.expect(&["(", "WHERE"])?;
    row_condition(c, "FILTER")?;
    c.expect(&[")"])
}

fn window(c: &mut Cursor) -> Result<(), Refusal> {
    if !c.accept(&["("]) {
        return c.refuse("the window stands here: write OVER (…)");
    }
    if c.accept(&["PARTITION", "BY"]) {
        c.list(value)?;
    }
    if c.accept(&["ORDER", "BY"]) {
        c.list(c.inner.order)?;
    }
    if ["ROWS", "RANGE", "GROUPS"].iter().any(|word| c.accept(&[word])) {
        match c.accept(&["BETWEEN"]) {
            true => {
                bound(c)?;
                c.expect(&["AND"])?;
                bound(c)?;
            }
            false => bound(c)?,
        }
    }
    c.expect(&[")"])
}

fn bound(c: &mut Cursor) -> Result<(), Refusal> {
    if c.accept(&["CURRENT", "ROW"]) {
        return Ok(());
    }
    if !c.accept(&["UNBOUNDED"]) {
        match c.peek().kind {
            token::Kind::Integer => c.take(),
            _ => return c.wanted("UNBOUNDED, CURRENT ROW or a number of rows"),
        };
    }
    match c.accept(&["PRECEDING"]) || c.accept(&["FOLLOWING"]) {
        true => Ok(()),
        false => c.wanted("PRECEDING or FOLLOWING"),
    }
}

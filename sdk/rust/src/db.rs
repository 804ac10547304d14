//! Short ways to use the plugin's tables.
//!
//! ```ignore
//! let row = db::first("SELECT title FROM thing WHERE id = ?1", &params![id])?;
//! let title = row.text("title");
//! ```
//!
//! What a plugin can act on (a broken constraint) comes back as an error; anything else (bad SQL, a
//! column that is not there, a full database) is logged and traps, and the host undoes what
//! the call wrote. The client is told that a plugin failed, or (507) that there is no room left.

use std::rc::Rc;

pub use crate::host::sql::{BrokenConstraint, ConstraintKind, Error, Rows, Statement, Value};

use crate::host::{sql, trap};

/// The parameters of a statement: `&params![id, 3, None::<String>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::db::Value::from($value)),*] };
}

macro_rules! from_integer {
    ($($type:ty),*) => { $(
        impl From<$type> for Value {
            fn from(value: $type) -> Value {
                Value::Integer(i64::from(value))
            }
        }
    )* };
}
from_integer!(i64, i32, u32, u16, u8, bool);

impl From<u64> for Value {
    /// SQL has no unsigned 64-bit integers: what does not fit traps.
    fn from(value: u64) -> Value {
        match i64::try_from(value) {
            Ok(value) => Value::Integer(value),
            Err(_) => trap("a parameter is larger than a signed 64-bit integer"),
        }
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Value {
        Value::Text(value.clone())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// A row of a result.
pub struct Row {
    rows: Rc<Rows>,
    /// Where its values begin.
    start: usize,
}

impl Row {
    fn value(&self, column: &str) -> &Value {
        let found = self.rows.columns.iter().position(|c| c == column);
        match found.and_then(|i| self.rows.values.get(self.start + i)) {
            Some(value) => value,
            None => trap(&format!("the result has no column {column}")),
        }
    }

    /// The text in this column; traps when it is null or not text.
    pub fn text(&self, column: &str) -> String {
        match self.optional_text(column) {
            Some(text) => text,
            None => trap(&format!("the column {column} is null")),
        }
    }

    /// The text in this column, or none when it is null.
    pub fn optional_text(&self, column: &str) -> Option<String> {
        match self.value(column) {
            Value::Text(text) => Some(text.clone()),
            Value::Null => None,
            _ => trap(&format!("the column {column} is not text")),
        }
    }

    /// The integer in this column; traps when it is null or not an integer.
    pub fn integer(&self, column: &str) -> i64 {
        match self.optional_integer(column) {
            Some(integer) => integer,
            None => trap(&format!("the column {column} is null")),
        }
    }

    /// The integer in this column, or none when it is null.
    pub fn optional_integer(&self, column: &str) -> Option<i64> {
        match self.value(column) {
            Value::Integer(integer) => Some(*integer),
            Value::Null => None,
            _ => trap(&format!("the column {column} is not an integer")),
        }
    }

    /// The integer in this column as another integer type; traps when it does not fit.
    pub fn number<T: TryFrom<i64>>(&self, column: &str) -> T {
        match T::try_from(self.integer(column)) {
            Ok(number) => number,
            Err(_) => trap(&format!("the integer in the column {column} is out of range")),
        }
    }

    /// Whether the integer in this column is not 0.
    pub fn boolean(&self, column: &str) -> bool {
        self.integer(column) != 0
    }
}

/// The rows of a query. Traps on any error: a query that writes nothing has none to act on.
pub fn rows(statement: &str, params: &[Value]) -> Vec<Row> {
    match sql::query(statement, params) {
        Ok(rows) => split(rows),
        Err(error) => trap(&format!("{error:?} in {statement}")),
    }
}

fn split(rows: Rows) -> Vec<Row> {
    let (width, count) = (rows.columns.len().max(1), rows.values.len());
    let rows = Rc::new(rows);
    (0..count).step_by(width).map(|start| Row { rows: rows.clone(), start }).collect()
}

/// A statement for [`batch`].
pub fn statement(text: &str, params: &[Value]) -> Statement {
    Statement { text: text.to_owned(), params: params.to_vec() }
}

/// Runs several statements, at most 1,000, in one crossing to the host, and returns the rows of each.
/// Traps on any error.
pub fn batch(statements: &[Statement]) -> Vec<Vec<Row>> {
    match sql::batch(statements) {
        Ok(answers) => answers.into_iter().map(|answer| split(answer.rows)).collect(),
        Err(failed) => {
            let text = statements.get(failed.index as usize).map_or("", |s| s.text.as_str());
            trap(&format!("{:?} in {text}", failed.error))
        }
    }
}

/// The first row of a query, if there is one.
pub fn first(statement: &str, params: &[Value]) -> Option<Row> {
    rows(statement, params).into_iter().next()
}

/// Runs a statement and returns how many rows it changed. Traps on any error but a broken constraint.
///
/// # Errors
/// The statement would break a constraint; it changed nothing.
pub fn try_execute(statement: &str, params: &[Value]) -> Result<u64, BrokenConstraint> {
    match sql::execute(statement, params) {
        Ok(changed) => Ok(changed),
        Err(Error::Constraint(broken)) => Err(broken),
        Err(error) => trap(&format!("{error:?} in {statement}")),
    }
}

/// Runs a statement and returns how many rows it changed. Traps on any error.
pub fn execute(statement: &str, params: &[Value]) -> u64 {
    match try_execute(statement, params) {
        Ok(changed) => changed,
        Err(broken) => trap(&format!("{} in {statement}", broken.message)),
    }
}

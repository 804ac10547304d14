//! What goes into a statement and what comes out of it.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use crate::SqlError;

/// Bytes of a value and of a row. A statement makes several values at once, and looks at the clock
/// only between them; larger things belong into files.
pub(crate) const VALUE_BYTES_MAX: usize = 1 << 20;

/// One value of a parameter or of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL's NULL.
    Null,
    /// A 64-bit integer; also SQL's booleans, as 0 and 1.
    Integer(i64),
    /// A double. A NaN becomes NULL when it is stored.
    Real(f64),
    /// Text in UTF-8.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    /// A copy of what SQLite has in a column.
    pub(crate) fn of(value: ValueRef<'_>) -> Result<Value, SqlError> {
        Ok(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(i) => Value::Integer(i),
            ValueRef::Real(r) => Value::Real(r),
            ValueRef::Text(text) => match str::from_utf8(text) {
                Ok(text) => Value::Text(text.to_owned()),
                Err(_) => {
                    return Err(SqlError::Other(
                        "a text column holds bytes that are not UTF-8".into(),
                    ));
                }
            },
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        })
    }

    /// The bytes that it takes on its way to the guest: its content, and a word for itself.
    pub(crate) fn size(&self) -> usize {
        8 + match self {
            Value::Null | Value::Integer(_) | Value::Real(_) => 0,
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(i) => ValueRef::Integer(*i),
            Value::Real(r) => ValueRef::Real(*r),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// What a query returned: the columns named once, and all values in one list, row after row. Row `r`
/// has the values from `r * columns.len()` on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// The names of the columns, in order.
    pub columns: Vec<String>,
    /// The values of all rows.
    pub values: Vec<Value>,
}

impl Rows {
    /// The bytes that its values take on their way to the guest.
    pub fn size(&self) -> usize {
        self.values.iter().map(Value::size).sum()
    }

    /// The rows, each with one value for each column.
    pub fn iter(&self) -> impl Iterator<Item = &[Value]> {
        self.values.chunks(self.columns.len().max(1))
    }
}

/// One statement of several.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Its text.
    pub text: String,
    /// Its parameters.
    pub params: Vec<Value>,
}

/// What a statement did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The rows that it returned.
    pub rows: Rows,
    /// How many rows it inserted, updated or deleted.
    pub changed: u64,
}

//! Text functions in place of SQLite's own, which compare each character of one argument with each
//! of another: minutes of work inside one instruction, which no deadline interrupts.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Result, ffi};

use crate::value::VALUE_BYTES_MAX;

/// Different characters that a trim takes off; nobody trims more than some punctuation.
const TRIM_BYTES_MAX: usize = 64;

/// Puts them in the place of SQLite's on this connection.
pub(crate) fn install(sqlite: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    sqlite.create_scalar_function("replace", 3, flags, replace)?;
    for (name, start, end) in [("trim", true, true), ("ltrim", true, false), ("rtrim", false, true)]
    {
        sqlite.create_scalar_function(name, 2, flags, move |context| trim(context, start, end))?;
    }
    Ok(())
}

fn replace(context: &mut Context<'_>) -> Result<Option<String>> {
    let [Some(text), Some(from), Some(to)] =
        [text(context, 0)?, text(context, 1)?, text(context, 2)?]
    else {
        return Ok(None);
    };
    if from.is_empty() {
        return Ok(Some(text.to_owned()));
    }
    let found = text.matches(from).count();
    let size = text.len() - found * from.len() + found.saturating_mul(to.len());
    if size > VALUE_BYTES_MAX {
        return Err(Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_TOOBIG), None));
    }
    Ok(Some(text.replace(from, to)))
}

fn trim(context: &mut Context<'_>, start: bool, end: bool) -> Result<Option<String>> {
    let (Some(mut text), Some(set)) = (text(context, 0)?, text(context, 1)?) else {
        return Ok(None);
    };
    if set.len() > TRIM_BYTES_MAX {
        return refuse(format!(
            "trim takes at most {TRIM_BYTES_MAX} bytes of characters to take off"
        ));
    }
    let in_set = |c| set.contains::<char>(c);
    if start {
        text = text.trim_start_matches(in_set);
    }
    if end {
        text = text.trim_end_matches(in_set);
    }
    Ok(Some(text.to_owned()))
}

/// An argument; `None` when it is NULL. Other types are refused, as PostgreSQL does.
fn text<'c>(context: &'c Context<'_>, index: usize) -> Result<Option<&'c str>> {
    match context.get_raw(index) {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => {
            Ok(Some(str::from_utf8(bytes).map_err(|e| Error::Utf8Error(index, e))?))
        }
        _ => refuse("replace and trim take text: use CAST (… AS TEXT) for other values".into()),
    }
}

fn refuse<T>(why: String) -> Result<T> {
    Err(Error::UserFunctionError(why.into()))
}

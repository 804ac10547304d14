//! What it may try with its database.

use quoin_sdk::db;
use quoin_sdk::host::sql;
use quoin_sdk::params;

use crate::Hostile;
use crate::acts::spin;
use crate::bindings::exports::test::hostile::data::{Ending, Error, Guest};

const INSERT: &str =
    "INSERT INTO hostile_text (id, text) SELECT coalesce(max(id), 0) + 1, ?1 FROM hostile_text";

fn rows(statement: &str) -> Result<Vec<Vec<String>>, Error> {
    let shown = |value: &sql::Value| match value {
        sql::Value::Text(text) => text.clone(),
        sql::Value::Integer(integer) => integer.to_string(),
        other => format!("{other:?}"),
    };
    match sql::query(statement, &[]) {
        Ok(rows) => {
            let rows = rows.values.chunks(rows.columns.len().max(1));
            Ok(rows.map(|row| row.iter().map(shown).collect()).collect())
        }
        Err(error) => Err(Error::Refused(format!("{error:?}"))),
    }
}

fn change(statement: &str) -> Result<u64, Error> {
    sql::execute(statement, &[]).map_err(|error| Error::Refused(format!("{error:?}")))
}

impl Guest for Hostile {
    fn write(text: String, then: Ending) -> Result<u64, Error> {
        let written = db::execute(INSERT, &params![text]);
        match then {
            Ending::Well => Ok(written),
            Ending::Refuse => Err(Error::Refused("after writing".into())),
            Ending::Trap => panic!("after writing"),
            Ending::Spin => spin(),
        }
    }

    fn write_not_a_number(text: String) -> Result<f64, Error> {
        db::execute(INSERT, &params![text]);
        Ok(f64::NAN)
    }

    fn texts() -> Result<Vec<String>, Error> {
        let rows = db::rows("SELECT text FROM hostile_text ORDER BY id", &[]);
        Ok(rows.iter().map(|row| row.text("text")).collect())
    }

    fn attempt(statement: String) -> Result<Vec<Vec<String>>, Error> {
        rows(&statement)
    }

    fn change(statement: String) -> Result<u64, Error> {
        change(&statement)
    }

    fn attempt_reading(statement: String) -> Result<Vec<Vec<String>>, Error> {
        rows(&statement)
    }

    fn change_reading(statement: String) -> Result<u64, Error> {
        change(&statement)
    }

    fn write_and_count(texts: Vec<String>) -> Result<u64, Error> {
        for text in texts {
            db::execute(INSERT, &params![text]);
        }
        let row = db::first("SELECT count(*) AS n FROM hostile_text", &[]);
        Ok(row.map_or(0, |row| row.number("n")))
    }
}

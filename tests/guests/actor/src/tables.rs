//! What it does with its tables. What a statement comes to is told, and the call goes on.

use quoin_sdk::host::{configured, sql};
use quoin_sdk::params;

/// All natural numbers.
const NUMBERS: &str = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)";

/// Does a step with the tables. Whether it was one.
pub fn act(verb: &str, object: &str, told: &mut Vec<String>) -> bool {
    let table = format!("{}_entry", configured("name").replace('-', "_"));
    let insert = format!("INSERT INTO {table} (text, amount, body)");
    let (name, number) = object.split_once(' ').unwrap_or((object, "0"));
    match verb {
        "write" => execute(&format!("{insert} VALUES (?1, 0, '')"), &params![name], told),
        "add" => {
            let number: i64 = number.parse().expect("a number");
            let add = format!("UPDATE {table} SET amount = amount + ?2 WHERE text = ?1");
            execute(&add, &params![name, number], told);
        }
        "fill" => {
            let body = "x".repeat(number.parse().expect("a number of bytes"));
            execute(&format!("{insert} VALUES (?1, 0, ?2)"), &params![name, body], told);
        }
        "remove" => execute(&format!("DELETE FROM {table} WHERE text = ?1"), &params![name], told),
        "texts" => query(&format!("SELECT text FROM {table} ORDER BY text"), told),
        "sum" => {
            let sum = format!("SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) AS n FROM {table}");
            query(&sum, told);
        }
        "read-on" => query(&format!("{NUMBERS} SELECT max(n) AS n FROM c"), told),
        "write-on" => {
            let all = format!("{NUMBERS} {insert} SELECT CAST(n AS TEXT), 0, '' FROM c");
            execute(&all, &[], told);
        }
        "query" => query(object, told),
        "execute" => execute(object, &[], told),
        "batch" => batch(object, told),
        _ => return false,
    }
    true
}

fn execute(statement: &str, params: &[sql::Value], told: &mut Vec<String>) {
    if let Err(error) = sql::execute(statement, params) {
        told.push(word(&error));
    }
}

fn query(statement: &str, told: &mut Vec<String>) {
    match sql::query(statement, &[]) {
        Ok(rows) => told.extend(shown(&rows)),
        Err(error) => told.push(word(&error)),
    }
}

/// Statements with ` | ` between them.
fn batch(statements: &str, told: &mut Vec<String>) {
    let statement = |text: &str| sql::Statement { text: text.to_owned(), params: Vec::new() };
    let statements: Vec<_> = statements.split(" | ").map(statement).collect();
    match sql::batch(&statements) {
        Ok(answers) => told.extend(
            answers
                .iter()
                .map(|answer| format!("changed {} with {:?}", answer.changed, shown(&answer.rows))),
        ),
        Err(failed) => told.push(format!("{} failed: {}", failed.index, word(&failed.error))),
    }
}

fn shown(rows: &sql::Rows) -> Vec<String> {
    let value = |value: &sql::Value| match value {
        sql::Value::Text(text) => text.clone(),
        sql::Value::Integer(integer) => integer.to_string(),
        other => format!("{other:?}"),
    };
    let row = |row: &[sql::Value]| row.iter().map(value).collect::<Vec<_>>().join(",");
    rows.values.chunks(rows.columns.len().max(1)).map(row).collect()
}

fn word(error: &sql::Error) -> String {
    match error {
        sql::Error::Constraint(broken) => format!("constraint {:?}", broken.kind),
        sql::Error::Denied(why) => format!("denied: {why}"),
        sql::Error::Syntax(why) => format!("syntax: {why}"),
        sql::Error::TooLarge(why) => format!("too large: {why}"),
        sql::Error::Timeout => "timeout".into(),
        sql::Error::Full => "full".into(),
        sql::Error::Other(why) => format!("other: {why}"),
    }
}

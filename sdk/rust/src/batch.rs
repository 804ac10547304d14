//! Many rows with few statements, and many things with few questions.

use std::collections::BTreeSet;

use crate::db::{Value, execute};

/// Parameters of one statement: enough that the statement's own cost vanishes, few enough that its
/// text stays small.
const PARAMS_MAX: usize = 2_000;
/// Bytes of text and blobs in one statement, far below what may cross to the host at once.
const BYTES_MAX: usize = 1 << 20;

/// Keys of one question to another plugin: what the contracts of lists by keys take.
const KEYS_MAX: usize = 1_000;

/// Asks another plugin about many keys, each once and a thousand at a time, and joins the answers:
/// `ask(skus, variants::by_sku)`.
///
/// # Errors
/// The first that a question is answered with.
pub fn ask<'a, T, E>(
    keys: impl IntoIterator<Item = &'a str>,
    question: impl Fn(&[String]) -> Result<Vec<T>, E>,
) -> Result<Vec<T>, E> {
    let keys: BTreeSet<&str> = keys.into_iter().collect();
    let keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
    let mut answers = Vec::with_capacity(keys.len());
    for some in keys.chunks(KEYS_MAX) {
        answers.extend(question(some)?);
    }
    Ok(answers)
}

/// Parameters as a list for `IN (…)` or a row of values: `?3, ?4` from 3, two of them.
pub fn marks(from: usize, count: usize) -> String {
    let marks: Vec<String> = (from..from + count).map(|n| format!("?{n}")).collect();
    marks.join(", ")
}

/// Rows of parameters as a list for `VALUES …`, as many as asked, numbered from `from` on. The
/// columns have the SQL types `types`; the first row says so, because PostgreSQL cannot guess them.
pub fn typed_rows(from: usize, types: &[&str], rows: usize) -> String {
    let first = (types.iter().zip(from..)).map(|(ty, n)| format!("CAST(?{n} AS {ty})"));
    let first = std::iter::once(first.collect::<Vec<_>>().join(", "));
    let others = (1..rows).map(|row| marks(from + row * types.len(), types.len()));
    let rows: Vec<String> = first.chain(others).map(|row| format!("({row})")).collect();
    rows.join(", ")
}

/// Repeats the last row of `columns` values until the rows are a power of two, and answers how many they
/// are. A statement whose text changes with the number of its rows is compiled anew for each number;
/// this way there are few. For statements that find what is asked for twice only once.
pub fn round_up(values: &mut Vec<Value>, columns: usize) -> usize {
    let rows = values.len() / columns;
    let wanted = rows.next_power_of_two();
    if let Some(start) = values.len().checked_sub(columns) {
        let last = values[start..].to_vec();
        for _ in rows..wanted {
            values.extend_from_slice(&last);
        }
    }
    wanted
}

/// Inserts rows of `columns` values each, many with each statement:
/// `insert_many("INSERT INTO thing (id, title) VALUES", 2, &values, "ON CONFLICT (id) DO NOTHING")`.
///
/// Traps on any error, like [`execute`]. Returns how many rows changed.
pub fn insert_many(head: &str, columns: usize, values: &[Value], tail: &str) -> u64 {
    let mut changed = 0;
    let mut rest = values;
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(first_batch(rest, columns));
        let rows = batch.len() / columns;
        let marks: Vec<String> =
            (0..rows).map(|row| format!("({})", marks(row * columns + 1, columns))).collect();
        changed += execute(&format!("{head} {} {tail}", marks.join(", ")), batch);
        rest = after;
    }
    changed
}

/// How many of the values go into the next statement: whole rows, at least one.
fn first_batch(values: &[Value], columns: usize) -> usize {
    let mut taken = 0;
    let mut bytes = 0;
    for row in values.chunks(columns) {
        bytes += row.iter().map(size).sum::<usize>();
        if taken > 0 && (bytes > BYTES_MAX || taken + columns > PARAMS_MAX) {
            break;
        }
        taken += row.len();
    }
    taken
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_asked_about_once_and_a_thousand_at_a_time() {
        let keys: Vec<String> = (0..1_500).map(|n| n.to_string()).collect();
        let twice = keys.iter().chain(&keys).map(String::as_str);
        let sizes = std::cell::RefCell::new(Vec::new());
        let mut found = ask(twice, |some| {
            sizes.borrow_mut().push(some.len());
            Ok::<_, ()>(some.to_vec())
        })
        .unwrap();
        found.sort_by_key(|key| key.parse::<u32>().unwrap());
        assert_eq!((found, sizes.into_inner()), (keys, vec![1_000, 500]));
        assert_eq!(ask(["a"], |_| Err::<Vec<()>, _>("busy")), Err("busy"));
        assert_eq!(ask([], |_| Err::<Vec<()>, _>("not asked")), Ok(vec![]));
    }

    #[test]
    fn marks_count_from_where_they_are_told() {
        assert_eq!(marks(1, 3), "?1, ?2, ?3");
        assert_eq!(marks(5, 0), "");
        assert_eq!(
            typed_rows(2, &["TEXT", "BIGINT"], 2),
            "(CAST(?2 AS TEXT), CAST(?3 AS BIGINT)), (?4, ?5)"
        );
    }

    #[test]
    fn rows_are_rounded_up_by_the_last_one() {
        let mut values: Vec<Value> = (0..6).map(Value::Integer).collect();
        assert_eq!(round_up(&mut values, 2), 4);
        assert_eq!(values[6..], [Value::Integer(4), Value::Integer(5)]);
        assert_eq!(round_up(&mut values, 2), 4);
        let mut one = vec![Value::Null];
        assert_eq!((round_up(&mut one, 1), one.len()), (1, 1));
    }

    #[test]
    fn a_batch_ends_between_rows_before_it_is_too_large() {
        let small = vec![Value::Integer(1); 3_000];
        assert_eq!(first_batch(&small, 3), 1_998);
        let large = vec![Value::Text("x".repeat(700_000)); 4];
        assert_eq!(first_batch(&large, 2), 2);
    }
}

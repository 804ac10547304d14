//! Many rows with few statements, and many things with few questions.

use std::collections::BTreeSet;

use crate::db::{self, Row, Statement, Value, execute};

/// Parameters of one statement: enough that the statement's own cost vanishes, few enough that the host
/// keeps it compiled, which it does up to 4 KiB of text.
const PARAMS_MAX: usize = 500;
/// Bytes of text and blobs in one statement, far below what may cross to the host at once.
const BYTES_MAX: usize = 1 << 20;

/// Statements of one crossing, as many as the host takes.
const STATEMENTS_MAX: usize = 1_000;
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

/// Statements that look for many keys, `each` at a time: `keyed("SELECT … WHERE id IN ({keys})", &ids, 16,
/// &[])`. Of the parameters `others` are the first, and the keys follow. There are two texts, for one key
/// and for more, whatever their number: the last one is repeated where there are fewer, which a condition
/// with `IN` does not notice. So each is compiled once, and its plan stays the same.
pub fn keyed(text: &str, keys: &[&str], each: usize, others: &[Value]) -> Vec<Statement> {
    let each = if keys.len() == 1 { 1 } else { each.max(1) };
    let text = text.replace("{keys}", &marks(1 + others.len(), each));
    let statement = |some: &[&str]| {
        let last = some.last().copied().unwrap_or_default();
        let all = some.iter().copied().chain(std::iter::repeat(last)).take(each);
        let params = others.iter().cloned().chain(all.map(Value::from)).collect();
        Statement { text: text.clone(), params }
    };
    keys.chunks(each).map(statement).collect()
}

/// The rows that the statements of [`keyed`] find; `at_once` of these cross to the host together, and what
/// they find must fit into one answer. A key that is there twice may be found twice.
pub fn find(text: &str, keys: &[&str], each: usize, at_once: usize) -> Vec<Row> {
    let statements = keyed(text, keys, each, &[]);
    statements.chunks(at_once.max(1)).flat_map(db::batch).flatten().collect()
}

/// Runs many statements that need no answer, a thousand in each crossing to the host.
pub fn run(statements: &[Statement]) {
    statements.chunks(STATEMENTS_MAX).for_each(|some| drop(db::batch(some)));
}

/// Parameters as a list for `IN (…)` or a row of values: `?3, ?4` from 3, two of them.
pub fn marks(from: usize, count: usize) -> String {
    let marks: Vec<String> = (from..from + count).map(|n| format!("?{n}")).collect();
    marks.join(", ")
}

/// Inserts rows of `columns` values each, many with each statement:
/// `insert_many("INSERT INTO thing (id, title) VALUES", 2, &values, "ON CONFLICT (id) DO NOTHING")`. Each
/// statement has a power of two of rows, so there are few different ones, which stay compiled.
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

/// How many of the values go into the next statement: whole rows, at least one, a power of two.
fn first_batch(values: &[Value], columns: usize) -> usize {
    let mut rows = 0;
    let mut bytes = 0;
    for row in values.chunks(columns) {
        bytes += row.iter().map(size).sum::<usize>();
        if rows > 0 && (bytes > BYTES_MAX || (rows + 1) * columns > PARAMS_MAX) {
            break;
        }
        rows += 1;
    }
    // The largest power of two that is no more.
    let rows = rows.checked_ilog2().map_or(0, |power| 1 << power);
    (rows * columns).min(values.len())
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
    }

    #[test]
    fn many_keys_are_looked_for_with_one_text_and_one_with_another() {
        let keys: Vec<String> = (0..5).map(|n| n.to_string()).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let found =
            keyed("SELECT a FROM b WHERE c = ?1 AND d IN ({keys})", &keys, 3, &[Value::Null]);
        let text = "SELECT a FROM b WHERE c = ?1 AND d IN (?2, ?3, ?4)";
        assert!(found.iter().all(|statement| statement.text == text));
        let params: Vec<_> = found.into_iter().map(|statement| statement.params).collect();
        let value = |key: &str| Value::from(key);
        let expected = [["0", "1", "2"], ["3", "4", "4"]]
            .map(|keys| [Value::Null].into_iter().chain(keys.map(value)).collect::<Vec<_>>());
        assert_eq!(params, expected);
        let one = keyed("d IN ({keys})", &keys[..1], 3, &[]);
        assert_eq!((one.len(), one[0].text.as_str()), (1, "d IN (?1)"));
        assert!(keyed("d IN ({keys})", &[], 3, &[]).is_empty());
    }

    #[test]
    fn a_batch_ends_between_rows_before_it_is_too_large() {
        let small = vec![Value::Integer(1); 3_000];
        assert_eq!(first_batch(&small, 3), 384);
        assert_eq!(
            [1, 2, 3, 7, 8].map(|rows| first_batch(&small[..3 * rows], 3)),
            [3, 6, 6, 12, 24]
        );
        let large = vec![Value::Text("x".repeat(700_000)); 4];
        assert_eq!(first_batch(&large, 2), 2);
    }
}

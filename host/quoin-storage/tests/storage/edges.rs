//! What is just within a limit is accepted, and what is just beyond it is not.

use std::collections::BTreeSet;

use quoin_core::limits::{
    DOMAINS_MAX, KEYS_MAX, SQL_BYTES_MAX, SQL_PARAMS_MAX, SQL_RESULT_BYTES_MAX,
};
use quoin_core::{Digest, Domain, Name};
use quoin_storage::{Control, ControlError, Rows, SqlError, Value};

use crate::{Shelf, one};

const VALUE_BYTES_MAX: usize = 1 << 20;

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn is_too_large<T: std::fmt::Debug>(result: Result<T, SqlError>) {
    assert!(matches!(result, Err(SqlError::TooLarge(_))), "{result:?}");
}

#[tokio::test]
async fn the_longest_statement_is_run() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let select = "SELECT 1 AS x";
    let padded = |bytes: usize| select.to_owned() + &" ".repeat(bytes - select.len());
    assert_eq!(one(tx.query(&padded(SQL_BYTES_MAX), &[]).unwrap()), Value::Integer(1));
    is_too_large(tx.query(&padded(SQL_BYTES_MAX + 1), &[]));
}

#[tokio::test]
async fn the_most_parameters_are_bound_each_in_its_place() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let params: Vec<_> = (0..SQL_PARAMS_MAX as i64).map(Value::Integer).collect();
    let all: Vec<_> = (1..=SQL_PARAMS_MAX).map(|n| format!("?{n}")).collect();
    let last =
        format!("SELECT ?1 AS x, ?{SQL_PARAMS_MAX} AS y WHERE -1 NOT IN ({})", all.join(","));
    let ends = [Value::Integer(0), Value::Integer(SQL_PARAMS_MAX as i64 - 1)];
    assert_eq!(tx.query(&last, &params).unwrap().values, ends);
    let more = vec![Value::Null; SQL_PARAMS_MAX + 1];
    is_too_large(tx.query(&last, &more));
}

#[tokio::test]
async fn the_largest_answer_is_given() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    // Each value takes a word beside its bytes.
    let part = Value::Blob(vec![1; SQL_RESULT_BYTES_MAX / 8 - 8]);
    let eight = "SELECT ?1, ?1, ?1, ?1, ?1, ?1, ?1, ?2";
    let rows = tx.query(eight, &[part.clone(), part.clone()]).unwrap();
    assert_eq!(rows.size(), SQL_RESULT_BYTES_MAX);
    let larger = Value::Blob(vec![1; SQL_RESULT_BYTES_MAX / 8 - 7]);
    is_too_large(tx.query(eight, &[part, larger]));
}

#[test]
fn the_size_of_rows_is_that_of_their_values() {
    let values = vec![text("four"), Value::Integer(1), Value::Null, Value::Blob(vec![0; 2])];
    let rows = Rows { columns: vec!["a".into(), "b".into()], values };
    assert_eq!(rows.size(), 4 * 8 + 4 + 2);
    assert_eq!(Rows::default().size(), 0);
    assert_eq!(Rows::default().iter().count(), 0);
}

#[tokio::test]
async fn a_statement_has_at_most_sixteen_semicolons() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let with = |semicolons: usize| format!("SELECT '{}' AS x", ";".repeat(semicolons));
    assert_eq!(one(tx.query(&with(16), &[]).unwrap()), text(";".repeat(16)));
    is_too_large(tx.query(&with(17), &[]));
}

#[tokio::test]
async fn a_replaced_text_has_the_bytes_of_a_value_at_most() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let longer = "SELECT length(replace(?1, 'ab', 'abc')) AS x";
    // A thousand times two bytes become three.
    let padded = |pad: usize| text("ab".repeat(1_000) + &"-".repeat(pad));
    let room = VALUE_BYTES_MAX - 3_000;
    let most = one(tx.query(longer, &[padded(room)]).unwrap());
    assert_eq!(most, Value::Integer(VALUE_BYTES_MAX as i64));
    is_too_large(tx.query(longer, &[padded(room + 1)]));
    // What gets shorter, or stays as it is, may be as large before.
    let shorter = "SELECT length(replace(?1, 'ab', '')) AS x";
    let largest = padded(VALUE_BYTES_MAX - 2_000);
    let left = one(tx.query(shorter, std::slice::from_ref(&largest)).unwrap());
    assert_eq!(left, Value::Integer(VALUE_BYTES_MAX as i64 - 2_000));
    let absent = "SELECT length(replace(?1, 'cd', ?1)) AS x";
    let whole = one(tx.query(absent, &[largest]).unwrap());
    assert_eq!(whole, Value::Integer(VALUE_BYTES_MAX as i64));
}

#[tokio::test]
async fn a_trim_takes_at_most_sixty_four_bytes_of_characters() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let trim = "SELECT trim('xax', ?1) AS x";
    assert_eq!(one(tx.query(trim, &[text("x".repeat(64))]).unwrap()), text("a"));
    let refused = tx.query(trim, &[text("x".repeat(65))]);
    assert!(matches!(refused, Err(SqlError::Other(_))), "{refused:?}");
}

#[test]
fn a_tenant_has_the_most_domains_and_keys_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let control = Control::open(&folder.path().join("control.db")).unwrap();
    let tenant: Name = "a".parse().unwrap();
    let domains = |count: usize| -> BTreeSet<Domain> {
        (0..count).map(|n| format!("d{n}.test").parse().unwrap()).collect()
    };
    let most = domains(DOMAINS_MAX);
    assert_eq!(control.publish(&tenant, 0, "{}", &most, "", 0).unwrap(), 1);
    assert_eq!(control.tenant(&tenant).unwrap().unwrap().domains, most);
    let more = control.publish(&tenant, 1, "{}", &domains(DOMAINS_MAX + 1), "", 0);
    assert!(matches!(more, Err(ControlError::TooManyDomains)), "{more:?}");
    let hash = Digest::of(b"secret");
    for number in 0..KEYS_MAX {
        control.add_key(&tenant, &number.to_string(), &hash, "", 0).unwrap();
    }
    let more = control.add_key(&tenant, "more", &hash, "", 0);
    assert!(matches!(more, Err(ControlError::TooManyKeys)), "{more:?}");
    assert_eq!(control.keys(&tenant).unwrap().len(), KEYS_MAX);
}

//! A request is a transaction: all of it or nothing, on one state of the database.

use quoin_storage::{ConstraintKind, Error, SqlError, Value};

use crate::{Shelf, Tx, insert, lose, names, note};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_is_there_after_reopening() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    assert_eq!(shelf.reopened().names().await, ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_transaction_leaves_nothing_behind() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    insert(&mut tx, "a").unwrap();
    drop(tx);
    assert!(shelf.names().await.is_empty());
    shelf.insert("b").await;
    assert_eq!(shelf.names().await, ["b"]);
}

#[tokio::test]
async fn a_runtime_with_one_thread_and_a_plain_thread_work_too() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    std::thread::scope(|scope| scope.spawn(|| insert(&mut tx, "a").unwrap()).join().unwrap());
    tx.commit().await.unwrap();
    assert_eq!(shelf.names().await, ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_keeps_its_state_while_a_writer_commits() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    let mut reader = shelf.read().await;
    assert_eq!(names(&mut reader), ["a"]);
    shelf.insert("b").await;
    assert_eq!(names(&mut reader), ["a"]);
    drop(reader);
    assert_eq!(shelf.names().await, ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_sees_what_it_wrote_and_readers_do_not() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    insert(&mut tx, "a").unwrap();
    assert_eq!(names(&mut tx), ["a"]);
    assert!(shelf.names().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_crosses_awaits_and_tasks() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let shelf = Shelf::with_widgets().await;
    let mut tx: Tx = is_send(shelf.write().await);
    let tx = tokio::spawn(async move {
        insert(&mut tx, "a").unwrap();
        tokio::task::yield_now().await;
        tx
    });
    tx.await.unwrap().commit().await.unwrap();
    assert_eq!(shelf.names().await, ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_constraint_undoes_its_statement_and_no_more() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    insert(&mut tx, "a").unwrap();
    let kind = |error| match error {
        Err(SqlError::Constraint { kind, .. }) => kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(insert(&mut tx, "a")), ConstraintKind::Unique);
    let two = "INSERT INTO widget (id, name, size) VALUES (8, 'b', 1), (9, 'a', 1)";
    assert_eq!(kind(tx.execute(two, &[])), ConstraintKind::Unique);
    let null = "INSERT INTO widget (id, name) VALUES (8, NULL)";
    assert_eq!(kind(tx.execute(null, &[])), ConstraintKind::NotNull);
    let no_key = "INSERT INTO widget (name) VALUES ('b')";
    assert_eq!(kind(tx.execute(no_key, &[])), ConstraintKind::NotNull);
    let key = "INSERT INTO widget (id, name) VALUES (1, 'b')";
    assert_eq!(kind(tx.execute(key, &[])), ConstraintKind::Unique);
    let check = "INSERT INTO widget (id, name, size) VALUES (8, 'c', 0)";
    assert_eq!(kind(tx.execute(check, &[])), ConstraintKind::Check);
    let orphan = "INSERT INTO widget_part (id, widget) VALUES (1, 99)";
    assert_eq!(kind(tx.execute(orphan, &[])), ConstraintKind::ForeignKey);
    insert(&mut tx, "d").unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shelf.names().await, ["a", "d"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_statement_that_lost_the_transaction_nothing_goes_on_and_nothing_commits() {
    let shelf = Shelf::with_plugins(&["widget"]).await;
    let mut tx = shelf.write().await;
    note(&mut tx, "a").unwrap();
    tx.commit().await.unwrap();
    let mut tx = shelf.write().await;
    note(&mut tx, "b").unwrap();
    lose(&mut tx);
    assert_eq!(note(&mut tx, "c"), Err(SqlError::Full));
    assert_eq!(tx.query("SELECT 1 AS x", &[]), Err(SqlError::Full));
    assert!(matches!(tx.commit().await, Err(Error::Full { .. })));
    assert_eq!(shelf.notes("widget").await, ["a"]);
    let mut tx = shelf.write().await;
    note(&mut tx, "d").unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_holds_its_type_and_nothing_else() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    let sql = "INSERT INTO widget (id, name) VALUES (?1, ?2)";
    let (id, name) = (Value::Integer(1), Value::Text("a".into()));
    for wrong in [[name.clone(), name.clone()], [Value::Real(0.5), name.clone()]] {
        assert!(matches!(tx.execute(sql, &wrong), Err(SqlError::Constraint { .. })), "{wrong:?}");
    }
    let bytes = [id.clone(), Value::Blob(vec![1])];
    assert!(matches!(tx.execute(sql, &bytes), Err(SqlError::Constraint { .. })));
    assert_eq!(tx.execute(sql, &[id, name]), Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_back_as_they_went_in() {
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    let values = [
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Real(0.1),
        Value::Text("žluť\u{1f980}".into()),
        Value::Blob(vec![0, 255]),
        Value::Blob(vec![]),
        Value::Text(String::new()),
    ];
    let rows = tx.query("SELECT ?1 AS a, ?2, ?3, ?4, ?5, ?6, ?7", &values).unwrap();
    assert_eq!(rows.values, values);
    assert_eq!(rows.iter().collect::<Vec<_>>(), [&values]);
    assert_eq!(rows.columns[0], "a");
}

#[tokio::test(flavor = "multi_thread")]
async fn execute_counts_the_rows_that_changed() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    assert_eq!(insert(&mut tx, "a").unwrap(), 1);
    assert_eq!(insert(&mut tx, "b").unwrap(), 1);
    assert_eq!(tx.execute("UPDATE widget SET size = 2", &[]).unwrap(), 2);
    assert_eq!(tx.execute("SELECT * FROM widget", &[]).unwrap(), 0);
    assert_eq!(tx.execute("UPDATE widget SET size = 2 WHERE id = 9", &[]).unwrap(), 0);
    assert_eq!(tx.execute("DELETE FROM widget WHERE name = 'a' RETURNING id", &[]).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_wakes_up_in_the_next_transaction_of_any_reader() {
    let shelf = Shelf::with_widgets().await;
    let mut readers = Vec::new();
    for _ in 0..8 {
        readers.push(shelf.read().await);
    }
    readers.iter_mut().for_each(|reader| assert!(names(reader).is_empty()));
    shelf.insert("a").await;
    drop(readers);
    for _ in 0..8 {
        assert_eq!(shelf.names().await, ["a"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_the_rows_and_the_count_of_its_statement() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    let sql = "INSERT INTO widget (id, name) VALUES (1, ?1), (2, ?2) RETURNING name";
    let two = ["a", "b"].map(|name| Value::Text(name.into()));
    let answer = tx.answer(sql, &two).unwrap();
    assert_eq!((answer.changed, &answer.rows.columns[..]), (2, &["name".to_owned()][..]));
    assert_eq!(answer.rows.values, two);
    let answer = tx.answer("SELECT id, name FROM widget ORDER BY id", &[]).unwrap();
    assert_eq!((answer.changed, answer.rows.iter().count()), (0, 2), "a reader changes nothing");
    let answer = tx.answer("UPDATE widget SET size = 3 WHERE id = 1", &[]).unwrap();
    assert_eq!((answer.changed, answer.rows.values.len()), (1, 0));
}

//! The calls of a request in its one transaction: what each wrote is kept or undone alone.

use quoin_storage::{Error, SqlError};

use crate::{Shelf, Tx, lose, note, notes};

const PLUGINS: [&str; 3] = ["a", "b", "c"];

fn add(tx: &mut Tx, plugin: &str, depth: u32, text: &str) {
    note(tx.at(plugin, depth), text).unwrap();
}

async fn all(shelf: &Shelf) -> [Vec<String>; 3] {
    [shelf.notes("a").await, shelf.notes("b").await, shelf.notes("c").await]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_failed_is_undone_with_all_that_it_called_and_nothing_else() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut tx = shelf.write_as("a").await;
    add(&mut tx, "a", 0, "root");
    add(&mut tx, "b", 1, "first");
    add(&mut tx, "c", 2, "kept, and then undone");
    tx.end_call(2, true);
    add(&mut tx, "b", 1, "second");
    tx.end_call(1, false);
    add(&mut tx, "b", 1, "third");
    add(&mut tx, "c", 2, "undone alone");
    tx.end_call(2, false);
    add(&mut tx, "c", 2, "kept");
    tx.end_call(2, true);
    tx.end_call(1, true);
    add(&mut tx, "a", 0, "end");
    tx.commit().await.unwrap();
    assert_eq!(all(&shelf).await, [vec!["root", "end"], vec!["third"], vec!["kept"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_only_called_a_writer_is_undone_with_it() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut tx = shelf.write_as("a").await;
    add(&mut tx, "c", 3, "deep");
    tx.end_call(3, true);
    tx.end_call(2, true);
    assert_eq!(notes(tx.at("c", 1)), ["deep"]);
    tx.end_call(1, false);
    assert!(notes(tx.at("c", 0)).is_empty());
    add(&mut tx, "a", 0, "root");
    tx.commit().await.unwrap();
    assert_eq!(all(&shelf).await, [vec!["root"], vec![], vec![]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_call_that_wrote_nothing_ends_no_other() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut tx = shelf.write_as("a").await;
    add(&mut tx, "a", 0, "root");
    assert!(notes(tx.at("b", 1)).is_empty());
    tx.end_call(1, false);
    add(&mut tx, "b", 1, "callee");
    assert!(notes(tx.at("c", 2)).is_empty());
    tx.end_call(2, false);
    tx.end_call(0, false);
    tx.end_call(1, true);
    tx.commit().await.unwrap();
    assert_eq!(all(&shelf).await, [vec!["root"], vec!["callee"], vec![]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_that_writes_sees_what_it_has_written() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut tx = shelf.write_as("a").await;
    add(&mut tx, "b", 1, "callee");
    tx.writes = false;
    assert_eq!(notes(tx.at("b", 2)), ["callee"]);
    tx.end_call(2, true);
    tx.end_call(1, true);
    assert_eq!(notes(tx.at("b", 0)), ["callee"]);
    assert!(all(&shelf).await.concat().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_lost_the_transaction_loses_it_for_every_call() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut tx = shelf.write_as("a").await;
    add(&mut tx, "a", 0, "root");
    add(&mut tx, "b", 1, "callee");
    lose(&mut tx);
    tx.end_call(1, false);
    for _ in 0..2 {
        assert_eq!(note(tx.at("a", 0), "late"), Err(SqlError::Full));
        assert_eq!(tx.query("SELECT 1 AS x", &[]), Err(SqlError::Full));
    }
    assert!(matches!(tx.commit().await, Err(Error::Full { .. })));
    assert!(all(&shelf).await.concat().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_request_has_one_state_across_plugins() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let mut reader = shelf.read_as("a").await;
    assert!(notes(&mut reader).is_empty());
    let mut tx = shelf.write_as("a").await;
    PLUGINS.iter().for_each(|plugin| add(&mut tx, plugin, 0, "new"));
    tx.commit().await.unwrap();
    for plugin in PLUGINS {
        assert!(notes(reader.at(plugin, 1)).is_empty(), "{plugin}");
    }
    reader.end_call(1, true);
    reader.commit().await.unwrap();
    assert_eq!(all(&shelf).await, [vec!["new"], vec!["new"], vec!["new"]]);
}

/// Trees of calls by chance, beside a stack of lists that does the same.
#[tokio::test(flavor = "multi_thread")]
async fn any_tree_of_calls_keeps_what_its_calls_kept() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    for seed in 1..60 {
        let mut random = Random(seed);
        let mut tx = shelf.write_as("b").await;
        tx.execute("DELETE FROM b", &[]).unwrap();
        let mut model: Vec<Vec<String>> = vec![Vec::new()];
        for step in 0..60 {
            let depth = model.len() as u32 - 1;
            match random.below(5) {
                0 if depth < 6 => model.push(Vec::new()),
                1 | 2 if depth > 0 => {
                    let keep = random.below(2) == 0;
                    tx.end_call(depth, keep);
                    let ended = model.pop().unwrap();
                    if keep {
                        model.last_mut().unwrap().extend(ended);
                    }
                }
                _ => {
                    let text = format!("{step}");
                    add(&mut tx, "b", depth, &text);
                    model.last_mut().unwrap().push(text);
                }
            }
            assert_eq!(notes(tx.at("b", depth)), model.concat(), "seed {seed}, step {step}");
        }
        tx.commit().await.unwrap();
        assert_eq!(shelf.notes("b").await, model.concat(), "seed {seed}");
    }
}

/// Numbers that are the same for the same seed.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

//! A failure before the publishing changes nothing.

use quoin_harness::{Host, Shop, json};

use super::{command, notes, second, start, swap, write};
use crate::before::Before;
use crate::given::{Guest, going, guest};

/// The swap to this bundle is refused with these words; the shop goes on as before, and can still be
/// swapped to a good bundle.
#[track_caller]
fn refused(bundle: &[u8], words: &[&str]) {
    let (mut host, shop): (Host, Shop) = start();
    let before = Before::of(&host);
    let file = host.file("bad.wasm", bundle).display().to_string();
    let rehearsed = ["plugin", "swap", "notes", "notes", &file, "--dry-run"];
    let rehearsed = command(&host, &rehearsed).expect_err("it is bad");
    let told = swap(&host, &file).expect_err("it is bad");
    for word in words {
        assert!(rehearsed.contains(word), "no {word:?} in: {rehearsed}");
        assert!(told.contains(word), "no {word:?} in: {told}");
    }
    before.is_unchanged(&host);
    assert_eq!(shop.get("/version").ok(), 1);
    write(&shop, "second");
    host.restart();
    before.is_unchanged(&host);
    assert_eq!(notes(&shop), json!(["first", "second"]));
    swap(&host, &second()).expect("a good bundle");
    assert_eq!(notes(&shop), json!(["first (5)", "second (6)"]));
}

fn two() -> Guest {
    guest("notes-two")
}

#[test]
fn a_file_that_is_no_bundle() {
    refused(b"hello", &["bad.wasm"]);
}

#[test]
fn a_migration_that_fails_half_way() {
    let half = "CREATE TABLE notes_extra (id INTEGER PRIMARY KEY);\n\
        UPDATE notes_note SET text = 'spoiled';\n\
        INSERT INTO notes_absent (id) VALUES (1);";
    refused(
        &two().migration("0003_half.sql", half).packed(),
        &["migration 3", "0003_half.sql", "notes_absent"],
    );
}

#[test]
fn a_migration_that_breaks_a_constraint_on_rows_that_are_there() {
    let unique = "ALTER TABLE notes_note ADD COLUMN kind TEXT NOT NULL DEFAULT 'x';\n\
        INSERT INTO notes_note (id, text) VALUES (1, 'taken');";
    refused(&two().migration("0003_taken.sql", unique).packed(), &["migration 3"]);
}

#[test]
fn a_migration_that_was_changed_after_it_had_been_applied() {
    let changed = "CREATE TABLE notes_note (id INTEGER PRIMARY KEY, text TEXT);";
    refused(&two().migration("0001_note.sql", changed).packed(), &["migration 1", "changed after"]);
}

#[test]
fn a_start_function_that_loops_or_traps() {
    let start = |body: &str| {
        let module = format!("(start $s) (func $s {body}) (func (export \"go\"))");
        let bundle = going("text", &module, "");
        // Little time, so that the loop does not take all of five seconds.
        quoin_registry::pack(
            &bundle,
            "name = \"text\"\nversion = \"0.1.0\"\ndescription = \"A test.\"\n\
             provides = [\"test:text/acts@0.1.0\"]\n[limits]\ndeadline-ms = 300\n",
            &[],
        )
        .expect("a sound bundle")
    };
    refused(&start("(loop (br 0))"), &["does not start"]);
    refused(&start("unreachable"), &["does not start"]);
}

#[test]
fn a_plugin_that_wants_more_than_it_was_granted() {
    let greedy = guest("provider");
    refused(
        &greedy.packed(),
        &[
            "notes wants to read the configuration",
            "grants =",
            "under [plugins.notes] in the shop file",
        ],
    );
}

//! What a swap changes for the shop is told before it is made.

use quoin_harness::{Host, Shop, Value, json};

use super::{back, notes, printed, second, start, swap};
use crate::before::Before;
use crate::given::{going, guest};

fn dry_run(host: &Host, bundle: &str) -> String {
    let args = ["plugin", "swap", "notes", "notes", bundle, "--dry-run"];
    printed(host, &args).expect("a plan")
}

#[track_caller]
fn tells(told: &str, lines: &[&str]) {
    for line in lines {
        assert!(told.lines().any(|l| l.trim() == *line), "no {line:?} in:\n{told}");
    }
}

#[test]
fn a_dry_run_tells_versions_routes_and_migrations_and_changes_nothing() {
    let (host, shop) = start();
    let other = guest("notes-two")
        .with(
            "call = \"test:notes/notes#version\", access = \"public\"",
            "call = \"test:notes/notes#version\", access = \"admin\"",
        )
        .with("POST /notes", "POST /notes/new");
    let other = host.file("other.wasm", other.packed()).display().to_string();
    let before = Before::of(&host);
    let told = dry_run(&host, &other);
    assert!(told.contains("~ plugin notes: notes 1.0.0 (") && told.contains("→ notes-two 2.0.0 ("));
    tells(
        &told,
        &[
            "- route public GET /version → test:notes/notes#version",
            "+ route admin GET /version → test:notes/notes#version",
            "- route public POST /notes → test:notes/notes#write",
            "+ route public POST /notes/new → test:notes/notes#write",
            "migrates its database: 0002_size.sql",
        ],
    );
    assert!(!told.contains("0001_note.sql") && !told.contains("provides"), "{told}");
    assert!(!told.contains("GET /notes"), "{told}");
    before.is_unchanged(&host);
    assert_eq!((shop.get("/version").ok(), notes(&shop)), (json!(1), json!(["first"])));
}

#[test]
fn a_dry_run_tells_functions_and_permissions_that_go_and_come() {
    let (host, _shop) = start();
    let bare = host.file("bare.wasm", going("bare", "(func (export \"go\"))", ""));
    let bare = bare.display().to_string();
    let permissions = [
        "keep data in a database of its own, which no other plugin can see",
        "write lines to the shop's log",
    ];
    let told = dry_run(&host, &bare);
    tells(
        &told,
        &["- provides test:notes/notes@0.1.0#write", "+ provides test:text/acts@0.1.0#go"],
    );
    for permission in permissions {
        tells(&told, &[&format!("- no longer asks to {permission}")]);
    }
    swap(&host, &bare).expect("swapped");
    let told = dry_run(&host, &Shop::bundle_path("notes"));
    for permission in permissions {
        tells(&told, &[&format!("+ asks, and is granted, to {permission}")]);
    }
    tells(
        &told,
        &["+ provides test:notes/notes@0.1.0#write", "- provides test:text/acts@0.1.0#go"],
    );
}

#[test]
fn the_swap_itself_tells_it_with_its_outcome_to_people_and_programs() {
    let (host, shop) = start();
    let told = printed(&host, &["plugin", "swap", "notes", "notes", &second()]).expect("swapped");
    tells(
        &told,
        &[
            "the same routes, functions and permissions",
            "migrates its database: 0002_size.sql",
            "notes is at revision 2.",
        ],
    );
    let json = |args: &[&str]| -> Value {
        let printed = printed(&host, args).expect("done");
        printed.parse().unwrap_or_else(|e| panic!("{e}: {printed}"))
    };
    let back = ["plugin", "back", "notes", "notes", "--json"];
    let planned = json(&[&back[..], &["--dry-run"]].concat());
    assert_eq!(shop.get("/version").ok(), 2);
    assert_eq!(planned["revision"], 2);
    let done = json(&back);
    assert_eq!((shop.get("/version").ok(), &done["revision"]), (json!(1), &json!(3)));
    assert_eq!(planned["changes"], done["changes"]);
    let bundle = &done["changes"][0]["bundle"];
    assert_eq!(
        (&bundle["from"]["version"], &bundle["to"]["version"]),
        (&json!("2.0.0"), &json!("1.0.0"))
    );
    let (from, to) = (&bundle["from"]["digest"], &bundle["to"]["digest"]);
    assert!(from != to && to == &shop.plugin("notes")["bundle"], "{bundle}");
    // The schema stays expanded, so there is nothing to migrate on the way back or forward.
    assert_eq!(bundle["migrations"], json!([]));
    assert_eq!(bundle["routes"], json!({ "lost": [], "gained": [] }));
}

#[test]
fn what_can_be_done_next_is_told_after_a_swap_and_after_back() {
    let (host, shop) = start();
    let back = ["plugin", "back", "notes", "notes"];
    let swap = ["plugin", "swap", "notes", "notes", &second()];
    let told = printed(&host, &[&swap[..], &["--dry-run"]].concat()).expect("a plan");
    assert!(!told.contains("plugin back"), "{told}");
    let told = printed(&host, &swap).expect("swapped");
    tells(
        &told,
        &[
            "To go back: quoin plugin back notes notes",
            "Name this bundle in the shop file, or the next `quoin apply` takes the swap back.",
        ],
    );
    let told = printed(&host, &back).expect("back");
    tells(&told, &["To return to the other version: quoin plugin back notes notes"]);
    assert_eq!(shop.get("/version").ok(), 1);
    printed(&host, &back).expect("back again");
    assert_eq!(shop.get("/version").ok(), 2);
}

#[test]
fn a_dry_run_of_back_says_when_there_is_nothing_to_go_back_to() {
    let (host, _shop) = start();
    let refused = printed(&host, &["plugin", "back", "notes", "notes", "--dry-run"]);
    let refused = refused.expect_err("nothing to go back to");
    assert!(refused.contains("nothing to go back to"), "{refused}");
    swap(&host, &second()).expect("swapped");
    let told = printed(&host, &["plugin", "back", "notes", "notes", "--dry-run"]).expect("a plan");
    assert!(told.contains("notes-two 2.0.0 (") && told.contains("→ notes 1.0.0 ("), "{told}");
    back(&host).expect("back");
}

//! A database file that is gone when the host starts.

use std::path::{Path, PathBuf};

use quoin_harness::{Host, Shop, json};

use super::{put, uploaded};

/// Two shops that keep notes; the file of the first one's is moved away while the host is down.
fn without_its_file() -> (Host, Shop, PathBuf, PathBuf) {
    let mut host = Host::start();
    let notes = uploaded(&host, "notes");
    for name in ["lost", "other"] {
        put(&host, name, &[&format!("{name}.test")], &[("notes", &notes)]).ok();
        let shop = host.shop(name, &format!("{name}.test"));
        shop.post("/notes", json!({ "text": name })).ok();
    }
    assert!(host.stop().success());
    let file = host.data().join("tenants/lost/shop.db");
    let away = host.data().join("away.db");
    moved(&file, &away);
    host.run();
    let shop = host.shop("lost", "lost.test");
    (host, shop, file, away)
}

/// Moves a database, with what SQLite keeps beside it.
fn moved(from: &Path, to: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let file = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        if suffix.is_empty() || file(from).exists() {
            std::fs::rename(file(from), file(to)).expect("a file can be moved");
        }
    }
}

#[track_caller]
fn names_the_file(told: &str, file: &Path) {
    for word in ["notes", &file.display().to_string(), "backup", "empty file"] {
        assert!(told.contains(word), "no {word:?} in: {told}");
    }
}

#[test]
fn the_shop_does_not_run_without_its_data_and_the_fault_names_the_file() {
    let (host, shop, file, away) = without_its_file();
    shop.get("/notes").refused(503, "shop-down");
    shop.call("test:notes/notes#texts", json!({})).refused(503, "shop-down");
    assert_eq!(host.shop("other", "other.test").get("/notes").ok(), json!(["other"]));
    let list = host.cli(&["tenant", "list"]);
    names_the_file(&String::from_utf8_lossy(&list.stdout), &file);
    names_the_file(&host.stderr(), &file);

    // No change brings it up empty either.
    let two = Shop::bundle_path("notes-two");
    for args in [
        &["plugin", "swap", "lost", "notes", &two] as &[&str],
        &["plugin", "swap", "lost", "notes", &two, "--dry-run"],
    ] {
        let output = host.cli(args);
        assert!(!output.status.success());
        names_the_file(&String::from_utf8_lossy(&output.stderr), &file);
    }
    let notes = uploaded(&host, "notes");
    let again = put(&host, "lost", &["lost.test"], &[("notes", &notes)]);
    names_the_file(again.refused(500, "database-missing")["detail"].as_str().expect("text"), &file);
    assert!(!file.exists());

    // Restored, it goes on without a restart.
    moved(&away, &file);
    put(&host, "lost", &["lost.test"], &[("notes", &notes)]).ok();
    assert_eq!(shop.get("/notes").ok(), json!(["lost"]));
}

#[test]
fn an_empty_file_in_its_place_starts_without_data() {
    let (mut host, shop, file, _away) = without_its_file();
    std::fs::write(&file, "").expect("a file");
    host.restart();
    assert_eq!(shop.get("/notes").ok(), json!([]));
    shop.post("/notes", json!({ "text": "new" })).ok();
    host.restart();
    assert_eq!(shop.get("/notes").ok(), json!(["new"]));
}

#[test]
fn a_file_that_cannot_be_looked_at_is_not_called_missing() {
    let (mut host, shop, file, away) = without_its_file();
    // A link to itself.
    std::os::unix::fs::symlink(&file, &file).expect("a link");
    host.restart();
    let state = shop.state();
    let fault = state["fault"].as_str().expect("a fault");
    for word in [&file.display().to_string(), "symbolic link"] {
        assert!(fault.contains(word), "no {word:?} in: {fault}");
    }
    assert!(!fault.contains("missing") && !fault.contains("empty file"), "{fault}");
    std::fs::remove_file(&file).expect("removed");
    moved(&away, &file);
    host.restart();
    assert_eq!(shop.get("/notes").ok(), json!(["lost"]));
}

#[test]
fn an_empty_file_that_a_dry_run_has_opened_is_still_one_without_data() {
    let (mut host, shop, file, _away) = without_its_file();
    std::fs::write(&file, "").expect("a file");
    let two = Shop::bundle_path("notes-two");
    let tried = host.cli(&["plugin", "swap", "lost", "notes", &two, "--dry-run"]);
    assert!(tried.status.success(), "{tried:?}");
    host.restart();
    assert_eq!(shop.get("/notes").ok(), json!([]));
    shop.post("/notes", json!({ "text": "new" })).ok();
}

#[test]
fn all_plugins_that_have_data_in_the_missing_file_are_named() {
    let mut host = Host::start();
    let (notes, hostile) = (uploaded(&host, "notes"), uploaded(&host, "hostile"));
    put(&host, "lost", &["lost.test"], &[("notes", &notes), ("hostile", &hostile)]).ok();
    let shop = host.shop("lost", "lost.test");
    assert!(host.stop().success());
    let file = host.data().join("tenants/lost/shop.db");
    moved(&file, &host.data().join("away.db"));
    host.run();
    let fault = shop.state()["fault"].as_str().expect("a fault").to_owned();
    names_the_file(&fault, &file);
    assert!(fault.contains("hostile"), "{fault}");
    std::fs::write(&file, "").expect("a file");
    host.restart();
    assert_eq!((shop.get("/texts").ok(), shop.get("/notes").ok()), (json!([]), json!([])));
    shop.post("/texts", json!({ "text": "new", "then": "well" })).ok();
    shop.post("/notes", json!({ "text": "new" })).ok();
}

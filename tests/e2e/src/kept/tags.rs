//! Clients keep answers, too, and ask whether they are still the same.

use quoin_harness::{Host, Shop, json};

fn notes(host: &Host, bundle: &str) -> Shop {
    let file = format!(
        "name = \"notes\"\n[plugins.notes]\nbundle = \"{bundle}.wasm\"\ngrants = [\"sql\", \"log\"]\n"
    );
    host.apply(&file)
}

#[test]
fn a_client_that_has_the_answer_is_told_so_until_it_changes() {
    let host = Host::start();
    let shop = notes(&host, "notes");
    let again = |tag: &str| shop.request("GET", "/notes").header("if-none-match", tag).send();
    let first = shop.get("/notes");
    assert_eq!((first.status, first.header("cache-control")), (200, "no-cache"));
    let tag = first.header("etag").to_owned();
    // Whether the host has kept it or not.
    for _ in 0..2 {
        let same = again(&tag);
        assert_eq!((same.status, same.header("etag")), (304, &*tag));
        assert!(same.body.is_null());
    }
    shop.post("/notes", json!({ "text": "new" })).expect(201);
    let changed = again(&tag);
    assert_eq!(changed.status, 200);
    assert_eq!(changed.body, json!(["new"]));
    assert_ne!(changed.header("etag"), tag);
}

#[test]
fn what_a_key_was_shown_for_is_for_no_cache() {
    let host = Host::start();
    let shop = notes(&host, "notes");
    for _ in 0..2 {
        let own = shop.admin().get("/notes");
        assert_eq!((own.header("cache-control"), own.header("etag")), ("no-store", ""));
    }
    assert_ne!(shop.get("/notes").header("etag"), "");
}

#[test]
fn a_swap_forgets_what_the_version_before_has_answered() {
    let host = Host::start();
    let shop = notes(&host, "notes");
    for _ in 0..2 {
        assert_eq!(shop.get("/version").ok(), 1);
    }
    notes(&host, "notes-two");
    assert_eq!(shop.get("/version").ok(), 2);
    notes(&host, "notes");
    assert_eq!(shop.get("/version").ok(), 1);
}

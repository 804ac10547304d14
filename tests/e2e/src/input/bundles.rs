//! Files that are no bundles.

use quoin_harness::{Host, Reply, bundle};

use crate::before::{Before, Bundles};
use crate::given::{Guest, component, guest, with_sections};

/// A host with a shop, so that there is something to change.
fn start() -> Host {
    let host = Host::start();
    host.apply(
        "name = \"notes\"\n[plugins.notes]\nbundle = \"notes.wasm\"\ngrants = [\"sql\", \"log\"]\n",
    );
    host
}

/// Uploads what is no bundle, around the command line that would look at it first.
#[track_caller]
fn refused(host: &Host, bytes: &[u8], words: &[&str]) {
    let (before, bundles) = (Before::of(host), Bundles::of(host));
    let reply: Reply = host.upload(bytes);
    let detail = reply.expect(422)["detail"].as_str().expect("a detail").to_owned();
    for word in words {
        assert!(detail.contains(word), "no {word:?} in: {detail}");
    }
    before.is_unchanged(host);
    bundles.is_unchanged(host);
}

/// The guest as it is, with another manifest, packed without looking.
fn mispacked(guest: &Guest) -> Vec<u8> {
    let mut sections = vec![("quoin:manifest".to_owned(), guest.manifest.clone())];
    for (name, sql) in &guest.migrations {
        sections.push((format!("quoin:migration/{name}"), sql.clone()));
    }
    let sections: Vec<_> = sections.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    with_sections(&guest.bare(), &sections)
}

#[test]
fn what_is_not_wasm_is_refused() {
    let host = start();
    refused(&host, b"hello, this is no wasm", &["not"]);
    refused(&host, b"", &[]);
    refused(&host, b"\0asm", &[]);
    refused(&host, &[0xff; 1000], &[]);
}

#[test]
fn a_core_module_is_refused() {
    let host = start();
    let module = [b"\0asm\x01\0\0\0".as_slice()].concat();
    refused(&host, &module, &["module", "component"]);
}

#[test]
fn a_bundle_that_was_cut_off_is_refused() {
    let host = start();
    let whole = bundle("provider");
    for part in [9, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        refused(&host, &whole[..part], &[]);
    }
}

#[test]
fn a_bundle_with_changed_bytes_is_refused_or_harmless() {
    let host = start();
    let whole = bundle("notes-two");
    let before = Before::of(&host);
    // Every bit that falls over is seen by the validator, changes a constant, or a text.
    for step in 1..40 {
        let mut changed = whole.clone();
        changed[step * whole.len() / 41] ^= 0x10;
        let status = host.upload(&changed).status;
        assert!(matches!(status, 200 | 201 | 422), "{status}");
    }
    before.is_unchanged(&host);
}

#[test]
fn a_component_without_manifest_is_refused() {
    let host = start();
    refused(&host, &component(""), &["manifest"]);
}

#[test]
fn a_bundle_under_the_digest_of_another_is_refused() {
    let host = start();
    let bundles = Bundles::of(&host);
    let reply = host.upload_as(&"0".repeat(64), &bundle("provider"));
    reply.refused(422, "other-digest");
    bundles.is_unchanged(&host);
}

#[test]
fn a_bundle_that_is_too_large_is_refused_before_it_is_read() {
    let host = start();
    let bundles = Bundles::of(&host);
    let head = format!(
        "PUT /v1/bundles/{} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        "0".repeat(64),
        host.token(),
        quoin_core::limits::BUNDLE_BYTES_MAX + 1
    );
    let reply = quoin_harness::wire::exchange(host.admin_address(), head);
    reply.expect("an answer").expect(413);
    bundles.is_unchanged(&host);
}

#[test]
fn a_manifest_and_a_component_that_disagree_are_refused() {
    let host = start();
    let provider = || guest("provider");
    let offers = "\"test:links/offers@0.1.0\"";
    for (guest, words) in [
        // What is provided and not exported.
        (
            provider().with(offers, &format!("{offers}, \"test:links/more@0.1.0\"")),
            &["test:links/more@0.1.0"][..],
        ),
        // What is imported and not needed, and the other way round.
        (
            guest("relay").with("needs = [{ interface = \"test:links/parts@0.1.0\" }]", ""),
            &["test:links/parts@0.1.0"],
        ),
        (
            provider()
                .with("host =", "needs = [{ interface = \"test:links/never@0.1.0\" }]\nhost ="),
            &["test:links/never@0.1.0"],
        ),
        // Host interfaces that are used and not asked for.
        (provider().with("host = [\"call\", ", "host = ["), &["call"]),
        // Functions that do not exist.
        (provider().with("#remaining", "#forever"), &["forever"]),
        (
            guest("notes").with(
                "GET /notes\", call = \"test:notes/notes#texts",
                "GET /notes\", call = \"test:notes/notes#text",
            ),
            &["text", "GET /notes"],
        ),
        // A path parameter that the function does not have, and one that cannot be in a path.
        (guest("notes").with("GET /notes", "GET /notes/{id}"), &["id"]),
        (guest("consumer").with("POST /echo", "POST /echo/{it}"), &["it"]),
        // An error case that no function has.
        (guest("notes").and("[errors]\nsold-out = 409"), &["sold-out"]),
        // A web page without the export.
        (guest("notes").and("[web]\nprefix = \"/x\"\naccess = \"public\""), &["web"]),
        // A keyed need whose functions have no key, a joined need without lists.
        (
            guest("consumer").with("parts@0.1.0\" }", "parts@0.1.0\", bind = \"keyed\" }"),
            &["test:links/parts@0.1.0"],
        ),
        (
            guest("relay").with(
                "parts@0.1.0\" }",
                "parts@0.1.0\", bind = \"all\", on-failure = \"skip\", deadline-ms = 5 }",
            ),
            &["test:links/parts@0.1.0", "list"],
        ),
    ] {
        refused(&host, &mispacked(&guest), words);
    }
}

#[test]
fn migrations_that_are_not_numbered_one_by_one_are_refused() {
    let host = start();
    refused(&host, &mispacked(&guest("notes").migration("0003_more.sql", "")), &["0003_more.sql"]);
    refused(&host, &mispacked(&guest("notes").migration("2_more.sql", "")), &["2_more.sql"]);
    refused(&host, &mispacked(&guest("notes").migration("0001_again.sql", "")), &["000"]);
}

#[test]
fn migrations_that_do_what_no_plugin_may_are_refused_with_their_place() {
    let host = start();
    for sql in [
        "\nATTACH 'x.db' AS x;",
        "\nPRAGMA journal_mode = OFF;",
        "\nDROP TABLE _quoin_migration;",
        "\nCOMMIT;",
        "\nCREATE TABLE more (id BIGINT) WITHOUT ROWID;",
    ] {
        let tricky = mispacked(&guest("notes").migration("0002_trick.sql", sql));
        refused(&host, &tricky, &["0002_trick.sql", "line 2"]);
    }
}

#[test]
fn migrations_without_a_database_are_refused() {
    let host = start();
    refused(&host, &mispacked(&guest("provider").migration("0001_a.sql", "")), &["sql"]);
}

#[test]
fn a_section_of_a_later_host_is_refused() {
    let host = start();
    let later = with_sections(&bundle("provider"), &[("quoin:secrets", "x")]);
    refused(&host, &later, &["quoin:secrets"]);
    let twice = with_sections(&bundle("provider"), &[("quoin:manifest", "x")]);
    refused(&host, &twice, &["manifest"]);
}

#[test]
fn the_command_line_refuses_them_before_it_asks_the_host() {
    let host = start();
    let bundles = Bundles::of(&host);
    let file = host.file("bad.wasm", "hello");
    let toml = format!("name = \"x\"\n[plugins.x]\nbundle = {:?}\n", file.display());
    let told = host.try_apply(&toml).map(drop).unwrap_err();
    assert!(told.contains("bad.wasm"), "{told}");
    let told = host.try_apply("name = \"x\"\n[plugins.x]\nbundle = \"nowhere.wasm\"\n");
    let told = told.map(drop).unwrap_err();
    assert!(told.contains("nowhere.wasm"), "{told}");
    bundles.is_unchanged(&host);
}

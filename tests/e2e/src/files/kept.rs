//! Who has files, and for how long.

use quoin_harness::{Host, json, until};

use super::{SHOP, keep, kept, look, on_disk, start, upload};

/// The SHA-256 of `one`.
const ONE: &str = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";

#[test]
fn a_file_is_called_after_its_content_and_read_by_plugins_in_pieces() {
    let (host, shop) = start();
    let file = upload(&shop, "text/csv; charset=utf-8", "one").expect(201);
    let told = json!({ "id": ONE, "bytes": 3, "mediaType": "text/csv; charset=utf-8" });
    assert_eq!(file, told);
    assert_eq!(look(&shop, ONE), told);
    for (offset, length, text) in
        [(0, 3, "one"), (1, 1, "n"), (2, 99, "e"), (3, 1, ""), (99, 1, "")]
    {
        let path = format!("/read?id={ONE}&offset={offset}&length={length}");
        assert_eq!(shop.get(&path).ok(), text, "{path}");
    }
    shop.get(&format!("/read?id={ONE}&offset=0&length=1048577")).refused(422, "too-large");
    let other = ONE.replace('7', "8");
    shop.get(&format!("/read?id={other}&offset=0&length=1")).refused(404, "not-found");
    assert_eq!(look(&shop, "../../control.db"), json!(null));
    // The same content is the same file.
    upload(&shop, "text/csv", "one").expect(201);
    assert_eq!(on_disk(&host), [ONE]);
}

#[test]
fn a_large_file_arrives_as_it_was_sent() {
    let (_host, shop) = start();
    let line = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n";
    let text = line.repeat((20 << 20) / line.len());
    let id = kept(&shop, "text/plain", text.clone(), true);
    assert_eq!(look(&shop, &id)["bytes"], json!(20 << 20));
    assert!(shop.get(&format!("/files/{id}")).text == text, "it is another one");
    let end = shop.get(&format!("/read?id={id}&offset={}&length=64", (20 << 20) - 64)).ok();
    assert_eq!(end, line);
}

#[test]
fn a_file_stays_while_a_plugin_keeps_it_and_is_removed_then() {
    let (host, shop) = start();
    let id = kept(&shop, "text/plain", "kept", false);
    let other = kept(&shop, "text/plain", "other", false);
    shop.post("/let-go", json!({ "id": id })).ok();
    shop.post("/let-go", json!({ "id": id })).ok();
    // The next upload clears away what nobody keeps any more.
    upload(&shop, "text/plain", "new").expect(201);
    assert_eq!(look(&shop, &id), json!(null));
    assert!(!on_disk(&host).contains(&id) && on_disk(&host).contains(&other));
    keep(&shop, &id, true).refused(404, "not-found");
}

#[test]
fn what_is_let_go_is_removed_though_nobody_uploads_anything() {
    let host = Host::start_sleepy();
    let shop = host.apply(SHOP);
    let id = kept(&shop, "text/plain", "kept", false);
    shop.post("/let-go", json!({ "id": id })).ok();
    until("it is removed", || {
        shop.get("/look?id=0").ok();
        on_disk(&host).is_empty().then_some(())
    });
}

#[test]
fn of_a_call_that_was_undone_no_file_is_kept() {
    let (host, shop) = start();
    let file = upload(&shop, "text/plain", "one").expect(201);
    let id = file["id"].as_str().expect("an id");
    let fails = json!({ "id": id, "public": true, "fails": true });
    shop.post("/keep", fails).refused(502, "plugin-failed");
    shop.get(&format!("/files/{id}")).refused(404, "no-such-file");
    // It stays for a day for who keeps it after all.
    assert_eq!(on_disk(&host), [id]);
}

#[test]
fn files_are_there_after_a_kill_and_what_was_half_received_is_not() {
    let (mut host, shop) = start();
    let id = kept(&shop, "text/plain", "kept", true);
    let folder = host.data().join("tenants/files/files");
    host.kill();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86_400);
    for name in ["incoming-1", "ffff"] {
        let file = std::fs::File::create(folder.join(name)).expect("a file");
        file.set_modified(old).expect("its time");
    }
    host.run();
    assert_eq!(shop.get(&format!("/files/{id}")).text, "kept");
    upload(&shop, "text/plain", "new").expect(201);
    assert_eq!(on_disk(&host).len(), 2, "{:?}", on_disk(&host));
}

#[test]
fn without_a_key_nobody_uploads() {
    let (host, shop) = start();
    shop.post_text("/files", "text/plain", "one").refused(401, "missing-key");
    upload(&shop, "", "one").refused(415, "no-media-type");
    upload(&shop, "nonsense", "one").refused(415, "no-media-type");
    upload(&shop, "text/plain", "").refused(400, "no-body");
    shop.admin().get("/files").refused(405, "other-method");
    assert_eq!(on_disk(&host), [""; 0]);
}

#[test]
fn a_file_that_breaks_off_leaves_nothing() {
    use std::io::Write as _;
    let (host, shop) = start();
    let head = format!(
        "POST /files HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         content-type: text/plain\r\ncontent-length: {}\r\n\r\n",
        shop.domain,
        shop.key(),
        1 << 20
    );
    let mut broken = std::net::TcpStream::connect(host.address()).expect("connected");
    broken.write_all(head.as_bytes()).expect("sent");
    broken.write_all(&[b'x'; 1 << 19]).expect("sent");
    until("it is being received", || (!on_disk(&host).is_empty()).then_some(()));
    drop(broken);
    until("nothing is left of it", || on_disk(&host).is_empty().then_some(()));
}

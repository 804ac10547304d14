//! A shop that is removed, and made anew.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use quoin_harness::wire::Wire;
use quoin_harness::{Host, Shop, Value, json, until};

use super::{put, uploaded};

/// Removals while requests come in.
const ROUNDS: u64 = 20;
/// What each client writes at most, so that one answer can have it all.
const WRITES: u32 = 1_000;

fn remove(host: &Host, name: &str) {
    host.manage("DELETE", &format!("/v1/tenants/{name}"), Value::Null).ok();
}

/// Starts a call that writes, and answers with its client, who waits.
fn started(host: &Host, shop: &Shop, path: &str, body: &Value) -> Wire {
    let body = body.to_string();
    let mut client = Wire::open(host.address());
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        shop.domain,
        body.len()
    );
    client.send(head + &body).expect("sent");
    until("the call runs", || (shop.plugin("hostile")["stats"]["calls"] != 0).then_some(()));
    client
}

#[test]
fn requests_meet_the_shop_as_it_was_or_none_and_nothing_answered_is_lost() {
    let host = Host::start();
    let notes = uploaded(&host, "notes");
    let make = || put(&host, "brief", &["brief.test"], &[("notes", &notes)]).ok();
    make();
    let shop = host.shop("brief", "brief.test");
    let (stop, sent, written) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let (shop, stop, sent, written) = (&shop, &stop, &sent, &written);
            scope.spawn(move || {
                let mut left = WRITES;
                while !stop.load(Ordering::Relaxed) {
                    let write = (left > 0).then(|| shop.post("/notes", json!({ "text": "x" })));
                    left = left.saturating_sub(1);
                    for reply in write.into_iter().chain([shop.get("/notes")]) {
                        match reply.status {
                            201 => drop(written.fetch_add(1, Ordering::Relaxed)),
                            200 => {}
                            _ => drop(reply.refused(404, "unknown-host")),
                        }
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // Whatever happens in here, the clients must be stopped.
        let rounds = scope.spawn(|| {
            for _ in 0..ROUNDS {
                let before = sent.load(Ordering::Relaxed);
                remove(&host, "brief");
                make();
                until("clients go on", || {
                    (sent.load(Ordering::Relaxed) > before + 6).then_some(())
                });
            }
        });
        let ended = rounds.join();
        stop.store(true, Ordering::Relaxed);
        ended.expect("every shop is made anew");
    });
    let kept = shop.get("/notes").ok();
    let kept = kept.as_array().map(|notes| notes.len() as u64);
    assert_eq!(kept, Some(written.load(Ordering::Relaxed)));
}

#[test]
fn where_its_data_stays_is_told_and_decides_what_a_shop_of_its_name_has() {
    let host = Host::start();
    let toml = "name = \"notes\"\n[plugins.notes]\nbundle = \"notes.wasm\"\n\
                grants = [\"sql\", \"log\"]\n";
    let removed = |more: &[&str]| {
        let output = host.cli(&[&["tenant", "remove", "notes", "--yes"], more].concat());
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let shop = host.apply(toml);
    shop.post("/notes", json!({ "text": "kept" })).ok();
    let folder = host.data().join("tenants").join("notes");
    let stays = format!("stay in {}; a shop of this name takes them up again", folder.display());
    let told = removed(&[]);
    assert!(told.contains(&stays) && told.contains("delete the folder to start anew"), "{told}");
    host.apply(toml);
    assert_eq!(shop.get("/notes").ok(), json!(["kept"]));
    let told = removed(&["--admin", &format!("http://{}", host.admin_address())]);
    assert!(told.contains("stay in tenants/notes of the host's data directory;"), "{told}");
    std::fs::remove_dir_all(&folder).expect("the folder that was told");
    host.apply(toml);
    assert_eq!(shop.get("/notes").ok(), json!([]));
}

#[test]
fn a_folder_that_goes_under_a_running_call_is_not_written_to_any_more() {
    let host = Host::start();
    let toml = "name = \"gone\"\n[plugins.hostile]\nbundle = \"hostile.wasm\"\n\
                grants = [\"sql\", \"log\"]\nlimits = { deadline-ms = 60000 }\n";
    let shop = host.apply(toml);
    let _client = started(&host, &shop, "/texts", &json!({ "text": "x", "then": "spin" }));
    remove(&host, "gone");
    std::fs::remove_dir_all(host.data().join("tenants/gone")).expect("the folder");
    let file = host.file("again.toml", toml);
    let again = host.cli(&["apply", &file.display().to_string()]);
    let told = String::from_utf8_lossy(&again.stderr);
    assert!(!again.status.success() && told.contains("was taken away"), "{told}");
}

#[test]
fn its_running_calls_are_still_counted() {
    let host = Host::start();
    let shop = host.apply(
        "name = \"gone\"\n[plugins.hostile]\nbundle = \"hostile.wasm\"\n\
         grants = [\"sql\", \"log\"]\nlimits = { deadline-ms = 60000 }\n",
    );
    let _client = started(&host, &shop, "/spin", &json!({}));
    remove(&host, "gone");
    let health = host.manage("GET", "/v1/health", Value::Null).ok();
    assert_eq!((&health["tenants"], &health["in-flight"]), (&json!(0), &json!(1)));
}

#[test]
fn its_running_calls_are_finished_before_the_host_ends() {
    let mut host = Host::start();
    let hostile = uploaded(&host, "hostile");
    put(&host, "gone", &["gone.test"], &[("hostile", &hostile)]).ok();
    let shop = host.shop("gone", "gone.test");
    let texts: Vec<_> = (0..30_000).map(|n| n.to_string()).collect();
    let _client = started(&host, &shop, "/batch", &json!({ "texts": texts }));
    remove(&host, "gone");
    assert!(host.stop().success(), "{}", host.stderr());
    host.run();
    put(&host, "gone", &["gone.test"], &[("hostile", &hostile)]).ok();
    let count = json!({ "statement": "SELECT count(*) FROM hostile_text" });
    let count = shop.call("test:hostile/data#attempt-reading", count).ok();
    assert_eq!(count, json!([["30000"]]));
}

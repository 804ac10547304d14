//! Shops that nobody uses sleep, and wake for who comes.

use std::path::Path;
use std::time::Duration;

use quoin_harness::{Host, Shop, json, until};

use super::{put, uploaded};

/// A shop that keeps notes, with one note in it.
fn noted(host: &Host, name: &str) -> Shop {
    let notes = uploaded(host, "notes");
    put(host, name, &[&format!("{name}.test")], &[("notes", &notes)]).ok();
    let shop = host.shop(name, &format!("{name}.test"));
    shop.post("/notes", json!({ "text": name })).ok();
    shop
}

/// How many files of shops the host has open.
fn open_files(host: &Host) -> usize {
    let folder = std::fs::read_dir(format!("/proc/{}/fd", host.pid())).expect("a process");
    let open = folder.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
    open.filter(|file| file.starts_with(host.data().join("tenants"))).count()
}

fn until_all_sleep(host: &Host) {
    until("the shops sleep", || (open_files(host) == 0).then_some(()));
}

/// The processor time that a process has used.
fn processor_time(process: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("a process");
    let of_thread = |thread: std::io::Result<std::fs::DirEntry>| -> Option<u64> {
        let times = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        times.split_whitespace().next()?.parse().ok()
    };
    Duration::from_nanos(threads.filter_map(of_thread).sum())
}

#[test]
fn a_shop_that_nobody_uses_has_no_open_files_and_wakes_with_the_next_request() {
    let host = Host::start_sleepy();
    let (one, other) = (noted(&host, "one"), noted(&host, "other"));
    assert!(open_files(&host) > 0);
    until_all_sleep(&host);
    assert_eq!(one.get("/notes").ok(), json!(["one"]));
    assert!(open_files(&host) > 0);
    until_all_sleep(&host);
    other.post("/notes", json!({ "text": "more" })).ok();
    assert_eq!(other.get("/notes").ok(), json!(["other", "more"]));
}

#[test]
fn operators_need_not_know_whether_a_shop_sleeps() {
    let host = Host::start_sleepy();
    let shop = noted(&host, "one");
    let before = shop.state();
    until_all_sleep(&host);
    let list = host.manage("GET", "/v1/tenants", json!(null)).ok();
    let row = json!({
        "name": "one", "revision": 1, "domains": ["one.test"], "plugins": 1, "fault": null,
    });
    assert_eq!(list["tenants"], json!([row]));
    let revisions = host.manage("GET", "/v1/tenants/one/revisions", json!(null)).ok();
    assert_eq!(revisions["current"], 1);
    let first = shop.log()[0]["message"].as_str().expect("text").to_owned();
    assert!(first.starts_with("added "), "{first}");
    assert_eq!(open_files(&host), 0, "none of these has to do with what a shop keeps");
    let after = shop.state();
    for field in ["revision", "domains", "routes", "draining"] {
        assert_eq!(after[field], before[field]);
    }
    until_all_sleep(&host);
    assert_eq!(shop.call("test:notes/notes#texts", json!({})).ok(), json!(["one"]));
    until_all_sleep(&host);
    let two = Shop::bundle_path("notes-two");
    for args in [
        &["plugin", "swap", "one", "notes", &two, "--dry-run"] as &[&str],
        &["plugin", "swap", "one", "notes", &two],
    ] {
        let output = host.cli(args);
        assert!(output.status.success(), "{output:?}");
        until_all_sleep(&host);
    }
    assert_eq!(shop.state()["revision"], 2);
    until_all_sleep(&host);
    put(&host, "one", &["two.test"], &[]).ok();
    until_all_sleep(&host);
    shop.get("/notes").refused(404, "unknown-host");
    assert!(host.cli(&["tenant", "remove", "one", "--yes"]).status.success());
    until_all_sleep(&host);
}

#[test]
fn who_comes_while_a_shop_falls_asleep_or_wakes_is_served() {
    let host = Host::start_sleepy();
    let shop = noted(&host, "one");
    let mut slept = 0;
    for round in 0..10 {
        // Around the moment at which it sleeps, a second or two after the last request, many at once.
        std::thread::sleep(Duration::from_millis(1_100 + 130 * (round % 8)));
        slept += u64::from(open_files(&host) == 0);
        std::thread::scope(|threads| {
            for number in 0..8 {
                let shop = &shop;
                threads.spawn(move || match number % 2 {
                    0 => shop.get("/notes").ok(),
                    _ => shop.post("/notes", json!({ "text": "more" })).ok(),
                });
            }
        });
    }
    assert!(slept > 0, "it never slept");
}

#[test]
fn a_shop_that_did_not_come_up_is_tried_again() {
    let mut host = Host::start();
    let shop = noted(&host, "one");
    assert!(host.stop().success());
    let file = host.data().join("tenants/one/shop.db");
    let away = file.with_extension("away");
    let moved = |from: &Path, to: &Path| std::fs::rename(from, to).expect("a file can be moved");
    moved(&file, &away);
    host.run();
    shop.get("/notes").refused(503, "shop-down");
    moved(&away, &file);
    // Asked all the time.
    until("it comes up", || (shop.get("/notes").status == 200).then_some(()));
    assert_eq!(shop.state()["fault"], json!(null));
}

#[test]
fn a_host_where_nothing_runs_uses_no_processor() {
    let host = Host::start();
    let shop = noted(&host, "one");
    assert_eq!(shop.get("/notes").ok(), json!(["one"]));
    std::thread::sleep(Duration::from_millis(500));
    let before = processor_time(host.pid());
    std::thread::sleep(Duration::from_secs(3));
    let used = processor_time(host.pid()).saturating_sub(before);
    // A thread that wakes every millisecond takes thirty times as much.
    assert!(used < Duration::from_millis(3), "{used:?} in three seconds");
}

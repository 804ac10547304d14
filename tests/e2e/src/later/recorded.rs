//! What is recorded, and when it runs.

use std::time::Duration;

use quoin_harness::{Host, json, until};

use super::{
    SHOP, ask, asked, calls, gate, list, notes, start, task, texts, until_noted,
    until_nothing_is_outstanding,
};

#[test]
fn what_a_request_asks_for_is_done_once_on_behalf_of_who_asked() {
    let (host, shop) = start();
    ask(&shop, &[task("one")]);
    until_noted(&shop, 1);
    assert_eq!(notes(&shop), ["one, by host for anonymous"]);
    asked(&shop.admin(), &[task("two")], "well").ok();
    until_noted(&shop, 2);
    let by = notes(&shop)[1].clone();
    assert!(by.starts_with("two, by host for admin:"), "{by}");
    until_nothing_is_outstanding(&host, &shop);
    assert_eq!(notes(&shop).len(), 2);
}

#[test]
fn of_a_request_that_was_undone_nothing_is_done() {
    let (host, shop) = start();
    asked(&shop, &[task("refused")], "refused").refused(422, "refused");
    asked(&shop, &[task("trapped")], "trap").refused(502, "plugin-failed");
    assert_eq!(calls(&host, &shop), Vec::<quoin_harness::Value>::new());
    ask(&shop, &[task("kept")]);
    until_noted(&shop, 1);
    assert_eq!(texts(&shop), ["kept"]);
    assert_eq!(shop.get("/rows").ok(), 1);
}

#[test]
fn a_call_waits_for_its_time_and_one_with_the_same_key_takes_its_place() {
    let (host, shop) = start();
    let hour = 3_600_000;
    ask(&shop, &[json!({ "text": "first", "after": hour, "key": "k" })]);
    ask(&shop, &[json!({ "text": "other", "after": hour, "key": "other" })]);
    assert_eq!(calls(&host, &shop).len(), 2);
    ask(&shop, &[json!({ "text": "second", "after": 1_000, "key": "k" })]);
    let waiting = calls(&host, &shop);
    assert_eq!(waiting.len(), 2);
    assert_eq!((&waiting[1]["key"], &waiting[1]["state"]), (&json!("k"), &json!("waiting")));
    assert_eq!(until_noted(&shop, 1), ["second"]);
    assert_eq!(shop.post("/cancel", json!({ "key": "other" })).ok(), true);
    assert_eq!(shop.post("/cancel", json!({ "key": "other" })).ok(), false);
    until_nothing_is_outstanding(&host, &shop);
    assert_eq!(texts(&shop), ["second"]);
}

#[test]
fn calls_of_one_order_run_one_after_another_though_the_first_fails() {
    let (host, shop) = start();
    gate(&shop, false);
    let ordered = |text: &str| json!({ "text": text, "order": "line" });
    ask(&shop, &[ordered("gated 1"), ordered("2"), ordered("3"), task("at once")]);
    assert_eq!(until_noted(&shop, 1), ["at once"]);
    until("the first was tried", || {
        (calls(&host, &shop)[0]["tries"].as_u64() >= Some(1)).then_some(())
    });
    assert_eq!(texts(&shop), ["at once"]);
    gate(&shop, true);
    assert_eq!(until_noted(&shop, 4), ["at once", "gated 1", "2", "3"]);
}

#[test]
fn a_job_asks_for_its_next_step_under_the_same_key() {
    let (host, shop) = start();
    shop.post("/count-down", json!({ "number": 40 })).ok();
    let down: Vec<String> = (0..=40).rev().map(|n| n.to_string()).collect();
    assert_eq!(until_noted(&shop, 41), down);
    until_nothing_is_outstanding(&host, &shop);
    assert_eq!(texts(&shop), down);
}

#[test]
fn a_call_that_leads_to_itself_for_ever_is_stopped_and_told() {
    let (host, shop) = start();
    shop.post("/run-away", json!({})).ok();
    let parked = until("it is parked", || {
        let parked = list(&host, &shop, "?parked=true")["calls"].clone();
        parked.as_array().filter(|parked| !parked.is_empty()).cloned()
    });
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0]["depth"], 32);
    let error = parked[0]["error"].as_str().expect("why");
    assert!(error.contains("more than 32 later calls that led to each other"), "{error}");
    let up: Vec<String> = (1..=31).map(|n| n.to_string()).collect();
    assert_eq!(texts(&shop), up);
}

#[test]
fn a_function_that_is_declared_to_read_asks_for_nothing() {
    let (host, shop) = start();
    let refused = shop.get("/read");
    assert_eq!(refused.status, 502, "{}", refused.text);
    assert_eq!(calls(&host, &shop), Vec::<quoin_harness::Value>::new());
}

#[test]
fn a_shop_that_sleeps_is_woken_for_what_is_due_and_sleeps_again() {
    let host = Host::start_sleepy();
    let shop = host.apply(SHOP);
    ask(&shop, &[json!({ "text": "alarm", "after": 4_000 })]);
    let open = || {
        let folder = std::fs::read_dir(format!("/proc/{}/fd", host.pid())).expect("a process");
        let files = folder.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        files.filter(|file| file.starts_with(host.data().join("tenants"))).count()
    };
    until("the shop sleeps", || (open() == 0).then_some(()));
    until("the shop wakes", || (open() > 0).then_some(()));
    until("the shop sleeps again", || (open() == 0).then_some(()));
    assert_eq!(texts(&shop), ["alarm"]);
}

#[test]
fn a_host_that_starts_does_what_is_due_in_shops_that_nobody_asks_for() {
    let (mut host, shop) = start();
    ask(&shop, &[json!({ "text": "alarm", "after": 3_000 })]);
    host.stop();
    host.run();
    std::thread::sleep(Duration::from_secs(5));
    let done = list(&host, &shop, "")["done"].as_array().expect("done").len();
    assert_eq!((done, texts(&shop)), (1, vec!["alarm".to_owned()]));
}

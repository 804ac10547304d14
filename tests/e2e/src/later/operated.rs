//! What an operator sees of later calls, and does with them.

use quoin_harness::{Host, Shop, Value, json, until};

use super::{ask, calls, list, start, task, texts, until_noted, until_nothing_is_outstanding};

#[track_caller]
fn cli(host: &Host, args: &[&str]) -> String {
    let output = host.cli(args);
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    out.into_owned()
}

/// A shop with two calls that are due in an hour; their numbers.
fn waiting() -> (Host, Shop, u64, u64) {
    let (host, shop) = start();
    let later = |text: &str| json!({ "text": text, "after": 3_600_000 });
    ask(&shop, &[later("first"), later("second")]);
    let calls = calls(&host, &shop);
    let number = |call: &Value| call["number"].as_u64().expect("a number");
    let (first, second) = (number(&calls[0]), number(&calls[1]));
    (host, shop, first, second)
}

#[test]
fn a_call_is_shown_run_before_its_time_and_dropped() {
    let (host, shop, first, second) = waiting();
    let listed = cli(&host, &["later", "list", "later"]);
    for word in ["waiting", "in 59 min", "test:later/tasks@0.1.0#note", "later-desk for anonymous"]
    {
        assert!(listed.contains(word), "no {word:?} in {listed}");
    }
    assert!(listed.ends_with("2 wait, the first for another 59 min; 0 are parked.\n"), "{listed}");
    let shown = cli(&host, &["later", "show", "later", &first.to_string()]);
    assert!(shown.contains("\"text\": \"first\""), "{shown}");

    let told = cli(&host, &["later", "run", "later", &first.to_string()]);
    assert!(told.starts_with(&format!("Later call {first} runs")), "{told}");
    assert_eq!(until_noted(&shop, 1), ["first"]);
    cli(&host, &["later", "drop", "later", &second.to_string()]);
    until_nothing_is_outstanding(&host, &shop);
    assert_eq!(texts(&shop), ["first"]);

    let done = cli(&host, &["later", "list", "later", "--json"]);
    let done: Value = done.parse().expect("JSON");
    assert_eq!(done["done"][0]["number"], first);
    assert_eq!(done["done"][0]["state"], "done");
}

#[test]
fn what_is_not_outstanding_is_told_so() {
    let (host, _shop, first, _) = waiting();
    let number = first + 1_000;
    for command in ["show", "run", "drop"] {
        let output = host.cli(&["later", command, "later", &number.to_string()]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(&format!("later has no later call {number} outstanding")), "{told}");
    }
}

#[test]
fn calls_are_filtered_by_plugin_state_and_request() {
    let (host, shop, first, second) = waiting();
    let numbers = |query: &str| {
        let list = list(&host, &shop, query);
        let calls = list["calls"].as_array().expect("calls").iter();
        calls.map(|call| call["number"].as_u64().expect("a number")).collect::<Vec<_>>()
    };
    assert_eq!(numbers("?plugin=later-worker"), [first, second]);
    assert!(numbers("?plugin=later-desk").is_empty());
    assert!(numbers("?parked=true").is_empty());
    assert_eq!(numbers("?parked=false&limit=1"), [first]);
    assert_eq!(numbers(&format!("?after={first}")), [second]);
    let request = calls(&host, &shop)[0]["request"].as_str().expect("an id").to_owned();
    assert_eq!(numbers(&format!("?request={request}")), [first, second]);
    assert!(numbers("?request=another").is_empty());
}

#[test]
fn what_a_request_led_to_is_told_as_a_chain() {
    let (host, shop) = start();
    let started = shop.post("/count-down", json!({ "number": 2 }));
    let request = started.header("x-request-id").to_owned();
    started.ok();
    ask(&shop, &[task("of another request")]);
    until_noted(&shop, 4);
    let done = until("three are done", || {
        let done = list(&host, &shop, &format!("?request={request}"))["done"].clone();
        done.as_array().filter(|done| done.len() == 3).cloned()
    });
    assert_eq!(done[0]["cause"], Value::Null);
    assert_eq!(done[1]["cause"], done[0]["number"]);
    assert_eq!(done[2]["cause"], done[1]["number"]);
}

#[test]
fn a_shops_state_and_the_hosts_health_tell_what_is_outstanding() {
    let (host, shop, ..) = waiting();
    let later = shop.state()["later"].clone();
    assert_eq!((&later["waiting"], &later["parked"]), (&json!(2), &json!(0)));
    let due = later["oldest-due-ms"].as_u64().expect("a time");
    let health = host.manage("GET", "/v1/health", Value::Null).ok();
    let first = health["later"]["first-due-ms"].as_u64().expect("a time");
    assert!(first <= due, "{health}");
    assert_eq!(health["later"]["running"], 0);
}

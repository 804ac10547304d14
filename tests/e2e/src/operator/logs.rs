//! The log of a shop leads from a request's id to what went wrong in it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use quoin_core::limits::LOG_LINES_KEPT;
use quoin_harness::{Host, Shop, Value, json};

use super::{start, text};

/// A request that the plugin fails in, after it has written this line; the id of its answer.
fn fail(shop: &Shop, line: &str) -> String {
    let reply = shop.post("/panic", json!({ "text": line }));
    reply.clone().refused(502, "plugin-failed");
    reply.header("x-request-id").to_owned()
}

/// What `quoin logs` prints to stdout and stderr.
#[track_caller]
fn logs(host: &Host, args: &[&str]) -> (String, String) {
    let output = host.cli(&[&["logs", "calls"], args].concat());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{err}");
    (out, err)
}

#[test]
fn each_line_begins_with_its_request_and_the_lines_of_one_are_found_by_it() {
    let (host, shop) = start();
    let (first, second) = (fail(&shop, "first!"), fail(&shop, "second!"));
    let (all, _) = logs(&host, &[]);
    let line = |of: &str| all.lines().find(|l| l.ends_with(of)).expect("a line").to_owned();
    assert!(line("first!").contains(&format!(" error {} hostile: ", &first[..8])), "{all}");
    assert!(line("second!").contains(&format!(" error {} hostile: ", &second[..8])), "{all}");
    assert!(all.lines().any(|l| l.contains(" info  -        quoin: ")), "{all}");

    for id in [&second, &second[..8], &second[..20]] {
        let (found, _) = logs(&host, &["--request", id]);
        // The plugin's own line, and the host's on how it failed, which goes on over more.
        assert_eq!(found.matches(&format!(" error {} hostile: ", &second[..8])).count(), 2);
        assert!(found.contains("second!") && found.contains("trapped in"), "{found}");
        assert!(!found.contains(&first[..8]) && !found.contains("first!"), "{found}");
    }
    let (newest, _) = logs(&host, &["--request", &first, "--limit", "1", "--json"]);
    let newest: Value = newest.parse().expect("one line");
    assert_eq!(newest["trace"], *first);
}

#[test]
fn a_line_of_the_log_is_one_line_on_the_terminal_and_exact_as_json() {
    let (host, shop) = start();
    let forged = "a\n2026-01-01 00:00:00.000Z error -        quoin: forged\r\x1b[2J\u{202e}b\u{200b}\u{2028}c";
    fail(&shop, forged);
    let (all, _) = logs(&host, &[]);
    assert!(!all.lines().any(|line| line.starts_with("2026-01-01")), "{all}");
    let shown = "hostile: a\\n2026-01-01 00:00:00.000Z error -        quoin: \
                 forged\\r\\u{1b}[2J\\u{202e}b\\u{200b}\\u{2028}c\n";
    assert!(all.contains(shown), "{all}");
    let (json, _) = logs(&host, &["--json"]);
    let exact = |line: &str| line.parse::<Value>().expect("JSON")["message"] == *forged;
    assert!(json.lines().any(exact), "{json}");
    assert_eq!(all.lines().count(), json.lines().count());

    // What a function answers is shown as JSON, which says the same where it writes a character out.
    let refused =
        host.cli(&["call", "calls", "test:hostile/acts#refuse", "{\"text\": \"a\u{202e}b\"}"]);
    let told = text(&refused.stderr);
    assert!(told.contains("a\\u202eb") && !told.contains('\u{202e}'), "{told}");
}

#[test]
fn a_plugin_that_floods_the_log_pushes_out_its_own_lines_alone() {
    let (host, shop) = start();
    let failed = fail(&shop, "the first");
    for _ in 0..12 {
        let storm = json!({ "interface": "test:hostile/acts", "function": "storm", "params": { "lines": 300 } });
        host.manage("POST", "/v1/tenants/calls/call", storm).ok();
    }
    let (all, _) = logs(&host, &[]);
    assert_eq!(all.lines().count(), LOG_LINES_KEPT);
    // What the host wrote about the plugin and about the shop is there still.
    assert!(all.contains("added shop") && all.contains("trapped in"), "{all}");
    assert!(logs(&host, &["--request", &failed]).0.contains("trapped in"));
    assert_eq!(all.matches("the rest is dropped").count(), 12);
}

#[test]
fn too_short_a_beginning_is_no_request_but_a_short_id_is() {
    let (host, shop) = start();
    let id = fail(&shop, "long");
    let (found, told) = logs(&host, &["--request", &id[..7]]);
    assert_eq!(found, "");
    assert!(told.contains(&format!("no lines of the request {} ", &id[..7])), "{told}");
    let named = shop.request("POST", "/panic").header("x-request-id", "desk-1");
    named.json(&json!({ "text": "short" })).send().refused(502, "plugin-failed");
    let (found, _) = logs(&host, &["--request", "desk-1"]);
    assert!(found.lines().any(|l| l.contains(" desk-1   hostile: short")), "{found}");
    let odd = host.cli(&["logs", "calls", "--request", "a&follow=true"]);
    assert_eq!(odd.status.code(), Some(2));
}

#[test]
fn the_lines_of_one_request_can_be_followed() {
    let (host, shop) = start();
    let send = |id: &str, line: &str| {
        let request = shop.request("POST", "/panic").header("x-request-id", id);
        request.json(&json!({ "text": line })).send().refused(502, "plugin-failed");
    };
    send("request-one", "old");
    send("request-one-2", "other");
    let mut follow = host.command();
    follow.args(["logs", "calls", "--follow", "--json", "--request", "request-one"]);
    let mut follow = follow.stdout(Stdio::piped()).spawn().expect("the command line runs");
    let mut lines = BufReader::new(follow.stdout.take().expect("a pipe")).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("a line").expect("text");
        line.parse().expect("JSON")
    };
    assert_eq!(next()["message"], "old");
    assert_eq!(next()["trace"], "request-one");
    send("request-one-2", "other again");
    send("request-one", "new");
    assert_eq!(next()["message"], "new");
    follow.kill().expect("it runs until interrupted");
    follow.wait().expect("it has ended");
}

#[test]
fn a_log_without_lines_says_since_when_to_people_only() {
    let (mut host, _shop) = start();
    host.restart();
    let (out, err) = logs(&host, &[]);
    assert_eq!(out, "");
    assert!(err.contains("calls has no lines since the host started"), "{err}");
    assert_eq!(logs(&host, &["--json"]), (String::new(), String::new()));
}

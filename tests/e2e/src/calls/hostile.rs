//! A plugin that wants too much of everything.

use quoin_core::limits::{LOG_LINES_KEPT, LOG_LINES_REQUEST_MAX};
use quoin_harness::{Value, json};

use super::{beyond_a_limit, start, trapped, unharmed};

fn act(shop: &quoin_harness::Shop, act: &str, params: Value) -> quoin_harness::Reply {
    shop.call(&format!("test:hostile/acts#{act}"), params)
}

#[test]
fn an_endless_loop_ends_at_its_deadline() {
    let (_host, shop) = start();
    let problem = shop.post("/spin", json!({})).refused(504, "plugin-timeout");
    assert_eq!(problem["class"], "plugin");
    unharmed(&shop);
}

#[test]
fn endless_loops_on_every_thread_let_others_through() {
    let (_host, shop) = start();
    std::thread::scope(|scope| {
        let loops: Vec<_> =
            (0..16).map(|_| scope.spawn(|| shop.post("/spin", json!({})).status)).collect();
        for _ in 0..20 {
            unharmed(&shop);
        }
        for ended in loops {
            assert_eq!(ended.join().expect("a client"), 504);
        }
    });
}

#[test]
fn recursion_without_end_is_a_trap() {
    let (_host, shop) = start();
    act(&shop, "recurse", json!({ "depth": 100 })).ok();
    trapped(act(&shop, "recurse", json!({ "depth": 100_000_000 })));
    unharmed(&shop);
}

#[test]
fn memory_ends_at_the_limit() {
    let (_host, shop) = start();
    assert_eq!(act(&shop, "swallow", json!({ "mib": 20 })).ok(), 20);
    trapped(act(&shop, "swallow", json!({ "mib": 33 })));
    unharmed(&shop);
    assert_eq!(act(&shop, "swallow", json!({ "mib": 20 })).ok(), 20);
}

#[test]
fn a_result_that_is_too_large_is_not_taken() {
    let (_host, shop) = start();
    let megabyte = act(&shop, "giant-string", json!({ "bytes": 1 << 20 })).ok();
    assert_eq!(megabyte.as_str().map(str::len), Some(1 << 20));
    beyond_a_limit(act(&shop, "giant-string", json!({ "bytes": 9 << 20 })));
    beyond_a_limit(act(&shop, "giant-list", json!({ "count": 2_000_000 })));
    shop.get(&format!("/giant/{}", 9 << 20)).refused(502, "plugin-failed");
    unharmed(&shop);
}

#[test]
fn host_calls_end_at_the_limit() {
    let (_host, shop) = start();
    assert_eq!(act(&shop, "storm", json!({ "lines": 1_000 })).ok(), 1_000);
    beyond_a_limit(act(&shop, "storm", json!({ "lines": 1_000_000 })));
    unharmed(&shop);
}

#[test]
fn a_log_keeps_the_newest_lines_only() {
    let (_host, shop) = start();
    for _ in 0..=LOG_LINES_KEPT / LOG_LINES_REQUEST_MAX as usize {
        act(&shop, "storm", json!({ "lines": LOG_LINES_REQUEST_MAX })).ok();
    }
    assert_eq!(shop.log().len(), LOG_LINES_KEPT);
}

#[test]
fn one_call_does_not_push_the_others_out_of_the_log() {
    let (_host, shop) = start();
    act(&shop, "storm", json!({ "lines": 50_000 })).ok();
    let lines = shop.log();
    let drops = lines.iter().filter(|line| line["message"] == "drop").count();
    assert_eq!(drops, LOG_LINES_REQUEST_MAX as usize);
    assert!(lines.last().expect("lines")["message"].to_string().contains("the rest is dropped"));
}

#[test]
fn a_panic_tells_the_log_and_no_stranger() {
    let (_host, shop) = start();
    let reply = shop.post("/panic", json!({ "text": "the password is xyzzy" }));
    assert!(!reply.text.contains("xyzzy"), "{}", reply.text);
    let trace = reply.header("x-request-id").to_owned();
    reply.refused(502, "plugin-failed");
    let lines = shop.log();
    let told = |line: &&Value| line["trace"] == trace.as_str() && line["plugin"] == "hostile";
    let lines: Vec<_> = lines.iter().filter(told).collect();
    assert!(lines.iter().any(|l| l["message"] == "the password is xyzzy"), "{lines:?}");
    unharmed(&shop);
}

#[test]
fn a_long_log_line_is_cut() {
    let (_host, shop) = start();
    trapped(act(&shop, "panic", json!({ "text": "é".repeat(100_000) })));
    let longest = shop.log().iter().filter_map(|l| l["message"].as_str().map(str::len)).max();
    assert!(longest < Some(5_000), "{longest:?}");
    unharmed(&shop);
}

#[test]
fn a_number_that_json_cannot_write_is_the_plugins_fault() {
    let (_host, shop) = start();
    let problem = shop.get("/not-a-number").refused(502, "inexpressible-result");
    assert_eq!(problem["class"], "plugin");
    unharmed(&shop);
}

//! A call inside that fails undoes what it and its callees wrote, and nothing else.

use quoin_harness::wire::Wire;
use quoin_harness::{Host, Shop, json, until};

use super::{ask, logged, order, run, shop, texts};

/// `a` asks `b` and `c`, `b` asks `c`. `b` has little time.
fn three(host: &Host) -> Shop {
    let a = "write-ms = 10000, deadline-ms = 30000";
    shop(
        host,
        "three",
        &[("a", &["b", "c"], a), ("b", &["c"], "deadline-ms = 1000"), ("c", &[], "")],
    )
}

#[test]
fn a_callee_that_fails_takes_its_own_writes_and_its_callees_along_and_the_caller_goes_on() {
    let host = Host::start();
    let shop = three(&host);
    let fails = [
        ("refuse", "b: refused as told"),
        ("trap", "b: unavailable trap"),
        ("spin", "b: unavailable timeout"),
        ("limit", "b: unavailable limit"),
        ("call c, trap, end, trap", "b: unavailable trap"),
        // Its time passes in the middle of a statement.
        ("read-on, trap", "b: unavailable timeout"),
    ];
    for (n, (fails, told)) in fails.iter().enumerate() {
        let steps = format!(
            "write before-{n}, call c, write kept-{n}, end, \
             call b, write gone, call c, write gone, end, {fails}, end, \
             write after-{n}, call c, write kept-too-{n}, texts, end"
        );
        let answer = run(&shop, "a", &steps).ok();
        let answer: Vec<_> = answer.as_array().expect("a list").iter().collect();
        assert_eq!(answer[0], told, "{fails}");
        // What was undone is not seen by those that come later, either.
        assert!(!answer.contains(&&json!("gone")), "{answer:?}");
        assert!(answer.contains(&&json!(format!("kept-{n}"))), "{answer:?}");
    }
    let all = |name: &str| (0..fails.len()).map(|n| format!("{name}-{n}")).collect::<Vec<_>>();
    assert_eq!(texts(&shop, "a"), json!([all("after"), all("before")].concat()));
    assert_eq!(texts(&shop, "b"), json!([]));
    assert_eq!(texts(&shop, "c"), json!([all("kept"), all("kept-too")].concat()));
}

#[test]
fn a_callee_of_a_callee_that_fails_is_undone_alone() {
    let host = Host::start();
    let shop = three(&host);
    let steps = "write a, call b, write first, call c, write kept, end, \
                 call c, write gone, trap, end, write second, end";
    assert_eq!(run(&shop, "a", steps).ok(), json!(["c: unavailable trap"]));
    assert_eq!(texts(&shop, "a"), json!(["a"]));
    assert_eq!(texts(&shop, "b"), json!(["first", "second"]));
    assert_eq!(texts(&shop, "c"), json!(["kept"]));
}

#[test]
fn a_request_that_has_the_writer_waits_for_nobodys_place() {
    // Those who have all places may be waiting for the writer.
    let host = Host::start();
    let shop = shop(
        &host,
        "busy",
        &[("a", &["b"], ""), ("b", &[], "deadline-ms = 60000, concurrency = 1, queue = 1")],
    );
    let body = order("b", "spin").to_string();
    let head = format!(
        "POST /b/look HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        shop.domain,
        body.len()
    );
    let mut clients = Vec::new();
    for (running, waiting) in [(1, 0), (1, 1)] {
        let mut client = Wire::open(host.address());
        client.send(format!("{head}{body}")).expect("sent");
        clients.push(client);
        until("the call runs or waits", || {
            let stats = &shop.plugin("b")["stats"];
            (stats["running"] == running && stats["waiting"] == waiting).then_some(())
        });
    }
    let told = run(&shop, "a", "write before, call b, write gone, end, write after").ok();
    assert_eq!(told, json!([]));
    drop(clients);
    until("the readers are gone", || {
        let stats = &shop.plugin("b")["stats"];
        (stats["running"] == 0 && stats["waiting"] == 0).then_some(())
    });
    assert_eq!(texts(&shop, "a"), json!(["after", "before"]));
    assert_eq!(texts(&shop, "b"), json!(["gone"]));
}

#[test]
fn a_request_whose_root_fails_keeps_nothing_of_anybody() {
    let mut host = Host::start();
    let shop = three(&host);
    let wrote = "write a, call b, write b, call c, write c, end, end, call c, write more, end";
    run(&shop, "a", &format!("{wrote}, refuse")).expect(409);
    run(&shop, "a", &format!("{wrote}, trap")).refused(502, "plugin-failed");
    run(&shop, "a", &format!("{wrote}, limit")).refused(502, "plugin-failed");
    run(&shop, "a", &format!("{wrote}, need b, write n, refuse, end")).expect(409);
    ask(&shop, "a", "number", wrote).refused(502, "inexpressible-result");
    let nothing = |shop: &Shop| {
        for who in ["a", "b", "c"] {
            assert_eq!(texts(shop, who), json!([]), "{who}");
        }
    };
    nothing(&shop);
    host.restart();
    nothing(&shop);
    run(&shop, "a", wrote).ok();
    host.kill();
    host.run();
    assert_eq!(texts(&shop, "a"), json!(["a"]));
    assert_eq!(texts(&shop, "b"), json!(["b"]));
    assert_eq!(texts(&shop, "c"), json!(["c", "more"]));
}

#[test]
fn a_callee_that_is_out_of_time_in_the_middle_of_a_write_ends_after_it() {
    let host = Host::start();
    let a = "write-ms = 1000, deadline-ms = 30000";
    let shop = shop(
        &host,
        "late",
        &[("a", &["b", "c"], a), ("b", &[], "deadline-ms = 300"), ("c", &[], "")],
    );
    // SQLite undoes the whole transaction when it is interrupted while it writes, so only the request's
    // own limit does that, and then nothing of the request is kept.
    let steps = "write a, call c, write c, end, call b, write gone, write-on, end, write after";
    run(&shop, "a", steps).refused(504, "plugin-timeout");
    logged(&shop, "write-ms");
    for who in ["a", "b", "c"] {
        assert_eq!(texts(&shop, who), json!([]), "{who}");
    }
    run(&shop, "a", "write a").ok();
}

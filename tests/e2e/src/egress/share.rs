//! No other system, and no plugin that speaks to it, takes more than its share.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use quoin_core::limits::{HTTP_CONCURRENCY_SHOP, HTTP_REQUESTS_MAX, HTTP_RESPONSE_BYTES_MAX};
use quoin_harness::remote::response;
use quoin_harness::{Host, Remote, json, until};

use super::{look, run, sent, shop, shop_file};

#[test]
fn a_huge_answer_is_not_taken() {
    let host = Host::start_reaching();
    let remote = Remote::start(|request| {
        let more: usize = request.target.trim_start_matches('/').parse().unwrap_or(0);
        response("200 OK", "", &"x".repeat(HTTP_RESPONSE_BYTES_MAX + more))
    });
    let shop = shop(&host, &remote);
    let told = sent(&shop, &[&format!("send GET {}/0", remote.base())]);
    assert_eq!(told.len(), HTTP_RESPONSE_BYTES_MAX + "200 ".len());
    let told = sent(&shop, &[&format!("send GET {}/1", remote.base())]);
    assert!(told.starts_with("too-large: "), "{told:.100}");
    let told = sent(&shop, &["large 1048577", &format!("send POST {}/0", remote.base())]);
    assert!(told.starts_with("too-large: "), "{told:.100}");
}

#[test]
fn a_slow_answer_ends_at_its_time_and_leaves_the_call_some() {
    let (gate, host) = (Arc::new(Mutex::new(())), Host::start_reaching());
    let shut = gate.lock().expect("a gate");
    let waits = gate.clone();
    let remote = Remote::start(move |_| {
        drop(waits.lock());
        response("200 OK", "", "late")
    });
    let limits = "limits = { deadline-ms = 1500 }";
    let shop = host.apply(&shop_file(&[&remote.base()], "\"GET\"", limits));
    let send = format!("send GET {}/", remote.base());
    assert_eq!(sent(&shop, &["timeout 100", &send]), "timeout");
    // Its call's own time, and there is still some to write down what came of it.
    let told = run(&shop, &[&send, "write unknown", "texts"]).ok();
    assert_eq!(told, json!(["timeout", "unknown"]));
    drop(shut);
    assert_eq!(sent(&shop, &[&send]), "200 late");
}

#[test]
fn a_shop_has_so_many_requests_out_and_another_shop_has_its_own() {
    let (gate, host) = (Arc::new(Mutex::new(())), Host::start_reaching());
    let shut = gate.lock().expect("a gate");
    let waits = gate.clone();
    let remote = Remote::start(move |request| {
        if request.target == "/slow" {
            drop(waits.lock());
        }
        response("200 OK", "", "done")
    });
    let limits = "limits = { deadline-ms = 60000 }";
    let file = shop_file(&[&remote.base()], "\"GET\"", limits);
    let shop = host.apply(&file);
    let other = host.apply(&file.replace("\"out\"", "\"other\""));
    let (slow, quick) =
        (format!("send GET {}/slow", remote.base()), format!("send GET {}/", remote.base()));
    let slow = ["timeout 30000", slow.as_str()];
    thread::scope(|scope| {
        let waiting: Vec<_> =
            (0..HTTP_CONCURRENCY_SHOP).map(|_| scope.spawn(|| sent(&shop, &slow))).collect();
        until("all are out", || (remote.received().len() == HTTP_CONCURRENCY_SHOP).then_some(()));
        let told = sent(&shop, &[&quick]);
        assert!(told.starts_with("busy: "), "{told}");
        assert_eq!(sent(&other, &[&quick]), "200 done");
        drop(shut);
        for told in waiting {
            assert_eq!(told.join().expect("a client"), "200 done");
        }
    });
    assert_eq!(sent(&shop, &[&quick]), "200 done");
}

#[test]
fn one_request_of_a_shop_sends_so_many_and_no_more() {
    let (host, remote) = (Host::start_reaching(), Remote::saying("x"));
    let shop = shop(&host, &remote);
    let send = format!("send GET {}/", remote.base());
    let steps = vec![send.as_str(); HTTP_REQUESTS_MAX + 1];
    let told = look(&shop, &steps).ok();
    let told = told.as_array().expect("answers");
    assert_eq!(told.iter().filter(|told| **told == "200 x").count(), HTTP_REQUESTS_MAX);
    assert!(told[HTTP_REQUESTS_MAX].as_str().expect("text").starts_with("busy: "));
}

#[test]
fn what_another_system_said_is_asked_for_each_time() {
    let (host, remote) = (Host::start_reaching(), Remote::saying("x"));
    let shop = shop(&host, &remote);
    let send = format!("send GET {}/", remote.base());
    let start = Barrier::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                start.wait();
                look(&shop, &["texts", &send]).ok();
            });
        }
    });
    look(&shop, &["texts", &send]).ok();
    assert_eq!(remote.received().len(), 3);
    assert_eq!(shop.plugin("sender")["stats"]["kept"], 0);
}

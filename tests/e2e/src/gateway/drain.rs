//! A host that is told to end finishes what it has begun.

use std::net::TcpStream;

use quoin_harness::wire::Wire;
use quoin_harness::{json, until};

use super::start;

#[test]
fn a_running_call_is_answered_and_then_the_host_ends_well() {
    let (mut host, shop) = start();
    let address = host.address();
    let texts: Vec<_> = (0..30_000).map(|n| n.to_string()).collect();
    let body = json!({ "texts": texts }).to_string();
    let mut idle = Wire::open(address);
    idle.send("GET /nothing HTTP/1.1\r\nhost: http.test\r\n\r\n").expect("sent");
    idle.reply().expect("an answer").ok();
    let mut busy = Wire::open(address);
    let head = format!(
        "POST /batch HTTP/1.1\r\nhost: http.test\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    busy.send(head + &body).expect("sent");
    until("the call has begun", || (shop.plugin("hostile")["stats"]["calls"] == 2).then_some(()));
    host.terminate();
    idle.closed();
    let reply = busy.reply().expect("an answer");
    assert_eq!(reply.ok(), 30_000);
    busy.closed();
    let status = host.ended();
    assert!(status.success(), "{status}\n{}", host.stderr());
    assert!(TcpStream::connect(address).is_err(), "somebody still listens");
    host.run();
    let count = json!({ "statement": "SELECT count(*) FROM hostile_text" });
    let count = shop.call("test:hostile/data#attempt-reading", count).ok();
    assert_eq!(count, json!([["30000"]]));
}

#[test]
fn told_twice_the_host_ends_at_once_and_not_well() {
    let (mut host, shop) = start();
    let mut busy = Wire::open(host.address());
    busy.send("POST /spin HTTP/1.1\r\nhost: http.test\r\ncontent-length: 0\r\n\r\n").expect("sent");
    until("the call runs", || (shop.plugin("hostile")["stats"]["running"] == 1).then_some(()));
    host.terminate();
    // It has begun to end when it can no longer be found.
    let found = host.data().join("admin.json");
    until("the host begins to end", || (!found.exists()).then_some(()));
    host.terminate();
    let status = host.ended();
    assert_eq!(status.code(), Some(1), "{}", host.stderr());
    assert!(host.stderr().contains("SIGTERM again: stopped at once"), "{}", host.stderr());
    busy.closed();
}

#[test]
fn a_host_without_work_ends_at_once_and_its_folder_is_free() {
    let (mut host, shop) = start();
    for _ in 0..3 {
        assert!(host.stop().success(), "{}", host.stderr());
        host.run();
        assert_eq!(shop.get("/nothing").ok(), 0);
    }
}

#[test]
fn two_hosts_do_not_share_a_folder() {
    let (host, _shop) = start();
    let output = host.cli(&["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("another host uses"), "{told}");
}

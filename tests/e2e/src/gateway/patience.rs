//! Clients that are slow, large, many, or no clients at all.

use quoin_core::limits::{HEADER_BYTES_MAX, HEADERS_MAX, TARGET_BYTES_MAX};
use quoin_harness::json;
use quoin_harness::wire::{Wire, exchange};

use super::start;

#[test]
fn a_client_that_never_finishes_its_headers_is_cut_off_and_holds_up_nobody() {
    let (host, shop) = start();
    let mut slow: Vec<_> = (0..50)
        .map(|_| {
            let mut wire = Wire::open(host.address());
            wire.send("GET /nothing HTTP/1.1\r\nhost: http.te").expect("sent");
            wire
        })
        .collect();
    assert_eq!(shop.get("/nothing").ok(), 0);
    for wire in &mut slow {
        let problem = wire.reply().expect("an answer").refused(408, "head-too-slow");
        assert_eq!(problem["requestId"].as_str().map(str::len), Some(32), "{problem}");
        wire.closed();
    }
    assert_eq!(shop.get("/nothing").ok(), 0);
}

#[test]
fn a_client_that_never_finishes_its_body_is_told_so_and_cut_off() {
    let (host, shop) = start();
    let mut wire = Wire::open(host.address());
    let head = "POST /take HTTP/1.1\r\nhost: http.test\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    wire.send(head).expect("sent");
    assert_eq!(shop.get("/nothing").ok(), 0);
    wire.reply().expect("an answer").expect(408);
    wire.closed();
}

#[test]
fn hundreds_of_idle_connections_hold_up_nobody() {
    let (host, shop) = start();
    let idle: Vec<_> = (0..500).map(|_| Wire::open(host.address())).collect();
    for _ in 0..20 {
        assert_eq!(shop.get("/nothing").ok(), 0);
    }
    drop(idle);
}

#[test]
fn too_large_headers_and_targets_are_refused() {
    let (host, shop) = start();
    let get = |target: &str, headers: &str| {
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: http.test\r\n{headers}connection: close\r\n\r\n"
        );
        exchange(host.address(), request).expect("an answer")
    };
    get("/nothing", &format!("x-a: {}\r\n", "x".repeat(1_000))).ok();
    for (refused, status, code) in [
        (
            get("/nothing", &format!("x-a: {}\r\n", "x".repeat(HEADER_BYTES_MAX))),
            431,
            "head-too-large",
        ),
        (get("/nothing", &"x-a: x\r\n".repeat(HEADERS_MAX + 1)), 431, "head-too-large"),
        (get(&format!("/nothing?{}", "x".repeat(TARGET_BYTES_MAX)), ""), 414, "target-too-long"),
    ] {
        let id = refused.header("x-request-id").to_owned();
        assert_eq!(refused.refused(status, code)["requestId"], id);
        assert_eq!(id.len(), 32, "{id}");
    }
    assert_eq!(shop.get("/nothing").ok(), 0);
}

#[test]
fn what_is_not_http_is_refused() {
    let (host, shop) = start();
    for garbage in
        ["hello\r\n\r\n", "\x16\x03\x01\x02\0\x01\0\r\n\r\n", "GET /nothing HTTP/9.9\r\n\r\n"]
    {
        let reply = exchange(host.address(), garbage).expect("an answer");
        reply.refused(400, "no-request");
    }
    assert_eq!(shop.get("/nothing").ok(), 0);
}

#[test]
fn requests_on_one_connection_are_answered_one_after_another() {
    let (host, _shop) = start();
    let mut wire = Wire::open(host.address());
    let one = "GET /nothing HTTP/1.1\r\nhost: http.test\r\n\r\n";
    wire.send(one.repeat(10)).expect("sent");
    for _ in 0..10 {
        assert_eq!(wire.reply().expect("an answer").ok(), 0);
    }
}

#[test]
fn a_refused_body_is_not_taken_for_the_next_request() {
    let (host, _shop) = start();
    let mut wire = Wire::open(host.address());
    let smuggled = "GET /nothing HTTP/1.1\r\nhost: http.test\r\n\r\n";
    let head = format!(
        "POST /nowhere HTTP/1.1\r\nhost: http.test\r\ncontent-length: {}\r\n\r\n{smuggled}",
        smuggled.len()
    );
    wire.send(head).expect("sent");
    wire.reply().expect("an answer").expect(404);
    assert!(wire.reply().is_none(), "what was a body became a request");
}

#[test]
fn many_clients_at_once_are_all_served() {
    let (_host, shop) = start();
    std::thread::scope(|scope| {
        for client in 0..32 {
            let shop = &shop;
            scope.spawn(move || {
                for n in 0..10 {
                    let text = format!("{client}-{n}");
                    shop.post("/texts", json!({ "text": text, "then": "well" })).ok();
                    shop.get("/identity").ok();
                }
            });
        }
    });
    assert_eq!(shop.get("/texts").ok().as_array().map(Vec::len), Some(320));
}

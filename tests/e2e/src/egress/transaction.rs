//! A request to another system cannot be undone, so it is made while nothing has been written.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use quoin_harness::remote::response;
use quoin_harness::{Host, Remote, json, until};

use super::{look, order, run, shop, shop_file};

#[test]
fn nothing_is_sent_once_something_was_written() {
    let (host, remote) = (Host::start_reaching(), Remote::saying("x"));
    let shop = shop(&host, &remote);
    let send = format!("send GET {}/", remote.base());
    let told = run(&shop, &["texts", &send, "write a", &send, "texts"]).ok();
    assert_eq!(told, json!(["200 x", "after-write", "a"]));
    assert_eq!(remote.received().len(), 1);
    assert_eq!(look(&shop, &["texts"]).ok(), json!(["a"]));
}

#[test]
fn nothing_is_sent_once_another_plugin_of_the_request_has_written() {
    let (host, remote) = (Host::start_reaching(), Remote::saying("x"));
    let actor = "[plugins.actor]\nbundle = \"actor.wasm\"\n\
        grants = [\"sql\", \"log\", \"config\", \"clock\", \"random\", \"call\"]\n\
        bind = { \"test:steps/steps\" = { sender = \"sender\" } }\n";
    let shop = host.apply(&shop_file(&[&remote.base()], "\"GET\"", actor));
    let send = format!("send GET {}/", remote.base());
    let act = |steps: &[&str]| shop.post("/actor/run", order(steps)).ok();
    let inside = ["call sender", send.as_str(), "end"];
    assert_eq!(act(&["texts", inside[0], inside[1], inside[2], "write a"]), json!(["200 x"]));
    let told = act(&["write b", inside[0], inside[1], inside[2]]);
    assert_eq!(told, json!(["after-write"]));
    // What was undone was written, too.
    let told = act(&["call sender", "write c", "refuse", "end", inside[0], inside[1], inside[2]]);
    assert_eq!(told, json!(["sender: refused as told", "after-write"]));
    assert_eq!(remote.received().len(), 1);
    assert_eq!(act(&["texts"]), json!(["a", "b"]));
}

#[test]
fn nobody_waits_for_the_shops_writer_while_a_request_waits_for_another_system() {
    let (gate, host) = (Arc::new(Mutex::new(())), Host::start_reaching());
    let shut = gate.lock().expect("a gate");
    let waits = gate.clone();
    let remote = Remote::start(move |_| {
        drop(waits.lock());
        response("200 OK", "", "late")
    });
    let limits = "limits = { deadline-ms = 60000, write-ms = 500 }";
    let shop = host.apply(&shop_file(&[&remote.base()], "\"GET\"", limits));
    let send = format!("send GET {}/", remote.base());
    let steps = ["texts", "timeout 30000", &send, "texts", "write b"];
    thread::scope(|scope| {
        let waiting = scope.spawn(|| run(&shop, &steps).ok());
        until("it is out", || (remote.received().len() == 1).then_some(()));
        run(&shop, &["write a"]).ok();
        // Longer than a request may have the writer.
        thread::sleep(std::time::Duration::from_millis(700));
        assert_eq!(look(&shop, &["texts"]).ok(), json!(["a"]));
        drop(shut);
        // It reads on in what the shop is now, and writes.
        assert_eq!(waiting.join().expect("a client"), json!(["200 late", "a"]));
    });
    assert_eq!(look(&shop, &["texts"]).ok(), json!(["a", "b"]));
}

#[test]
fn a_request_that_has_sent_something_is_finished_even_if_its_client_goes_away() {
    let (gate, host) = (Arc::new(Mutex::new(())), Host::start_reaching());
    let shut = gate.lock().expect("a gate");
    let waits = gate.clone();
    let remote = Remote::start(move |_| {
        drop(waits.lock());
        response("200 OK", "", "late")
    });
    let shop = host.apply(&shop_file(&[&remote.base()], "\"GET\"", ""));
    let body = order(&[&format!("send GET {}/", remote.base()), "write done"]).to_string();
    let mut client = TcpStream::connect(host.address()).expect("the host listens");
    let head = format!(
        "POST /sender/run HTTP/1.1\r\nhost: out.test\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write_all(head.as_bytes()).expect("it is sent");
    until("it is out", || (remote.received().len() == 1).then_some(()));
    drop(client);
    thread::sleep(std::time::Duration::from_millis(100));
    drop(shut);
    until("it is written", || (look(&shop, &["texts"]).ok() == json!(["done"])).then_some(()));
    assert_eq!(remote.received().len(), 1);
}

#[test]
fn what_a_later_call_sends_is_known_by_its_key_however_often_it_is_tried() {
    let (count, host) = (AtomicUsize::new(0), Host::start_reaching());
    let remote = Remote::start(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        // The first of all is no later call's. Of the first try the second request fails, of the second one
        // the first.
        2 | 3 => response("500 No", "", ""),
        _ => response("200 OK", "", "x"),
    });
    let shop = shop(&host, &remote);
    let send = format!("send POST {}/", remote.base());
    run(&shop, &[&send, &format!("later {send}; insist; {send}; insist; write done")]).ok();
    until("it is done", || (look(&shop, &["texts"]).ok() == json!(["done"])).then_some(()));
    let received = remote.received();
    let keys: Vec<_> = received.iter().map(|request| request.header("idempotency-key")).collect();
    // The first was sent by no later call.
    let [none, first, second, tried_first, again_first, again_second] = keys[..] else {
        panic!("{keys:?}");
    };
    assert_eq!(none, "");
    assert_eq!([tried_first, again_first], [first; 2]);
    assert_eq!(again_second, second);
    assert!(first != second && !first.is_empty(), "{keys:?}");
    // Its own is the plugin's to say.
    let own = format!("later header Idempotency-Key: mine; {send}; write own");
    run(&shop, &[&own]).ok();
    until("it is done", || (look(&shop, &["texts"]).ok() == json!(["done", "own"])).then_some(()));
    assert_eq!(remote.received().last().expect("a request").header("idempotency-key"), "mine");
}

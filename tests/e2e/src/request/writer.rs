//! The shop's one writer is had for a bounded time.

use quoin_harness::wire::Wire;
use quoin_harness::{Host, Shop, json, until};

use super::{logged, order, run, shop, texts};

/// `slow` may have the writer for a tenth of a second, and has a minute otherwise; `other` asks it.
fn limited(host: &Host) -> Shop {
    shop(
        host,
        "writer",
        &[
            ("slow", &[], "write-ms = 100, deadline-ms = 60000"),
            ("other", &["slow"], "write-ms = 3000, deadline-ms = 60000"),
        ],
    )
}

/// These steps take the writer for too long: they fail, leave nothing, and the next request works.
#[track_caller]
fn too_long(steps: &str) {
    let host = Host::start();
    let shop = limited(&host);
    run(&shop, "slow", "write before").ok();
    run(&shop, "slow", &format!("write gone, {steps}, write gone-too"))
        .refused(504, "plugin-timeout");
    logged(&shop, "slow had the shop's writer for more than 100 ms");
    assert_eq!(texts(&shop, "slow"), json!(["before"]));
    run(&shop, "slow", "write after").ok();
    run(&shop, "other", "write other").ok();
    assert_eq!(texts(&shop, "slow"), json!(["after", "before"]));
}

#[test]
fn a_function_that_holds_it_in_its_own_code_fails_and_leaves_nothing() {
    too_long("spin");
}

#[test]
fn a_function_that_holds_it_in_one_long_statement_that_writes_fails_and_leaves_nothing() {
    too_long("write-on");
}

#[test]
fn a_function_that_holds_it_in_one_long_statement_that_reads_fails_and_leaves_nothing() {
    too_long("read-on");
}

#[test]
fn what_counts_is_the_limit_of_the_plugin_whose_function_was_requested() {
    let host = Host::start();
    let shop = limited(&host);
    run(&shop, "other", "write a, call slow, write b, busy 300, end").ok();
    assert_eq!((texts(&shop, "other"), texts(&shop, "slow")), (json!(["a"]), json!(["b"])));
    run(&shop, "other", "write c, call slow, write d, spin, end").refused(504, "plugin-timeout");
    logged(&shop, "other had the shop's writer for more than 3000 ms");
    assert_eq!((texts(&shop, "other"), texts(&shop, "slow")), (json!(["a"]), json!(["b"])));
}

#[test]
fn time_before_the_first_statement_does_not_count() {
    let host = Host::start();
    let shop = limited(&host);
    run(&shop, "slow", "busy 400, write a").ok();
    assert_eq!(texts(&shop, "slow"), json!(["a"]));
}

#[test]
fn a_request_that_has_it_is_finished_although_its_client_is_lost() {
    let host = Host::start();
    let shop = limited(&host);
    let body = order("other", "write a, call slow, busy 300, end, write b").to_string();
    let mut client = Wire::open(host.address());
    let head = format!(
        "POST /other/run HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        shop.domain,
        body.len()
    );
    client.send(head + &body).expect("sent");
    // It calls the other one when it has written.
    until("it has the writer", || (shop.plugin("slow")["stats"]["calls"] != 0).then_some(()));
    drop(client);
    until("it is done", || (shop.plugin("other")["stats"]["running"] == 0).then_some(()));
    assert_eq!(texts(&shop, "other"), json!(["a", "b"]));
}

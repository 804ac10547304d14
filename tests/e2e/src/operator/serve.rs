//! The start of a host: what it prints.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use quoin_harness::Host;

#[test]
fn people_are_told_both_addresses_and_that_shops_answer_by_host_names() {
    let host = Host::start();
    let mut serve = host.command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    serve.env("QUOIN_DATA", host.data().with_file_name("other"));
    serve.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut serve = serve.spawn().expect("the host's executable runs");
    let lines = BufReader::new(serve.stdout.take().expect("a pipe")).lines();
    let lines: Vec<_> = lines.take(2).map(|line| line.expect("text")).collect();
    serve.kill().expect("it runs until it is told to stop");
    serve.wait().expect("it has ended");
    assert!(lines[0].starts_with("Shops      http://127.0.0.1:"), "{lines:?}");
    assert!(lines[0].ends_with("(each shop by its host names)"), "{lines:?}");
    assert!(lines[1].starts_with("Admin API  http://127.0.0.1:"), "{lines:?}");
}

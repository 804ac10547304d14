//! The start of a host: what it prints, and what it says of a command line that cannot be meant.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use quoin_harness::Host;

use super::{refused, tells};

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

#[test]
fn addresses_that_are_none_are_told_how_to_be_written() {
    let host = Host::start();
    for option in ["--listen", "--admin-listen"] {
        for address in ["localhost:9510", "9510"] {
            let told = refused(&host.cli(&["serve", option, address]), 2);
            tells(&told, &[option, address, "an IP address and a port, like 127.0.0.1:8080"]);
        }
    }
}

#[test]
fn a_file_as_the_data_directory_and_a_faulty_log_filter_are_told() {
    let host = Host::start();
    let file = host.file("data.txt", "hello").display().to_string();
    let told = refused(&host.cli(&["serve", "--data", &file]), 2);
    tells(&told, &[&file, "is a file, not a folder", "--data"]);
    let mut serve = host.command();
    let told = serve.arg("serve").env("QUOIN_LOG", "quoin=loud").output();
    let told = refused(&told.expect("the host's executable runs"), 2);
    tells(&told, &["QUOIN_LOG: ", "info,quoin_gateway=debug"]);
}

//! What the command line tells an operator: what is there, and what to do next.

mod logs;
mod refusals;
mod serve;

use std::process::Output;

use quoin_harness::{Host, Shop};

/// A plugin that fails when it is asked to.
const SHOP: &str = r#"
name = "calls"
[plugins.hostile]
bundle = "hostile.wasm"
grants = ["sql", "log"]
"#;

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(SHOP);
    (host, shop)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command line that is refused writes to stderr.
#[track_caller]
fn refused(output: &Output, exit: i32) -> String {
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{told}");
    told
}

#[track_caller]
fn tells(told: &str, words: &[&str]) {
    for word in words {
        assert!(told.contains(word), "no {word:?} in: {told}");
    }
}

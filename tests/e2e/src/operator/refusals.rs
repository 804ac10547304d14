//! A refusal says what to do next.

use quoin_harness::Host;

use super::{tells, text};

const GRANTS: &str = r#"grants = ["call", "config", "log", "random"]"#;

/// A shop file with one plugin and these lines for it.
fn shop(host: &Host, lines: &str) -> String {
    let head = "name = \"links\"\n[plugins.provider]\nbundle = \"provider.wasm\"\n";
    host.file("links.toml", format!("{head}{lines}\n")).display().to_string()
}

#[test]
fn a_grant_that_a_plugin_does_not_ask_for_gives_it_nothing() {
    let host = Host::start();
    let told = text(&host.cli(&["apply", &shop(&host, GRANTS), "--dry-run"]).stdout);
    tells(&told, &["may write lines", "random is granted, but it does not ask for it"]);
    assert!(!told.contains("may get random numbers"), "{told}");
}

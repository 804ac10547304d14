//! A refusal says what to do next.

use std::fs::File;

use quoin_core::limits::BODY_BYTES_MAX;
use quoin_harness::Host;

use super::{refused, start, tells, text};

#[test]
fn parameters_on_standard_input_that_are_too_long_are_refused_for_their_length() {
    let (host, _shop) = start();
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat(BODY_BYTES_MAX));
    let long = File::open(host.file("long.json", long)).expect("the file");
    let mut call = host.command();
    call.args(["call", "calls", "test:hostile/acts#refuse", "-"]).stdin(long);
    let told = refused(&call.output().expect("the command line runs"), 1);
    tells(&told, &["more than 4194304 bytes"]);
    assert!(!told.contains("JSON"), "{told}");
}

#[test]
fn a_shops_port_is_told_from_an_admin_api() {
    let (host, _shop) = start();
    let admin = format!("http://{}", host.address());
    let list = ["tenant", "list", "--admin", &admin];
    let words = ["this is not an admin API", "--admin", "`quoin serve` prints"];
    tells(&refused(&host.cli(&list), 2), &words);
    // The same where a shop answers by the address itself.
    host.apply("name = \"here\"\ndomains = [\"127.0.0.1\"]\n");
    tells(&refused(&host.cli(&list), 2), &words);
}

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

#[test]
fn what_a_shop_file_says_wrongly_is_told_with_what_to_write_and_where() {
    let host = Host::start();
    let told = |lines: &str| refused(&host.cli(&["apply", &shop(&host, lines)]), 1);
    tells(
        &told("grants = [\"log\"]"),
        &["grants = [", "] under [plugins.provider] in the shop file, and apply it"],
    );
    tells(
        &told(&format!("{GRANTS}\nconfig = {{ colour = \"red\" }}")),
        &["no configuration key colour; it knows "],
    );
    tells(
        &told(&format!("{GRANTS}\nbind = {{ \"a:b/c\" = \"x\" }}")),
        &["a:b/c, which the plugin does not need; it needs none"],
    );
}

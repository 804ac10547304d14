//! Manifests that are wrong are told with the place.

use quoin_harness::Host;

use crate::before::Bundles;
use crate::given::{guest, with_sections};

#[track_caller]
fn refused(host: &Host, manifest: &str, words: &[&str]) {
    let bundle = with_sections(&guest("provider").bare(), &[("quoin:manifest", manifest)]);
    let reply = host.upload(&bundle);
    let detail = reply.expect(422)["detail"].as_str().expect("a detail").to_owned();
    for word in words.iter().chain(&["plugin.toml"]) {
        assert!(detail.contains(word), "no {word:?} in: {detail}");
    }
}

#[test]
fn unknown_missing_and_mistyped_keys_are_named_with_their_line() {
    let host = Host::start();
    let bundles = Bundles::of(&host);
    let manifest = guest("provider").manifest;
    // The line of a text in the manifest, from 1.
    let line = |text: &str| {
        let at = manifest.find(text).expect("a text of the manifest");
        format!("line {}", manifest[..at].matches('\n').count() + 1)
    };
    let with = |from: &str, to: &str| manifest.replacen(from, to, 1);

    refused(&host, &format!("colour = 1\n{manifest}"), &["line 1", "colour"]);
    let config = format!("{manifest}colour = \"x\"\n");
    refused(&host, &config, &["colour"]);
    refused(&host, &with("version = \"0.1.0\"\n", ""), &["version"]);
    refused(&host, &with("description = \"", "# \""), &["description"]);
    refused(&host, &with("key = \"name\"\n", ""), &["key"]);
    let version = line("version");
    refused(&host, &with("\"0.1.0\"\n", "1\n"), &[&version]);
    refused(&host, &with("\"0.1.0\"\n", "\"one\"\n"), &[&version, "one", "semver"]);
    refused(&host, &with("name = \"provider\"", "name = \"My Plugin\""), &["line 1", "My Plugin"]);
    let host_line = line("host = ");
    refused(&host, &with("\"config\"", "\"printers\""), &[&host_line, "printers"]);
    refused(&host, &with("host = [", "host = 1 # ["), &[&host_line]);
    refused(&host, &with("refused = 409", "refused = 200"), &["200", "400 to 499"]);
    refused(&host, &with("test:links/parts@0.1.0", "test:links/parts"), &["test:links/parts"]);
    refused(&host, "name = ", &["line 1"]);
    refused(&host, "\u{fffd}", &[]);
    bundles.is_unchanged(&host);
}

#[test]
fn rules_of_the_manifest_are_told() {
    let host = Host::start();
    let manifest = guest("provider").manifest;
    let and = |more: &str| format!("{manifest}\n{more}\n");
    refused(&host, &and("[limits]\nmemory-mib = 65"), &["memory-mib", "64"]);
    refused(&host, &and("[limits]\nconcurrency = 0"), &["concurrency"]);
    refused(&host, &and("[limits]\ndeadline-ms = -1"), &["deadline-ms"]);
    refused(&host, &and("[instance]\nreuse = 0"), &["reuse"]);
    refused(
        &host,
        &manifest.replacen("description = \"", "description = \"\\u202e", 1),
        &["\\u{202e}"],
    );
    for (route, words) in [
        ("FETCH /x", ["FETCH", "route"]),
        ("GET x", ["x", "start with /"]),
        ("GET /openapi.json", ["/openapi.json", "belongs to the host"]),
        ("GET /docs/x", ["/docs/x", "which answers /docs itself"]),
        ("GET /./docs", ["/./docs", "a segment . or .."]),
        ("GET /a%2fb", ["/a%2fb", "other characters"]),
        ("GET /a//b", ["/a//b", "empty segment"]),
        ("GET /{a b}", ["{a b}", "parameter"]),
    ] {
        let route = format!(
            "[[routes]]\nroute = {route:?}\ncall = \"test:links/parts#name\"\naccess = \"public\""
        );
        refused(&host, &and(&route), &words);
    }
}

#[test]
fn a_manifest_that_is_too_large_or_no_text_is_refused() {
    let host = Host::start();
    let bare = guest("provider").bare();
    let huge = "#".repeat(100 << 10);
    let bundle = with_sections(&bare, &[("quoin:manifest", &huge)]);
    host.upload(&bundle).expect(422);
    let mut bundle = with_sections(&bare, &[("quoin:manifest", "name = \"#\"")]);
    let at = bundle.len() - 2;
    bundle[at] = 0xff;
    host.upload(&bundle).expect(422);
}

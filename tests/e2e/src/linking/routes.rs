//! Routes of different plugins that match the same requests.

use quoin_harness::{Host, Value, json};

use crate::before::Before;
use crate::given::written;

/// A plugin with these routes, each a pattern and the status that it answers with.
fn plugin(name: &str, routes: &[(&str, u16)]) -> Vec<u8> {
    let route = |(route, status): &(&str, u16)| {
        format!(
            "[[routes]]\nroute = \"{route}\"\ncall = \"test:text/acts#go\"\naccess = \"public\"\n\
             status = {status}\n"
        )
    };
    let routes: String = routes.iter().map(route).collect();
    written(
        name,
        &format!("provides = [\"test:text/acts@0.1.0\"]\n{routes}"),
        r#"(core module $m (func (export "go") (param i32)))
           (core instance $i (instantiate $m))
           (func $go (param "x" u32) (canon lift (core func $i "go")))
           (instance $acts (export "go" (func $go)))
           (export "test:text/acts@0.1.0" (instance $acts))"#,
    )
}

/// The file of a shop in which each of these plugins is installed.
fn file(host: &Host, plugins: &[&str]) -> String {
    let mut toml = "name = \"links\"\ndomains = [\"links.test\"]\n".to_owned();
    for name in plugins {
        toml += &format!("[plugins.{name}]\nbundle = \"{name}.wasm\"\ngrants = []\n");
    }
    host.file("links.toml", toml).display().to_string()
}

#[track_caller]
fn printed(host: &Host, args: &[&str]) -> String {
    let output = host.cli(args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn a_route_that_takes_requests_from_another_plugin_is_told_before_it_does() {
    let host = Host::start();
    host.file("first.wasm", plugin("first", &[("GET /things/{x}", 201), ("PUT /{x}", 201)]));
    let exact = [("GET /things/new", 202), ("POST /things/7", 202), ("POST /{x}", 202)];
    host.file("second.wasm", plugin("second", &exact));
    printed(&host, &["apply", &file(&host, &["first"])]);
    let both = file(&host, &["first", "second"]);
    let before = Before::of(&host);
    let dry = printed(&host, &["apply", &both, "--dry-run"]);
    let line = "    ! GET /things/new of second takes requests from GET /things/{x} of first";
    assert!(dry.lines().any(|l| l == line), "{dry}");
    assert_eq!(dry.matches('!').count(), 1, "{dry}");
    let planned: Value = printed(&host, &["apply", &both, "--dry-run", "--json"]).parse().unwrap();
    let shadow = json!([{
        "plugin": "second", "route": "GET /things/new", "of": "first", "shadows": "GET /things/{x}",
    }]);
    assert_eq!(planned["changes"][0]["shadows"], shadow, "{planned}");
    before.is_unchanged(&host);

    let told = printed(&host, &["apply", &both]);
    assert!(told.lines().any(|l| l == line), "{told}");
    let shop = host.shop("links", "links.test");
    assert_eq!(shop.get("/things/new?x=1").status, 202);
    // What another method has on a path takes nothing from this one.
    assert_eq!(shop.get("/things/7").status, 201);
    assert_eq!(shop.post("/things/7", json!({"x": 1})).status, 202);
    let other = shop.request("DELETE", "/things/7").send();
    assert_eq!((other.status, other.header("allow")), (405, "GET, POST, HEAD, OPTIONS"));

    // Another bundle behind an installation tells what is new, and that alone.
    let worse = [("GET /things/new", 202), ("GET /things/old", 202)];
    let worse = host.file("worse.wasm", plugin("second", &worse)).display().to_string();
    let swap = ["plugin", "swap", "links", "second", &worse];
    let told = printed(&host, &[&swap[..], &["--dry-run"]].concat());
    let line = "    ! GET /things/old of second takes requests from GET /things/{x} of first";
    assert!(told.lines().any(|l| l == line), "{told}");
    assert_eq!(told.matches('!').count(), 1, "{told}");
    // It is told with the one that loses them, too, when that is the one that changes.
    let wider = plugin("first", &[("GET /things/{x}", 201), ("POST /things/{x}", 201)]);
    let wider = host.file("wider.wasm", wider).display().to_string();
    let told = printed(&host, &["plugin", "swap", "links", "first", &wider]);
    assert!(
        told.contains("! POST /things/7 of second takes requests from POST /things/{x} of first")
    );
}

#[test]
fn routes_of_which_none_is_the_more_exact_one_are_refused_by_the_names_of_both() {
    let host = Host::start();
    let first = [("GET /a/{x}/c", 201), ("GET /b/{x}", 201)];
    host.file("first.wasm", plugin("first", &first));
    printed(&host, &["apply", &file(&host, &["first"])]);
    let before = Before::of(&host);
    for (route, words) in [
        ("GET /a/b/{x}", ["GET /a/{x}/c of first", "neither is the more exact one"]),
        ("GET /b/{x}", ["first", "has it already"]),
    ] {
        host.file("second.wasm", plugin("second", &[(route, 202)]));
        let refused = host.cli(&["apply", &file(&host, &["first", "second"])]);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{told}");
        for word in words.iter().chain(&[&*format!("second: the route {route}")]) {
            assert!(told.contains(word), "no {word:?} in: {told}");
        }
    }
    before.is_unchanged(&host);
    host.file("second.wasm", plugin("second", &[("POST /a/b/{x}", 202)]));
    printed(&host, &["apply", &file(&host, &["first", "second"])]);
}

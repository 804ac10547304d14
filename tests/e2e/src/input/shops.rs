//! Shop files that are wrong.

use quoin_harness::{Host, json};

use crate::before::Before;
use crate::given::guest;

const SHOP: &str = r#"
name = "notes"
domains = ["notes.test"]
[plugins.notes]
bundle = "notes.wasm"
grants = ["sql", "log"]
"#;

fn start() -> (Host, Before) {
    let host = Host::start();
    host.apply(SHOP);
    let before = Before::of(&host);
    (host, before)
}

#[track_caller]
fn refused(host: &Host, toml: &str, words: &[&str]) {
    let told = match host.try_apply(toml) {
        Ok(_) => panic!("applied: {toml}"),
        Err(told) => told,
    };
    for word in words {
        assert!(told.contains(word), "no {word:?} in: {told}");
    }
}

#[test]
fn unknown_missing_and_mistyped_keys_are_named_with_their_line() {
    let (host, before) = start();
    let with = |from: &str, to: &str| SHOP.replacen(from, to, 1);
    refused(&host, &with("grants", "grant"), &["line 6", "grant"]);
    refused(&host, &with("\"sql\"", "\"root\""), &["line 6", "root"]);
    refused(&host, &with("bundle = \"notes.wasm\"\n", ""), &["bundle"]);
    refused(&host, &with("\"notes.test\"", "\"notes.test:80\""), &["line 3", "notes.test:80"]);
    refused(&host, &with("plugins.notes", "plugins.My_Notes"), &["My_Notes"]);
    refused(&host, &with("[plugins.notes]", "[plugins.notes"), &["line 4"]);
    before.is_unchanged(&host);
}

#[test]
fn config_and_limits_that_the_plugin_does_not_have_are_named() {
    let (host, before) = start();
    let and = |more: &str| format!("{SHOP}{more}\n");
    refused(&host, &and("config = { colour = \"red\" }"), &["notes", "colour"]);
    refused(&host, &and("limits = { memory-mib = 1000 }"), &["notes", "memory-mib", "64"]);
    refused(&host, &and("limits = { colour = 1 }"), &["colour"]);
    refused(&host, &and("bind = { \"a:b/c\" = \"notes\" }"), &["a:b/c", "does not need"]);
    let huge = "x".repeat(70_000);
    let provider =
        "[plugins.provider]\nbundle = \"provider.wasm\"\ngrants = [\"call\", \"config\", \"log\"]";
    refused(
        &host,
        &and(&format!("{provider}\nconfig = {{ name = \"{huge}\" }}")),
        &["configuration"],
    );
    before.is_unchanged(&host);
}

#[test]
fn two_plugins_with_one_route_are_named() {
    let (host, before) = start();
    let mut like_it = guest("notes").with("name = \"notes\"", "name = \"second\"");
    like_it.migrations.clear();
    host.file("second.wasm", like_it.packed());
    let second = "[plugins.second]\nbundle = \"second.wasm\"\ngrants = [\"sql\", \"log\"]\n";
    refused(&host, &format!("{SHOP}{second}"), &["notes", "second", "GET /version"]);
    before.is_unchanged(&host);
}

#[test]
fn a_plugin_that_keeps_data_is_installed_under_the_name_that_its_tables_have() {
    let (host, before) = start();
    let under = |name: &str, bundle: &str| {
        SHOP.replace("plugins.notes", &format!("plugins.{name}")).replace("notes.wasm", bundle)
    };
    for (name, bundle) in [
        ("diary", "notes.wasm"),
        // It names whose tables it uses: `tables = "notes"`.
        ("diary", "notes-two.wasm"),
        ("notes-two", "notes-two.wasm"),
    ] {
        let wrong = format!("{name}: the plugin keeps its data in the tables of notes");
        let right = format!("write [plugins.notes] instead of [plugins.{name}]");
        refused(&host, &under(name, bundle), &[&wrong, &right]);
    }
    let wrong = "notes: the plugin keeps its data in the tables of hostile";
    let right = "write [plugins.hostile] instead of [plugins.notes]";
    refused(&host, &under("notes", "hostile.wasm"), &[wrong, right]);
    before.is_unchanged(&host);
    let shop = host.apply(&under("notes", "notes-two.wasm"));
    assert_eq!(shop.get("/version").ok(), 2);
    // One that keeps none can have any name.
    let diary =
        SHOP.replace("plugins.notes", "plugins.diary").replace("notes.wasm", "provider.wasm");
    host.apply(&diary.replace("\"sql\", \"log\"", "\"call\", \"config\", \"log\""));
}

#[test]
fn a_domain_of_another_shop_is_refused() {
    let (host, before) = start();
    let other = SHOP.replace("name = \"notes\"", "name = \"thief\"");
    refused(&host, &other, &["notes.test"]);
    before.is_unchanged(&host);
}

#[test]
fn a_shop_whose_bundles_the_host_does_not_have_is_refused() {
    let (host, before) = start();
    let shop = json!({ "name": "notes", "plugins": { "notes": { "bundle": "0".repeat(64) } } });
    let problem = host.manage("PUT", "/v1/tenants/notes/shop", shop.clone()).expect(404);
    assert!(problem["detail"].as_str().is_some_and(|d| d.contains("0000")), "{problem}");
    host.manage("PUT", "/v1/tenants/other/shop", shop).expect(422);
    host.manage("PUT", "/v1/tenants/notes/shop", json!({ "name": 1 })).expect(400);
    host.manage("PUT", "/v1/tenants/No!/shop", json!({})).expect(400);
    before.is_unchanged(&host);
}

#[test]
fn a_dry_run_and_an_apply_without_differences_change_nothing() {
    let (host, before) = start();
    let file = host.file("dry.toml", SHOP.replace("\"notes.test\"", "\"other.test\""));
    let output = host.cli(&["apply", "--dry-run", &file.display().to_string()]);
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("+ domain other.test") && told.contains("- domain notes.test"), "{told}");
    before.is_unchanged(&host);
    host.apply(SHOP);
    before.is_unchanged(&host);
}

#[test]
fn a_dry_run_says_what_becomes_what() {
    let host = Host::start();
    let shop = |config: &str, more: &str| {
        format!(
            "name = \"told\"\n[plugins.links]\nbundle = \"provider.wasm\"\n\
             grants = [\"call\", \"config\", \"log\"]\n{config}\n{more}"
        )
    };
    let notes = "[plugins.notes]\nbundle = \"notes.wasm\"\ngrants = [\"sql\", \"log\"]\n";
    host.apply(&shop("limits = { deadline-ms = 3000 }", notes));
    let dry_run = |toml: String| {
        let file = host.file("told.toml", toml);
        let told = host.cli(&["apply", "--dry-run", &file.display().to_string()]);
        assert!(told.status.success(), "{told:?}");
        String::from_utf8(told.stdout).expect("text")
    };
    let told = dry_run(shop("limits = { deadline-ms = 4000, queue = 7 }", ""));
    for part in [
        "limit deadline-ms: 3000 → 4000",
        "limit queue: the plugin's own → 7",
        "- plugin notes",
        "- route public POST /notes → test:notes/notes#write",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("/name"), "routes that stay are no news: {told}");
    host.apply(&shop("", ""));
    let told = dry_run(shop("", notes));
    assert!(told.contains("+ route public GET /notes → "), "{told}");
}

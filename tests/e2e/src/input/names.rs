//! Names of what is not there: the command line says so before it does anything, and what there is.

use quoin_harness::{Host, Shop};

use crate::before::Before;
use crate::given::{component, guest};

const SHOP: &str =
    "name = \"notes\"\n[plugins.notes]\nbundle = \"notes.wasm\"\ngrants = [\"sql\", \"log\"]\n";

fn refused(host: &Host, args: &[&str], exit: i32) -> String {
    let output = host.cli(args);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(exit), "{args:?}: {told}");
    told
}

#[track_caller]
fn tells(told: &str, words: &[&str]) {
    for word in words {
        assert!(told.contains(word), "no {word:?} in: {told}");
    }
}

#[test]
fn every_command_about_a_shop_says_when_there_is_none_of_the_name() {
    let host = Host::start();
    host.apply(SHOP);
    let before = Before::of(&host);
    let known = crate::before::Bundles::of(&host);
    // A bundle that the host does not have: it is not sent for a shop that is not there.
    let other = guest("provider").with("Provides one", "Provides another");
    let bundle = host.file("other.wasm", other.packed()).display().to_string();
    for args in [
        &["tenant", "show", "nope"] as &[&str],
        &["tenant", "remove", "nope"],
        &["tenant", "remove", "nope", "--yes"],
        &["tenant", "key", "create", "nope"],
        &["tenant", "key", "list", "nope"],
        &["tenant", "key", "remove", "nope", "abc"],
        &["plugin", "list", "nope"],
        &["plugin", "swap", "nope", "notes", &bundle],
        &["plugin", "swap", "nope", "notes", &bundle, "--dry-run"],
        &["plugin", "back", "nope", "notes"],
        &["call", "nope", "a:b/c#d"],
        &["logs", "nope"],
        &["logs", "nope", "--follow"],
    ] {
        tells(&refused(&host, args, 1), &["there is no tenant nope", "`quoin tenant list`"]);
    }
    // Of one that is there, nobody can be asked.
    tells(&refused(&host, &["tenant", "remove", "notes"], 2), &["--yes"]);
    before.is_unchanged(&host);
    known.is_unchanged(&host);
}

#[test]
fn a_plugin_that_the_shop_does_not_have_is_told_with_those_that_it_has() {
    let host = Host::start();
    host.apply(SHOP);
    let bundle = Shop::bundle_path("notes-two");
    for args in [
        &["plugin", "swap", "notes", "nots", &bundle] as &[&str],
        &["plugin", "back", "notes", "nots"],
        &["call", "notes", "test:notes/notes#version", "--installation", "nots"],
    ] {
        tells(&refused(&host, args, 1), &["no plugin nots", "it has notes"]);
    }
}

#[test]
fn a_function_that_nobody_provides_is_told_with_those_that_there_are() {
    let host = Host::start();
    host.apply(SHOP);
    let call = |function: &str| refused(&host, &["call", "notes", function], 1);
    let words = ["test:notes/notes@0.1.0 has no function nope", "version", "texts", "write"];
    tells(&call("test:notes/notes#nope"), &words);
    tells(
        &call("test:other/notes#nope"),
        &["test:other/notes", "provided are test:notes/notes@0.1.0"],
    );
}

#[test]
fn a_shop_file_is_called_by_its_own_name() {
    let host = Host::start();
    let file = host.file("corner-shop.toml", "name = \"corner\"\ncolour = 1\n");
    let told = refused(&host, &["apply", &file.display().to_string()], 1);
    tells(&told, &["corner-shop.toml: ", "line 2", "colour"]);
    assert!(!told.contains(" shop.toml"), "{told}");
}

#[test]
fn a_component_without_a_manifest_is_told_with_the_command_that_adds_one() {
    let host = Host::start();
    let file = host.file("bare.wasm", component("")).display().to_string();
    for args in [&["plugin", "inspect", &file] as &[&str], &["plugin", "swap", "a", "b", &file]] {
        let told = refused(&host, args, 1);
        tells(
            &told,
            &["no manifest", &format!("quoin plugin bundle {file} --manifest plugin.toml")],
        );
    }
    // The command is one.
    let manifest = "name = \"bare\"\nversion = \"0.1.0\"\ndescription = \"A test.\"\n";
    let manifest = host.file("plugin.toml", manifest).display().to_string();
    let bundle = host.file("bare.bundle.wasm", "").display().to_string();
    let args = ["plugin", "bundle", &file, "--manifest", &manifest, "--output", &bundle];
    assert!(host.cli(&args).status.success());
    assert!(host.cli(&["plugin", "inspect", &bundle]).status.success());
}

#[test]
fn missing_grants_are_one_line_for_each_plugin() {
    let host = Host::start();
    let toml = "name = \"poor\"\n[plugins.notes]\nbundle = \"notes.wasm\"\n\
        [plugins.provider]\nbundle = \"provider.wasm\"\n";
    let told = host.try_apply(toml).map(drop).expect_err("nothing is granted");
    let lines: Vec<_> = told.lines().filter(|line| line.contains("grants = ")).collect();
    assert_eq!(lines.len(), 2, "{told}");
    tells(lines[0], &["notes wants to keep data", "write lines", "grants = [\"sql\", \"log\"]"]);
    tells(lines[1], &["provider wants to", "grants = [\"log\", \"config\", \"call\"]"]);
}

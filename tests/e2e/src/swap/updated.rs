//! A host that was updated knows bundles from before only once it has read them again.

use quoin_harness::{Host, json};

use crate::given::guest;

/// Stops the host and starts it again as one that cannot read what the one before knew of bundles.
fn update(host: &mut Host) {
    assert!(host.stop().success());
    let mut forgotten = 0;
    for entry in host.data().join("cache").read_dir().expect("a folder") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|e| e == "json") {
            std::fs::write(path, "{}").expect("written");
            forgotten += 1;
        }
    }
    assert!(forgotten > 0);
    host.run();
}

#[test]
fn back_to_a_bundle_from_before_leaves_the_bindings_of_today() {
    let mut host = Host::start();
    let other = guest("consumer").with("Needs one", "Needs an");
    host.file("other.wasm", other.packed());
    let provider = |name: &str| {
        format!(
            "[plugins.{name}]\nbundle = \"provider.wasm\"\n\
             grants = [\"call\", \"config\", \"log\"]\nconfig = {{ name = \"{name}\" }}\n"
        )
    };
    let with = |bundle: &str, by: &str| {
        format!(
            "name = \"links\"\n[plugins.consumer]\nbundle = \"{bundle}\"\ngrants = [\"call\"]\n\
             bind = {{ \"test:links/parts\" = \"{by}\", \"test:links/offers\" = [] }}\n{}{}",
            provider("a"),
            provider("b")
        )
    };
    let shop = host.apply(&with("consumer.wasm", "a"));
    host.apply(&with("other.wasm", "b"));
    update(&mut host);
    super::command(&host, &["plugin", "back", "links", "consumer"]).expect("back");
    assert_eq!(shop.get("/name").ok(), "b");
}

#[test]
fn a_plugin_that_never_kept_data_can_be_replaced_by_one_that_does() {
    let mut host = Host::start();
    let other = guest("provider").with("Provides one", "Provides another");
    host.file("other.wasm", other.packed());
    let with = |bundle: &str, grants: &str| {
        format!("name = \"one\"\n[plugins.notes]\nbundle = \"{bundle}\"\ngrants = [{grants}]\n")
    };
    let shop = host.apply(&with("provider.wasm", r#""call", "config", "log""#));
    host.apply(&with("other.wasm", r#""call", "config", "log""#));
    update(&mut host);
    host.apply(&with("notes.wasm", r#""sql", "log""#));
    assert_eq!(shop.get("/notes").ok(), json!([]));
}

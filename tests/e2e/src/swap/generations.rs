//! From one generation to the next, and back.

use quoin_harness::{json, until};

use super::{SHOP, back, notes, second, start, swap, write};
use crate::given::guest;

#[test]
fn a_swap_migrates_and_publishes_and_back_is_one_command() {
    let (mut host, shop) = start();
    assert_eq!((shop.get("/version").ok(), notes(&shop)), (json!(1), json!(["first"])));
    swap(&host, &second()).expect("swapped");
    assert_eq!((shop.get("/version").ok(), notes(&shop)), (json!(2), json!(["first (5)"])));
    write(&shop, "second");
    back(&host).expect("back");
    // The old generation works on the new schema.
    assert_eq!((shop.get("/version").ok(), notes(&shop)), (json!(1), json!(["first", "second"])));
    write(&shop, "third");
    host.restart();
    assert_eq!(shop.get("/version").ok(), 1);
    back(&host).expect("forward again");
    let all = json!(["first (5)", "second (6)", "third (0)"]);
    assert_eq!((shop.get("/version").ok(), notes(&shop)), (json!(2), all));
    let numbers =
        [&shop.state()["revision"], &shop.plugin("notes")["generation"]].map(|n| n.as_u64());
    assert_eq!(numbers, [Some(4), Some(4)]);
}

#[test]
fn there_is_nothing_to_go_back_to_before_the_first_change() {
    let (host, shop) = start();
    let told = back(&host).expect_err("nothing to go back to");
    assert!(told.contains("nothing to go back to"), "{told}");
    assert_eq!(shop.get("/version").ok(), 1);
}

#[test]
fn a_swap_to_what_runs_already_changes_nothing() {
    let (host, shop) = start();
    let before = crate::before::Before::of(&host);
    swap(&host, &quoin_harness::Shop::bundle_path("notes")).expect("nothing to do");
    before.is_unchanged(&host);
    assert_eq!(notes(&shop), json!(["first"]));
}

#[test]
fn only_the_swapped_plugin_has_a_new_generation() {
    let host = quoin_harness::Host::start();
    let provider = "[plugins.provider]\nbundle = \"provider.wasm\"\ngrants = [\"call\", \"config\", \"log\"]\n\
        [plugins.consumer]\nbundle = \"consumer.wasm\"\ngrants = [\"call\"]\n";
    let shop = host.apply(&format!("{SHOP}{provider}"));
    let other = guest("provider").with("Provides one", "Provides another");
    let other = host.file("other.wasm", other.packed()).display().to_string();
    super::command(&host, &["plugin", "swap", "notes", "provider", &other]).expect("swapped");
    let generation = |name: &str| shop.plugin(name)["generation"].as_u64().expect("a number");
    assert_eq!([generation("provider"), generation("consumer"), generation("notes")], [2, 1, 1]);
    assert_eq!(shop.get("/name").ok(), "provider");
}

#[test]
fn a_replaced_generation_finishes_its_calls_and_is_freed() {
    let host = quoin_harness::Host::start();
    let toml = "name = \"drain\"\n[plugins.hostile]\nbundle = \"hostile.wasm\"\n\
        grants = [\"sql\", \"log\"]\nlimits = { deadline-ms = 5000 }\n";
    let shop = host.apply(toml);
    let other = guest("hostile").with("must not do", "should not do");
    let other = other.packed();
    host.upload(&other).ok();
    std::thread::scope(|scope| {
        let spin = scope.spawn(|| shop.post("/spin", json!({})).status);
        until("the call runs", || (shop.plugin("hostile")["stats"]["running"] == 1).then_some(()));
        let swap = json!({ "bundle": quoin_core::Digest::of(&other) });
        host.manage("POST", "/v1/tenants/drain/plugins/hostile/swap", swap).ok();
        assert_eq!(shop.state()["draining"], 1);
        assert_eq!(shop.get("/nothing").ok(), 0);
        assert_eq!(spin.join().expect("a client"), 504);
    });
    until("the old generation is freed", || (shop.state()["draining"] == 0).then_some(()));
}

#[test]
fn generations_that_kept_instances_are_freed_too() {
    let host = quoin_harness::Host::start();
    let kept = |text: &str| {
        guest("hostile").with("must not do", text).and("[instance]\nreuse = 100").packed()
    };
    host.file("kept.wasm", kept("may do"));
    let other = host.file("other.wasm", kept("might do")).display().to_string();
    let shop = host.apply(
        "name = \"drain\"\n[plugins.hostile]\nbundle = \"kept.wasm\"\ngrants = [\"sql\", \"log\"]\n",
    );
    shop.get("/served").ok();
    super::command(&host, &["plugin", "swap", "drain", "hostile", &other]).expect("swapped");
    until("the old generation is freed", || (shop.state()["draining"] == 0).then_some(()));
    assert_eq!(shop.get("/served").ok(), 1);
}

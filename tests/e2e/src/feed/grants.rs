//! What a plugin hears of is what its shop said.

use quoin_harness::Host;

use super::SHOP;

fn with(feed: &str) -> String {
    SHOP.replace("feed = [\"test:later/tasks#note\"]", feed)
}

#[test]
fn what_is_asked_for_and_not_granted_is_refused_with_the_line_to_write() {
    let host = Host::start();
    for (feed, wanted) in [
        ("", "feed = [\"test:later/tasks#note\"]"),
        ("feed = [\"a:b/c\"]", "feed = [\"a:b/c\", \"test:later/tasks#note\"]"),
    ] {
        let refused = host.try_apply(&with(feed)).err().expect("it is refused");
        assert!(refused.contains("hear every test:later/tasks#note"), "{refused}");
        assert!(refused.contains(wanted), "{refused}");
    }
    // The whole interface has its functions.
    host.apply(&with("feed = [\"test:later/tasks\"]"));
    let deaf = SHOP.replace("later-desk.wasm\"", "later-desk.wasm\"\nfeed = [\"a:b/c\"]");
    let refused = host.try_apply(&deaf).err().expect("it is refused");
    assert!(refused.contains("later-desk: the plugin does not hear of later calls"), "{refused}");
    let all = host.try_apply(&with("feed = [\"*\"]")).err().expect("it is refused");
    assert!(all.contains("write an interface without version"), "{all}");
    let own = with("feed = [\"quoin:plugin/feed\"]");
    assert!(host.try_apply(&own).err().expect("it is refused").contains("nobody hears"));
}

#[test]
fn the_plan_tells_what_is_heard_and_what_is_waited_for_in_vain() {
    let host = Host::start();
    let plan = |shop: &str| {
        let file = host.file("shop.toml", shop);
        let output = host.cli(&["apply", "--dry-run", &file.display().to_string()]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let some = with("feed = [\"test:later/tasks#note\", \"test:later/tasks#noted\", \"acme:x/y\"]");
    let text = plan(&some);
    let note = "may hear every test:later/tasks#note that is called later, with all that it says";
    assert!(text.contains(note), "{text}");
    for silent in ["test:later/tasks#noted", "acme:x/y"] {
        let line =
            format!("! listener hears nothing of {silent}: no plugin of the shop calls it later");
        assert!(text.contains(&line), "{text}");
    }
    assert!(!text.contains("nothing of test:later/tasks#note:"), "{text}");
    host.apply(SHOP);
    let text = plan(&some);
    assert!(text.contains("may now hear every acme:x/y"), "{text}");
    let without = SHOP.split("[plugins.later-desk]").next().unwrap_or_default().to_owned()
        + "[plugins.listener]"
        + SHOP.split("[plugins.listener]").nth(1).expect("the listener");
    let text = plan(&without);
    assert!(text.contains("! listener hears nothing of test:later/tasks#note"), "{text}");
}

#[test]
fn a_bundle_tells_what_it_asks_to_hear() {
    let host = Host::start();
    let output = host.cli(&["plugin", "inspect", &quoin_harness::Shop::bundle_path("listener")]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("feed    hear every test:later/tasks#note"), "{text}{output:?}");
}

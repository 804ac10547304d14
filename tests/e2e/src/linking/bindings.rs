//! Who serves what a plugin needs.

use quoin_harness::{Host, json};

use super::{SHOP, bound, provider, start};
use crate::before::Before;
use crate::given::guest;

#[test]
fn the_only_provider_serves_a_need() {
    let (_host, shop) = start();
    assert_eq!(shop.get("/name").ok(), "provider");
    let bindings = shop.plugin("consumer")["bindings"].clone();
    assert_eq!(bindings["test:links/parts@0.1.0"], "provider");
}

#[test]
fn of_several_providers_the_bound_one_serves_and_a_new_binding_takes_effect_at_once() {
    let host = Host::start();
    let offers = "\"test:links/offers\" = []";
    let bind = |to: &str| bound(&format!("\"test:links/parts\" = \"{to}\", {offers}"), &["a", "b"]);
    let shop = host.apply(&bind("a"));
    assert_eq!(shop.get("/name").ok(), "a");
    host.apply(&bind("b"));
    assert_eq!(shop.get("/name").ok(), "b");
    let generation = |name: &str| shop.plugin(name)["generation"].clone();
    assert_eq!([generation("a"), generation("b"), generation("consumer")], [1, 1, 1]);
}

/// Three providers in an order that is not that of their names.
fn three() -> String {
    let bind = r#""test:links/parts" = "a", "test:links/offers" = ["c", "a", "b"]"#;
    bound(bind, &["a", "b", "c"])
}

#[test]
fn all_providers_are_asked_in_the_stated_order_and_their_lists_joined() {
    let host = Host::start();
    let shop = host.apply(&three());
    let all = json!({ "aboutName": "", "what": "well" });
    let offers = shop.call("test:links/desk#offers", all).ok();
    assert_eq!(offers, json!(["offer of c", "offer of a", "offer of b"]));
}

#[test]
fn a_provider_that_fails_is_left_out_where_the_consumer_says_so_and_the_log_tells() {
    let host = Host::start();
    let shop = host.apply(&three());
    for what in ["trap", "refuse", "spin"] {
        let ask = json!({ "aboutName": "a", "what": what });
        let offers = shop.call("test:links/desk#offers", ask).ok();
        // The need gives each provider half a second of the five that the call has; without that, the
        // one that spins would take all of them.
        assert_eq!(offers, json!(["offer of c", "offer of b"]), "{what}");
    }
    let left_out = |line: &quoin_harness::Value| {
        line["plugin"] == "consumer"
            && line["message"].as_str().is_some_and(|m| m.contains("a was left out"))
    };
    assert_eq!(shop.log().iter().filter(|line| left_out(line)).count(), 3);
}

#[test]
fn one_failing_provider_fails_the_call_where_the_consumer_says_so() {
    let host = Host::start();
    let strict = guest("consumer").with("on-failure = \"skip\"", "on-failure = \"fail\"");
    host.file("strict.wasm", strict.packed());
    let shop = host.apply(&three().replace("consumer.wasm", "strict.wasm"));
    let ask =
        |what: &str| shop.call("test:links/desk#offers", json!({ "aboutName": "a", "what": what }));
    assert_eq!(ask("well").ok(), json!(["offer of c", "offer of a", "offer of b"]));
    let refused = ask("refuse").expect(409);
    assert_eq!(refused["error"], json!({ "tag": "refused", "val": "a" }));
    for (what, code) in [("trap", "trap"), ("spin", "timeout")] {
        let problem = ask(what).expect(502);
        assert_eq!(problem["error"], json!({ "tag": "unavailable", "val": code }));
    }
}

#[test]
fn the_first_parameter_chooses_the_provider_of_a_keyed_need() {
    let host = Host::start();
    let bind = r#""test:links/parts" = "a", "test:links/offers" = [],
        "test:links/methods" = { card = "b", cash = "a" }"#;
    let shop = host.apply(&bound(&bind.replace('\n', " "), &["a", "b"]));
    let take =
        |method: &str| shop.call("test:links/desk#take", json!({ "method": method, "amount": -5 }));
    assert_eq!(take("card").ok(), "b took -5 by card");
    assert_eq!(take("cash").ok(), "a took -5 by cash");
    let problem = take("cheque").expect(404);
    assert_eq!(problem["error"]["tag"], "not-found");
}

#[test]
fn without_a_stated_binding_the_installations_are_the_keys() {
    let host = Host::start();
    let bind = r#""test:links/parts" = "a", "test:links/offers" = []"#;
    let shop = host.apply(&bound(bind, &["a", "b"]));
    let ask = json!({ "method": "b", "amount": 1 });
    assert_eq!(shop.call("test:links/desk#take", ask).ok(), "b took 1 by b");
}

#[test]
fn two_ways_to_one_plugin_meet_there() {
    let host = Host::start();
    let relay = |name: &str| {
        format!(
            "[plugins.{name}]\nbundle = \"relay.wasm\"\ngrants = [\"config\", \"log\"]\n\
             config = {{ name = \"{name}\" }}\n"
        )
    };
    let offers = "bind = { \"test:links/offers\" = [\"right\", \"left\", \"provider\"] }";
    let toml = SHOP.replace("[plugins.provider]", &format!("{offers}\n[plugins.provider]"));
    let shop = host.apply(&format!("{toml}{}{}", relay("left"), relay("right")));
    let ask = json!({ "aboutName": "", "what": "well" });
    let offers = shop.call("test:links/desk#offers", ask).ok();
    let expected = ["right for provider", "left for provider", "offer of provider"];
    assert_eq!(offers, json!(expected));
    assert_eq!(shop.plugin("provider")["stats"]["calls"], 3);
}

#[test]
fn what_a_provider_does_wrong_becomes_unavailable_for_who_needs_it() {
    let (_host, shop) = start();
    assert_eq!(shop.get("/act/well").ok(), "provider");
    let refused = shop.get("/act/refuse").expect(409);
    assert_eq!(refused["error"], json!({ "tag": "refused", "val": "provider" }));
    let trapped = shop.get("/act/trap").expect(502);
    assert_eq!(trapped["error"], json!({ "tag": "unavailable", "val": "trap" }));
    // Where the function has no place for an error, the consumer fails with its provider.
    shop.get("/plainly/trap").expect(502);
    assert_eq!(shop.get("/act/well").ok(), "provider");
}

#[test]
fn a_provider_that_is_added_later_does_not_change_who_serves() {
    let host = Host::start();
    let shop = host.apply(SHOP);
    let refused = host.try_apply(&format!("{SHOP}{}", provider("another"))).map(drop).unwrap_err();
    assert!(refused.contains("another") && refused.contains("provider"), "{refused}");
    assert_eq!(shop.get("/name").ok(), "provider");
}

#[test]
fn back_to_a_generation_of_other_needs_takes_its_bindings_with_it() {
    let host = Host::start();
    let bind = r#""test:links/parts" = "a", "test:links/offers" = ["b", "a"],
        "test:links/methods" = { card = "b" }"#;
    let many = bound(&bind.replace('\n', " "), &["a", "b"]);
    let shop = host.apply(&many);
    let back = || host.cli(&["plugin", "back", "links", "consumer"]);
    // The next version needs one interface only; the shop says who serves it from now on.
    let few = |by: &str, providers: &[&str]| {
        let bind = format!("\"test:links/parts\" = \"{by}\"");
        let toml = bound(&bind, providers).replace("consumer.wasm", "relay.wasm");
        toml.replacen("grants = [\"call\"]", "grants = [\"config\", \"log\"]", 1)
    };
    host.apply(&few("b", &["a", "b"]));
    let ask = json!({ "aboutName": "", "what": "well" });
    let relayed = shop.call_at("consumer", "test:links/offers#offers", ask.clone());
    assert_eq!(relayed.ok(), json!(["relay for b"]));
    assert!(back().status.success());
    // Who serves what both need is the shop's to say, and stays; the others are as they were.
    assert_eq!(shop.get("/name").ok(), "b");
    let offers = shop.call("test:links/desk#offers", ask.clone()).ok();
    assert_eq!(offers, json!(["offer of b", "offer of a"]));
    let take = json!({ "method": "card", "amount": 1 });
    assert_eq!(shop.call("test:links/desk#take", take).ok(), "b took 1 by card");
    assert!(back().status.success());
    assert_eq!(shop.plugin("consumer")["bindings"], json!({ "test:links/parts@0.1.0": "b" }));
    // Whom it needs is gone meanwhile.
    host.apply(&few("a", &["a"]));
    let before = Before::of(&host);
    let refused = back();
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && told.contains("bind names b"), "{told}");
    before.is_unchanged(&host);
    let relayed = shop.call_at("consumer", "test:links/offers#offers", ask);
    assert_eq!(relayed.ok(), json!(["relay for a"]));
}

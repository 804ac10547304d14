//! What crosses between plugins.

use quoin_harness::{Host, Value, json};

use super::start;

/// One value of every kind of type, as JSON has it.
fn everything() -> Value {
    json!({
        "yes": true,
        "small": -128,
        "byte": 255,
        "short": -32_768,
        "unsignedShort": 65_535,
        "number": i32::MIN,
        "unsigned": u32::MAX,
        "long": i64::MIN,
        "unsignedLong": u64::MAX,
        "single": 0.5,
        "double": 1e300,
        "letter": "ß",
        "text": "naïve \"text\" \u{1f980}\n",
        "bytes": "AAECAw==",
        "words": ["", "b"],
        "maybe": null,
        "pair": ["left", -9_007_199_254_740_993i64],
        "colour": "dark-green",
        "marks": { "first": false, "secondOne": true, "third": true },
        "shapes": [{ "tag": "dot" }, { "tag": "line", "val": 3 }, { "tag": "box", "val": [4, 5] }],
        "outcome": { "tag": "err", "val": "why" },
    })
}

#[test]
fn every_kind_of_value_crosses_from_json_through_two_plugins_and_back() {
    let (_host, shop) = start();
    let it = everything();
    assert_eq!(shop.post("/echo", it.clone()).ok(), it);
    assert_eq!(shop.call("test:links/desk#echo", json!({ "it": it })).ok(), it);
    let mut other = it.clone();
    other["maybe"] = json!("something");
    other["outcome"] = json!({ "tag": "ok", "val": 7 });
    other["marks"] = json!({ "first": true, "secondOne": false, "third": false });
    assert_eq!(shop.post("/echo", other.clone()).ok(), other);
}

#[test]
fn an_interface_that_the_host_has_never_seen_is_linked_and_called() {
    let host = Host::start();
    let shop = host.apply(
        r#"
        name = "gifts"
        [plugins.paper-studio]
        bundle = "paper-studio.wasm"
        grants = ["config", "log"]
        [plugins.gift-desk]
        bundle = "gift-desk.wasm"
        grants = ["config", "log"]
        config = { fee-cents = "200" }
        "#,
    );
    let papers = shop.get("/gifts/papers?finish=velvet").ok();
    assert_eq!(papers[0]["id"], "midnight");
    assert_eq!(papers[0]["colour"], json!([22, 24, 64]));
    let gift = |shape: Value, fragile: bool| json!({ "name": "g", "shape": shape, "fragile": fragile, "recipient": "Ada" });
    let quote = json!({
        "gifts": [
            gift(json!({ "tag": "box", "val": [500, 500, 500] }), false),
            gift(json!({ "tag": "soft" }), true),
        ],
        "paper": "kraft",
        "extras": { "waxSeal": true },
    });
    let offer = shop.post("/gifts/quote", quote).ok();
    assert_eq!(offer["gifts"][0]["val"]["initial"], "A");
    assert_eq!(offer["gifts"][1], json!({ "tag": "err", "val": { "tag": "needs-a-box" } }));
    let wrapped = offer["gifts"][0]["val"]["cents"].as_u64().expect("cents");
    assert_eq!(offer["cents"], wrapped + 200);
    let unknown = json!({ "gifts": [], "paper": "gold", "extras": {} });
    let problem = shop.post("/gifts/quote", unknown).expect(404);
    assert_eq!(problem["error"], json!({ "tag": "unknown-paper", "val": "gold" }));
}

#[test]
fn the_host_says_who_calls_for_whom_and_no_plugin_can_choose_it() {
    let (_host, shop) = start();
    let mine = shop.get("/identity").ok();
    assert_eq!((&mine["role"], &mine["id"]), (&json!("anonymous"), &Value::Null));
    assert_eq!((&mine["tenant"], &mine["caller"]), (&json!("links"), &json!("consumer")));
    let admin = shop.admin().get("/admin/identity").ok();
    assert_eq!(admin["role"], "admin");
    let id = admin["id"].as_str().expect("the key's id");
    assert!(shop.key().starts_with(&format!("qk_{id}_")), "{id}");
    assert_ne!(mine["trace"], admin["trace"]);
    assert_ne!(mine["call"], admin["call"]);
    let direct = shop.call("test:links/parts#identify", json!({})).ok();
    assert_eq!(direct["caller"], Value::Null);
}

#[test]
fn one_request_is_one_trace_and_its_id_comes_back_to_the_client() {
    let (_host, shop) = start();
    let reply = shop.get("/identity");
    let id = reply.header("x-request-id").to_owned();
    assert!(!id.is_empty());
    assert_eq!(reply.ok()["trace"], id);
}

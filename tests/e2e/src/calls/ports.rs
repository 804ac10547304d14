//! The shop's port and the admin port tell what a call came to in the same words.

use quoin_harness::{Reply, Value, json};

use super::{start, unharmed};

/// What a program acts on.
fn words(reply: &Reply) -> [Value; 4] {
    assert_eq!(reply.header("content-type"), "application/problem+json", "{}", reply.text);
    ["status", "code", "class", "error"].map(|member| reply.body[member].clone())
}

#[test]
fn a_call_that_goes_wrong_has_one_code_status_and_class_on_both_ports() {
    let (_host, shop) = start();
    let text = json!({ "text": "oh" });
    let misfit = json!({ "small": 300, "long": 1, "text": "", "numbers": [], "maybe": null });
    for (route, function, params, code) in [
        ("POST /spin", "spin", json!({}), "plugin-timeout"),
        ("POST /panic", "panic", text.clone(), "plugin-failed"),
        ("GET /giant/9437184", "giant-string", json!({ "bytes": 9_437_184 }), "plugin-failed"),
        ("GET /not-a-number", "not-a-number", json!({}), "inexpressible-result"),
        ("POST /refuse", "refuse", text, "refused"),
        ("POST /take", "take", misfit, "misfit"),
    ] {
        let (method, path) = route.split_once(' ').expect("method and path");
        let from_shop = match method {
            "GET" => shop.get(path),
            _ => shop.post(path, params.clone()),
        };
        let from_admin = shop.call(&format!("test:hostile/acts#{function}"), params);
        assert_eq!(words(&from_shop), words(&from_admin), "{route}");
        assert_eq!(from_admin.body["code"], code, "{route}");
    }
    unharmed(&shop);
}

//! What an operator does.

use std::time::Duration;

use quoin_console::ENDPOINTS;
use serde_json::{Value, json};

use crate::given::{example, given};

#[tokio::test]
async fn a_shop_comes_changes_and_goes() {
    let given = given().await;
    let dry = json!({ "name": "demo", "domains": ["demo.test"] }).to_string();
    let plan = given.ask("PUT", "/v1/tenants/demo/shop?dry-run=true", dry).await;
    assert_eq!((plan.status.as_u16(), &plan.json["revision"]), (200, &0.into()));
    assert_eq!(given.get("/v1/tenants").await.json["tenants"], json!([]), "a plan changes nothing");

    assert_eq!(given.shop("demo").await.json["revision"], 1);
    let again = given.shop("demo").await;
    assert_eq!((&again.json["revision"], &again.json["changes"]), (&1.into(), &json!([])));

    let shown = given.get("/v1/tenants/demo").await.json;
    assert_eq!((&shown["domains"], &shown["draining"]), (&json!(["demo.test"]), &0.into()));
    assert_eq!((&shown["plugins"], &shown["routes"]), (&json!([]), &json!([])));
    assert_eq!(given.get("/v1/tenants/demo/shop").await.json["domains"], json!(["demo.test"]));
    let revisions = given.get("/v1/tenants/demo/revisions").await.json;
    assert_eq!(revisions["revisions"].as_array().unwrap().len(), 1);
    assert_eq!(given.get("/v1/health").await.json["tenants"], 1);

    assert_eq!(given.ask("DELETE", "/v1/tenants/demo", "").await.status, 200);
    assert_eq!(given.get("/v1/tenants/demo").await.status, 404);
}

#[tokio::test]
async fn a_domain_of_another_shop_is_refused() {
    let given = given().await;
    given.shop("one").await;
    let shop = json!({ "name": "two", "domains": ["one.test"] }).to_string();
    let answer = given.ask("PUT", "/v1/tenants/two/shop", shop).await;
    assert_eq!(answer.status, 409, "{}", answer.json);
    assert_eq!(given.get("/v1/tenants/two").await.status, 404);
}

#[tokio::test]
async fn every_path_of_a_tenant_says_when_there_is_none() {
    let given = given().await;
    let digest = "ab".repeat(32);
    for (method, pattern, _) in ENDPOINTS {
        let path = example(pattern);
        let body = match path.rsplit('/').next() {
            Some("swap") => json!({ "bundle": digest }),
            Some("call") => json!({ "interface": "a:b/c", "function": "d" }),
            Some("word") => json!({ "value": "x" }),
            Some("shop") if method == "PUT" => continue,
            _ => json!({}),
        };
        if !pattern.contains("{tenant}") {
            continue;
        }
        let answer = given.ask(method, &path, body.to_string()).await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.json);
    }
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused_and_change_nothing() {
    let given = given().await;
    for body in ["", "{", "[]", "{\"name\":\"demo\",\"colour\":1}", "{\"name\":\"Demo\"}"] {
        let answer = given.ask("PUT", "/v1/tenants/demo/shop", body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.json);
    }
    let other = given.ask("PUT", "/v1/tenants/demo/shop", "{\"name\":\"other\"}").await;
    assert_eq!(other.status, 422);
    assert_eq!(given.get("/v1/tenants").await.json["tenants"], json!([]));
}

#[tokio::test]
async fn a_bundle_must_have_the_digest_of_its_path() {
    let given = given().await;
    let answer = given.ask("PUT", &example("/v1/bundles/{digest}"), "hello").await;
    assert_eq!((answer.status.as_u16(), &answer.json["code"]), (422, &"other-digest".into()));
    assert_eq!(given.get("/v1/bundles").await.json["bundles"], json!([]));
    assert_eq!(given.get(&example("/v1/bundles/{digest}")).await.status, 404);
}

#[tokio::test]
async fn a_key_is_shown_once_and_can_be_removed() {
    let given = given().await;
    given.shop("demo").await;
    let made = given.ask("POST", "/v1/tenants/demo/keys", "{\"label\":\"desk\"}").await;
    assert_eq!(made.status, 201);
    let secret = made.json["secret"].as_str().unwrap();
    let keys = given.get("/v1/tenants/demo/keys").await.json;
    assert_eq!(keys["keys"][0]["label"], "desk");
    assert!(!keys.to_string().contains(secret));
    let path = format!("/v1/tenants/demo/keys/{}", made.json["id"].as_str().unwrap());
    assert_eq!(given.ask("DELETE", &path, "").await.status, 200);
    assert_eq!(given.ask("DELETE", &path, "").await.status, 404);
    let label = json!({ "label": "x".repeat(101) }).to_string();
    assert_eq!(given.ask("POST", "/v1/tenants/demo/keys", label).await.status, 422);
}

#[tokio::test]
async fn a_function_that_nobody_provides_is_not_found() {
    let given = given().await;
    given.shop("demo").await;
    let call = json!({ "interface": "a:b/c", "function": "d", "params": {} }).to_string();
    let answer = given.ask("POST", "/v1/tenants/demo/call", call).await;
    assert_eq!(answer.status, 404);
    assert!(answer.json["detail"].as_str().unwrap().contains("a:b/c"), "{}", answer.json);
}

#[tokio::test]
async fn a_log_is_read_once_or_followed_until_the_end() {
    let given = given().await;
    given.shop("demo").await;
    let read = given.get("/v1/tenants/demo/logs").await.json;
    let count = read["lines"].as_array().unwrap().len();
    assert!(count > 0, "the host writes what was applied");

    let mut all = given.stream("/v1/tenants/demo/logs?follow=true").await;
    let mut fresh = given.stream("/v1/tenants/demo/logs?follow=true&limit=0").await;
    for line in read["lines"].as_array().unwrap() {
        assert_eq!(&parsed(&all.recv().await.unwrap()), line);
    }
    let shop = json!({ "name": "demo", "domains": ["other.test"] }).to_string();
    given.ask("PUT", "/v1/tenants/demo/shop", shop).await;
    let (next, first) = (all.recv().await.unwrap(), fresh.recv().await.unwrap());
    assert_eq!(next, first);
    assert_eq!(parsed(&next)["number"], count + 1);

    given.console.close();
    while all.recv().await.is_some() {}
    while fresh.recv().await.is_some() {}
}

fn parsed(line: &[u8]) -> Value {
    assert!(line.ends_with(b"\n"));
    serde_json::from_slice(line).unwrap()
}

#[tokio::test]
async fn keys_and_revisions_say_when_they_were_made() {
    let given = given().await;
    given.shop("demo").await;
    given.clock.forward(Duration::from_secs(5));
    given.ask("POST", "/v1/tenants/demo/keys", "{}").await;
    let keys = given.get("/v1/tenants/demo/keys").await.json;
    let revisions = given.get("/v1/tenants/demo/revisions").await.json;
    assert_eq!(revisions["revisions"][0]["created-ms"], 1_000_000);
    assert_eq!(keys["keys"][0]["created-ms"], 1_005_000);
}

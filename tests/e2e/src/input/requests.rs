//! Requests that go nowhere.

use quoin_harness::wire::exchange;
use quoin_harness::{Host, Shop, json};

fn start() -> (Host, Shop) {
    let host = Host::start();
    let shop = host.apply(
        r#"
        name = "requests"
        [plugins.hostile]
        bundle = "hostile.wasm"
        grants = ["sql", "log"]
        "#,
    );
    (host, shop)
}

#[test]
fn an_unknown_host_name_is_told() {
    let (host, shop) = start();
    let other = host.shop("requests", "nobody.test");
    other.get("/nothing").refused(404, "unknown-host");
    assert_eq!(host.shop("requests", "REQUESTS.Test:8080").get("/nothing").ok(), 0);
    assert_eq!(shop.get("/nothing").ok(), 0);
}

#[test]
fn a_missing_a_double_and_a_malformed_host_name_are_refused() {
    let (host, _shop) = start();
    for hosts in ["", "host: requests.test\r\nhost: requests.test\r\n", "host: a b\r\n"] {
        let request = format!("GET /nothing HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        let reply = exchange(host.address(), request).expect("an answer");
        assert_eq!(reply.status, 400, "{hosts}: {}", reply.text);
    }
}

#[test]
fn an_unknown_path_is_told() {
    let (_host, shop) = start();
    for path in ["/", "/nowhere", "/nothing/more", "/nothing/", "/Nothing", "/texts/../nothing"] {
        shop.get(path).refused(404, "no-such-path");
    }
}

#[test]
fn a_wrong_method_is_told_with_the_right_ones() {
    let (_host, shop) = start();
    let reply = shop.delete("/texts");
    let allow = reply.header("allow").to_owned();
    reply.refused(405, "other-method");
    for method in ["GET", "HEAD", "POST", "OPTIONS"] {
        assert!(allow.split(", ").any(|m| m == method), "{allow}");
    }
    assert_eq!(shop.post("/nothing", json!({})).header("allow"), "GET, HEAD, OPTIONS");
    let options = shop.request("OPTIONS", "/texts").send();
    assert_eq!((options.status, options.header("allow")), (204, allow.as_str()));
}

#[test]
fn a_missing_and_a_wrong_key_are_told_apart() {
    let (host, shop) = start();
    let delete = |authorization: &str| {
        let request = shop.request("DELETE", "/admin/texts?statement=DELETE%20FROM%20hostile_text");
        match authorization {
            "" => request.send(),
            value => request.header("authorization", value).send(),
        }
    };
    let missing = delete("");
    assert!(missing.header("www-authenticate").starts_with("Bearer"));
    missing.refused(401, "missing-key");
    let key = shop.key().to_owned();
    delete(&format!("Bearer {key}")).ok();
    let other = host.apply(
        "name = \"other\"\n[plugins.provider]\nbundle = \"provider.wasm\"\n\
         grants = [\"call\", \"config\", \"log\"]\n",
    );
    let (short, long) = (&key[..key.len() - 1], format!("{key}0"));
    for wrong in [
        "Bearer x",
        "Bearer",
        "Basic eDp5",
        &key,
        &format!("Bearer {short}"),
        &format!("Bearer {long}"),
        &format!("Bearer {}", other.key()),
    ] {
        let reply = delete(wrong);
        assert!(reply.header("www-authenticate").contains("invalid_token"), "{wrong}");
        reply.refused(401, "wrong-key");
    }
    // A wrong key is refused where none would be needed.
    shop.request("GET", "/nothing").header("authorization", "Bearer x").send().expect(401);
    // A removed key is a wrong one.
    let id = key.split('_').nth(1).expect("an id");
    host.manage("DELETE", &format!("/v1/tenants/requests/keys/{id}"), json!({})).ok();
    delete(&format!("Bearer {key}")).refused(401, "wrong-key");
}

#[test]
fn keys_are_not_kept_where_they_could_be_read() {
    let (mut host, shop) = start();
    let key = shop.key().to_owned();
    host.stop();
    let secret = key.rsplit('_').next().expect("a secret").as_bytes();
    for entry in host.data().read_dir().expect("the data folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = std::fs::read(&path).expect("a file");
            assert!(!bytes.windows(secret.len()).any(|w| w == secret), "{}", path.display());
        }
    }
}

#[test]
fn the_admin_api_is_for_this_machine_and_its_operator_alone() {
    let (host, _shop) = start();
    let get = |headers: &str| {
        let request = format!("GET /v1/tenants HTTP/1.1\r\n{headers}connection: close\r\n\r\n");
        exchange(host.admin_address(), request).expect("an answer").status
    };
    let token = host.token();
    assert_eq!(get(&format!("host: localhost\r\nauthorization: Bearer {token}\r\n")), 200);
    assert_eq!(get("host: localhost\r\n"), 401);
    assert_eq!(get("host: localhost\r\nauthorization: Bearer 0\r\n"), 401);
    assert_eq!(get(&format!("host: evil.test\r\nauthorization: Bearer {token}\r\n")), 403);
}

//! A plugin names secrets and never has one.

use std::os::unix::fs::PermissionsExt as _;

use quoin_harness::remote::response;
use quoin_harness::{Host, Remote, Value, json};

use super::{exchanges, run, sent, set, shop};

const SECRET: &str = "open-sesame-4711";

/// A remote that says what it was sent.
fn echo() -> Remote {
    Remote::start(|request| {
        let body = String::from_utf8_lossy(&request.body);
        response("200 OK", "", &format!("{}|{body}", request.header("authorization")))
    })
}

/// Looks for the secret in every file below a folder.
fn is_on_disk(folder: &std::path::Path) -> bool {
    folder.read_dir().expect("a folder").flatten().any(|entry| {
        let path = entry.path();
        let has =
            |bytes: Vec<u8>| bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        if path.is_dir() { is_on_disk(&path) } else { std::fs::read(&path).is_ok_and(has) }
    })
}

#[test]
fn what_came_is_known_to_be_signed_without_knowing_the_secret() {
    let (host, remote) = (Host::start_reaching(), echo());
    let shop = shop(&host, &remote);
    let ask = |secret: &str, payload: &str, signature: &[u8]| {
        let bytes: Vec<_> = signature.iter().map(u8::to_string).collect();
        // Also once something was written.
        sent(&shop, &["write x", &format!("verify {secret} {payload} {}", bytes.join(","))])
    };
    let payload = "what";
    let told = ask("token", payload, &[1; 32]);
    assert!(told.starts_with("secret: ") && told.contains("secret set out token"), "{told}");
    set(&host, "token", "Jefe");
    assert_eq!(ask("token", payload, &[1; 32]), "false");
    let signed = sent(
        &shop,
        &["sign token x-signature  hex what", &format!("send GET {}/signed", remote.base())],
    );
    assert!(signed.starts_with("200"), "{signed}");
    let received = remote.received().pop().expect("a request");
    let hex = received.header("x-signature").to_owned();
    let signature: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex"))
        .collect();
    assert_eq!(ask("token", payload, &signature), "true");
    assert_eq!(ask("token", "else", &signature), "false");
    assert_eq!(ask("token", payload, &signature[..31]), "false");
    let told = ask("other", payload, &signature);
    assert!(told.contains("no grant for the secret other"), "{told}");
}

#[test]
fn a_secret_goes_out_and_is_nowhere_else() {
    let (mut host, remote) = (Host::start_reaching(), echo());
    let shop = shop(&host, &remote);
    let send = format!("send POST {}/", remote.base());
    let steps = ["header Authorization: Bearer {{token}}", "body {{token}}", &send];
    let told = sent(&shop, &steps);
    assert!(told.contains("`quoin secret set out token`"), "{told}");
    set(&host, "token", SECRET);
    assert_eq!(sent(&shop, &steps), format!("200 Bearer {SECRET}|{{{{token}}}}"));
    let inside = ["body <{{token}}>", "secrets-in-body", &send];
    assert_eq!(sent(&shop, &inside), format!("200 |<{SECRET}>"));
    host.restart();
    assert_eq!(sent(&shop, &inside), format!("200 |<{SECRET}>"));
    // What the remote tells of it, the plugin has; the host still does not tell it.
    sent(&shop, &[&format!("send GET {}/?key={SECRET}", remote.base())]);
    let told = Value::from(exchanges(&host)).to_string();
    assert!(told.contains("/?key={{token}}"), "{told}");
    let listed = host.manage("GET", "/v1/tenants/out/secrets", Value::Null).ok();
    assert_eq!(listed["secrets"][0]["name"], "token");
    assert_eq!(listed["secrets"][0]["plugins"], json!(["sender"]));
    assert_eq!(
        (&listed["secrets"][1]["name"], &listed["secrets"][1]["set-ms"]),
        (&"unset".into(), &Value::Null)
    );
    let output = host.cli(&["secret", "list", "out"]);
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(list.contains("token") && list.contains("not set"), "{list}");
    let state = shop.state().to_string();
    let document = host.manage("GET", "/v1/tenants/out/shop", Value::Null).ok().to_string();
    let log = Value::from(shop.log()).to_string();
    for text in [told, listed.to_string(), list, state, document, log, host.stderr()] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(!is_on_disk(host.data()));
    let key = host.data().join("secrets.key").metadata().expect("the key");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    assert!(host.cli(&["secret", "remove", "out", "token"]).status.success());
    assert!(sent(&shop, &steps).contains("is not set"));
    assert!(!host.cli(&["secret", "remove", "out", "token"]).status.success());
}

#[test]
fn a_secret_goes_to_no_other_host_and_no_other_plugins_secret_goes_out() {
    let (host, remote, evil) = (Host::start_reaching(), echo(), echo());
    let shop = shop(&host, &remote);
    set(&host, "token", SECRET);
    set(&host, "others", SECRET);
    let header = "header Authorization: {{token}}";
    let told = sent(&shop, &[header, &format!("send GET {}/", evil.base())]);
    assert!(told.starts_with("denied: "), "{told}");
    for (header, words) in [
        ("header Authorization: {{others}}", "secrets = [\"others\"]"),
        ("header Authorization: {{unset}}", "`quoin secret set out unset`"),
        ("header Authorization: {{nonsense}} {{token}}", "no grant for the secret nonsense"),
    ] {
        let told = sent(&shop, &[header, &format!("send GET {}/", remote.base())]);
        assert!(told.starts_with("secret: ") && told.contains(words), "{told}");
        assert!(!told.contains(SECRET), "{told}");
    }
    // In a URL it is no secret any more.
    let told = sent(&shop, &[&format!("send GET {}/{{{{token}}}}", remote.base())]);
    assert!(told.starts_with("invalid: ") && !told.contains(SECRET), "{told}");
    // A header that a secret would break is not sent, and its error does not tell why in its words.
    set(&host, "token", &format!("a\r\nx: {SECRET}"));
    let told = sent(&shop, &[header, &format!("send GET {}/", remote.base())]);
    assert!(told.starts_with("secret: ") && !told.contains(SECRET), "{told}");
    assert!(evil.received().is_empty() && remote.received().is_empty());
    let told = Value::from(exchanges(&host)).to_string() + &Value::from(shop.log()).to_string();
    assert!(!told.contains(SECRET), "{told}");
}

#[test]
fn the_host_signs_with_a_secret() {
    let host = Host::start_reaching();
    let remote = Remote::start(|request| response("200 OK", "", request.header("x-signature")));
    let shop = shop(&host, &remote);
    set(&host, "token", "Jefe");
    let sign = "sign token X-Signature v1= hex what do ya want for nothing?";
    // RFC 4231, test case 2.
    let expected = "200 v1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(sent(&shop, &[sign, &format!("send GET {}/", remote.base())]), expected);
}

#[test]
fn a_secret_of_another_key_is_to_be_set_again() {
    let (mut host, remote) = (Host::start_reaching(), echo());
    let shop = shop(&host, &remote);
    set(&host, "token", SECRET);
    host.kill();
    std::fs::remove_file(host.data().join("secrets.key")).expect("the key");
    host.run();
    let steps = ["header Authorization: {{token}}", &format!("send GET {}/", remote.base())];
    assert!(sent(&shop, &steps).contains("another key"));
    let output = host.cli(&["secret", "list", "out"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("set it again"), "{output:?}");
    set(&host, "token", SECRET);
    assert!(sent(&shop, &steps).contains(SECRET));
}

#[test]
fn a_key_is_where_the_operator_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("elsewhere.key");
    let host = Host::start_told(&format!("--secrets-key {}", key.display()));
    assert!(key.is_file() && !host.data().join("secrets.key").exists());
}

#[test]
fn a_secret_that_is_none_is_refused_and_not_told() {
    let host = Host::start();
    host.apply("name = \"out\"\n");
    let path = "/v1/tenants/out/secrets/token";
    for value in [json!(""), json!(4711), json!([SECRET]), json!("x".repeat(10_000))] {
        let reply = host.manage("PUT", path, json!({ "value": value }));
        assert!((400..500).contains(&reply.status), "{}", reply.text);
        assert!(!reply.text.contains("4711") && !reply.text.contains("xxx"), "{}", reply.text);
    }
    host.manage("PUT", "/v1/tenants/none/secrets/token", json!({ "value": "x" })).expect(404);
    host.manage("PUT", "/v1/tenants/out/secrets/No", json!({ "value": "x" })).expect(400);
    for n in 0..quoin_core::limits::SECRETS_MAX {
        let path = format!("/v1/tenants/out/secrets/s-{n}");
        host.manage("PUT", &path, json!({ "value": "x" })).ok();
    }
    host.manage("PUT", path, json!({ "value": "x" })).expect(409);
    host.manage("PUT", "/v1/tenants/out/secrets/s-0", json!({ "value": "y" })).ok();
}

#[test]
fn secrets_end_with_their_shop() {
    let (host, remote) = (Host::start_reaching(), echo());
    let shop = shop(&host, &remote);
    set(&host, "token", SECRET);
    run(&shop, &["texts"]).ok();
    host.manage("DELETE", "/v1/tenants/out", Value::Null).ok();
    let shop = super::shop(&host, &remote);
    let steps = ["header Authorization: {{token}}", &format!("send GET {}/", remote.base())];
    assert!(sent(&shop, &steps).contains("is not set"));
}

//! Plugins that answer whole requests.

use quoin_harness::wire::exchange;
use quoin_harness::{Host, Shop, Value, json};

use super::start;
use crate::given::{guest, written};

/// Bytes that a body has at most, both ways.
const BODY_BYTES_MAX: usize = 4 << 20;

/// So many bytes, of all values.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i % 251) as u8 ^ (i >> 8) as u8).collect()
}

#[test]
fn a_plugin_sees_method_path_query_and_body_below_its_prefix() {
    let (_host, shop) = start();
    let reply = shop.post_text("/pages/a/b?c=d&e", "text/plain", "hello");
    assert_eq!((reply.status, reply.header("content-type")), (201, "text/plain"));
    assert_eq!(reply.text, "POST /a/b c=d&e authorization=false\nhello");
    assert_eq!(shop.delete("/pages/x").text, "DELETE /x  authorization=false\n");
    shop.get("/pagesx").refused(404, "no-such-path");
}

#[test]
fn a_plugin_never_sees_a_key_of_the_host() {
    let (_host, shop) = start();
    assert!(shop.admin().get("/pages/x").text.ends_with("authorization=false\n"));
    let own = shop.request("GET", "/pages/x").header("authorization", "Basic eDp5").send();
    assert!(own.text.ends_with("authorization=true\n"), "{}", own.text);
}

#[test]
fn an_error_of_a_page_is_a_problem_like_any_other() {
    let (_host, shop) = start();
    let problem = shop.get("/pages/missing").refused(404, "not-found");
    assert_eq!(problem["error"], json!({"tag": "not-found", "val": "this page"}));
}

#[test]
fn a_response_that_http_cannot_carry_is_the_plugins_fault() {
    let (_host, shop) = start();
    for (path, why) in [("strange-status", "its status 9 is"), ("split-header", "x-note")] {
        let reply = shop.get(&format!("/pages/{path}"));
        assert!(reply.headers.get("set-cookie").is_none());
        let problem = reply.refused(502, "inexpressible-result");
        assert!(problem["detail"].as_str().expect("a detail").contains(why), "{problem}");
    }
    assert_eq!(shop.get("/pages/fine").status, 201);
}

#[test]
fn a_page_that_http_cannot_carry_leaves_nothing_behind() {
    let (_host, shop) = start();
    assert_eq!(shop.get("/pages/visit").text, "0");
    shop.get("/pages/strange-visit").refused(502, "inexpressible-result");
    assert_eq!(shop.get("/pages/visit").text, "1");
}

#[test]
fn four_mebibytes_go_in_and_come_out_as_they_are() {
    let (_host, shop) = start();
    for count in [0, 1, 100_000, BODY_BYTES_MAX] {
        let sent = bytes(count);
        let reply = shop.post_text("/pages/echo", "application/octet-stream", sent.clone());
        assert_eq!((reply.status, reply.bytes.len()), (200, count));
        assert!(reply.bytes == sent, "{count} other bytes");
    }
}

#[test]
fn a_larger_body_of_a_request_does_not_reach_the_plugin() {
    let (host, shop) = start();
    let larger = bytes(BODY_BYTES_MAX + 1);
    let problem =
        shop.post_text("/pages/echo", "text/plain", larger.clone()).refused(413, "too-large");
    assert!(problem["detail"].as_str().expect("a detail").contains("4194304 bytes"), "{problem}");
    // Not told beforehand, and longer than it needs to be.
    let chunk = format!("{:x}\r\n", larger.len());
    let head = format!(
        "POST /pages/echo HTTP/1.1\r\nhost: {}\r\ntransfer-encoding: chunked\r\n\r\n{chunk}",
        shop.domain
    );
    let chunked = [head.as_bytes(), &larger, b"\r\n0\r\n\r\n"].concat();
    exchange(host.address(), chunked).expect("an answer").refused(413, "too-large");
    assert_eq!(shop.plugin("pages")["stats"]["calls"], 0);
}

#[test]
fn a_larger_body_of_a_response_is_the_plugins_fault_and_named() {
    let (_host, shop) = start();
    let large = |count: usize| shop.get(&format!("/pages/large?{count}"));
    assert!(large(BODY_BYTES_MAX).bytes == vec![b'x'; BODY_BYTES_MAX], "other bytes");
    let problem = large(BODY_BYTES_MAX + 1).refused(502, "inexpressible-result");
    let why = "its body has 4194305 bytes, more than 4194304";
    assert!(problem["detail"].as_str().expect("a detail").contains(why), "{problem}");
    // This much does not even come as far as the host.
    large(9 << 20).refused(502, "plugin-failed");
    let log = shop.log();
    for why in [why, "more than 8388608 bytes crossed at once"] {
        let told = |line: &Value| line.to_string().contains(why);
        assert!(log.iter().any(told), "no {why:?} in {log:?}");
    }
    assert_eq!(large(1).text, "x");
}

#[test]
fn a_header_that_is_not_a_plugins_to_set_is_named() {
    let (_host, shop) = start();
    for header in [
        "connection",
        "content-length",
        "keep-alive",
        "transfer-encoding",
        "upgrade",
        "strict-transport-security",
        "clear-site-data",
        "set-cookie",
    ] {
        let reply = shop.get(&format!("/pages/set/{header}?close"));
        let problem = reply.refused(502, "inexpressible-result");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains(&format!("the header {header},")), "{problem}");
    }
    assert_eq!(shop.get("/pages/set/x-own?1").header("x-own"), "1");
}

#[test]
fn a_page_is_held_to_the_policy_of_the_host_whatever_its_own() {
    let (_host, shop) = start();
    for path in ["/pages/echo", "/pages/set/content-security-policy?frame-ancestors%20*"] {
        let reply = shop.get(path);
        let mut policies = reply.headers.get_all("content-security-policy").iter();
        let ours = "base-uri 'self'; frame-ancestors 'self'; object-src 'none'";
        assert!(policies.any(|policy| policy == ours), "{:?}", reply.headers);
    }
}

/// The guest `pages` with these host interfaces and under this prefix.
fn pages(host: &str, prefix: &str) -> Vec<u8> {
    let pages = guest("pages").with("[\"sql\", \"log\"]", host);
    pages.with("\"/pages\"", &format!("\"{prefix}\"")).packed()
}

fn file(grants: &str) -> String {
    format!(
        "name = \"cookies\"\ndomains = [\"cookies.test\"]\n\
         [plugins.pages]\nbundle = \"baker.wasm\"\ngrants = {grants}\n"
    )
}

#[test]
fn a_page_sets_cookies_if_it_asks_for_them_and_the_shop_lets_it() {
    let host = Host::start();
    let set = |shop: &Shop| shop.get("/pages/set/set-cookie?a=1");
    let (less, all) = ("[\"sql\", \"log\"]", "[\"sql\", \"log\", \"cookies\"]");
    // Granted, and not asked for.
    host.file("baker.wasm", pages(less, "/pages"));
    let shop = host.apply(&file(all));
    set(&shop).refused(502, "inexpressible-result");
    // Asked for, and not granted.
    host.file("baker.wasm", pages(all, "/pages"));
    let refused = host.try_apply(&file(less)).map(drop).unwrap_err();
    assert!(refused.contains("cookies") && refused.contains("no grant"), "{refused}");
    set(&shop).refused(502, "inexpressible-result");

    let path = host.file("cookies.toml", file(all)).display().to_string();
    let told = host.cli(&["apply", &path]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("asks, and is granted, to set and replace cookies"), "{told}");
    let reply = set(&shop);
    assert_eq!((reply.status, reply.header("set-cookie")), (200, "a=1"));
}

#[test]
fn a_plugin_may_serve_what_nobody_else_takes() {
    let (host, shop) = start();
    shop.get("/").refused(404, "no-such-path");
    let toml = "domains = [\"http.test\"]\n".to_owned() + super::SHOP;
    let toml = toml + "[plugins.front]\nbundle = \"front.wasm\"\n";
    let path = host.file("front.toml", toml).display().to_string();
    let told = host.cli(&["apply", &path]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("+ route public * /* → quoin:plugin/web"), "{told}");
    let line = "! * /pages/* of pages takes requests from * /* of front";
    assert!(told.lines().any(|l| l.trim() == line), "{told}");
    let line = "! GET /nothing of hostile takes requests from * /* of front";
    assert!(told.lines().any(|l| l.trim() == line), "{told}");

    for path in ["/", "/pagesx", "//a/b", "/docs-of-ours"] {
        assert_eq!(shop.get(path).text, format!("GET {path}"), "{path}");
    }
    assert_eq!(shop.put("/any", json!(1)).text, "PUT /any");
    // What is taken stays with whom it belongs to, a path with all its methods.
    assert_eq!(shop.get("/pages/x").text, "GET /x  authorization=false\n");
    assert_eq!(shop.get("/pages").text, "GET /  authorization=false\n");
    shop.get("/take").refused(405, "other-method");
    assert_eq!(shop.get("/name").ok(), "provider");
    assert_eq!(shop.get("/healthz").ok(), json!({"status": "ok"}));
    assert_eq!(shop.get("/docs").header("content-type"), "text/html; charset=utf-8");
    shop.get("/docs/x").refused(404, "no-such-path");
    let webs = shop.get("/openapi.json").ok()["x-web"].take();
    assert!(webs.as_array().is_some_and(|w| w.iter().any(|w| w["prefix"] == "/")), "{webs}");
}

#[test]
fn two_plugins_do_not_serve_everything_both() {
    let host = Host::start();
    host.file("everything.wasm", pages("[\"sql\", \"log\"]", "/"));
    let toml = "name = \"both\"\n[plugins.front]\nbundle = \"front.wasm\"\n\
                [plugins.pages]\nbundle = \"everything.wasm\"\ngrants = [\"sql\", \"log\"]\n";
    let refused = host.try_apply(toml).map(drop).unwrap_err();
    assert!(refused.contains("front serves pages under /"), "{refused}");
}

#[test]
fn a_web_interface_of_other_types_than_the_hosts_is_refused() {
    let host = Host::start();
    let fields = r#"(core module $m (func (export "go") (param i32)))
        (core instance $i (instantiate $m))
        (func $go (param "request" u32) (canon lift (core func $i "go")))
        (instance $web (export "handle" (func $go)))
        (export "quoin:plugin/web@0.1.0" (instance $web))"#;
    let manifest = "[web]\nprefix = \"/odd\"\naccess = \"public\"";
    for (fields, why) in [
        (fields, "type mismatch with parameters"),
        (&fields.replace("\"handle\"", "\"answer\""), "there is no function handle"),
    ] {
        host.file("odd.wasm", written("odd", manifest, fields));
        let toml = "name = \"odd\"\n[plugins.odd]\nbundle = \"odd.wasm\"\n";
        let refused = host.try_apply(toml).map(drop).unwrap_err();
        for word in [why, "quoin:plugin/web@0.1.0 of odd is not the interface", "wit/plugin"] {
            assert!(refused.contains(word), "no {word:?} in: {refused}");
        }
    }
}

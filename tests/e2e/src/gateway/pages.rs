//! Plugins that answer whole requests.

use super::start;

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
    shop.get("/pages/missing").refused(404, "not-found");
}

#[test]
fn a_response_that_http_cannot_carry_is_the_plugins_fault() {
    let (_host, shop) = start();
    for path in ["/pages/strange-status", "/pages/split-header", "/pages/forged-length"] {
        let reply = shop.get(path);
        assert!(reply.headers.get("set-cookie").is_none());
        reply.refused(502, "inexpressible-result");
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

//! What every answer has, and the document that describes them all.

use std::collections::BTreeSet;

use quoin_harness::{Value, json};

use super::start;

#[test]
fn a_problem_says_what_whose_fault_and_under_which_id() {
    let (_host, shop) = start();
    let reply = shop.post("/refuse", json!({ "text": "because" }));
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert_eq!(reply.header("cache-control"), "no-store");
    let id = reply.header("x-request-id").to_owned();
    let problem = reply.refused(409, "refused");
    assert_eq!(problem["requestId"], id);
    assert_eq!(problem["class"], "caller");
    assert_eq!(problem["error"], json!({ "tag": "refused", "val": "because" }));
    assert!(problem["title"].is_string());
}

#[test]
fn a_sane_request_id_is_kept_and_any_other_replaced() {
    let (_host, shop) = start();
    let with = |id: &str| {
        let reply = shop.request("GET", "/identity").header("x-request-id", id).send();
        let told = reply.header("x-request-id").to_owned();
        assert_eq!(reply.ok()["trace"], told);
        told
    };
    assert_eq!(with("my-trace.1"), "my-trace.1");
    for bad in ["a b", "a;b", &"x".repeat(65)] {
        assert_ne!(with(bad), bad);
    }
}

#[test]
fn a_success_has_the_status_of_its_route() {
    let (_host, shop) = start();
    assert_eq!(shop.get("/nothing").status, 200);
    let written = shop.post("/texts", json!({ "text": "x", "then": "well" }));
    assert_eq!((written.status, written.body), (201, json!(1)));
}

#[test]
fn head_is_get_without_a_body() {
    let (_host, shop) = start();
    let (get, head) = (shop.get("/texts"), shop.request("HEAD", "/texts").send());
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), get.header("content-type"));
}

#[test]
fn the_host_says_that_it_is_healthy_under_any_name() {
    let (host, _shop) = start();
    assert_eq!(host.shop("any", "any.test").get("/healthz").ok()["status"], "ok");
}

/// All values in a document that have this key.
fn all<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name == key {
                    found.push(value);
                }
                all(value, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| all(item, key, found)),
        _ => {}
    }
}

#[test]
fn the_openapi_document_lists_every_route_of_the_shop_and_nothing_else() {
    let (_host, shop) = start();
    let document = shop.get("/openapi.json").ok();
    assert!(document["openapi"].as_str().is_some_and(|v| v.starts_with("3.1.")));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let state = shop.state();
    for route in state["routes"].as_array().expect("routes") {
        let text = |member: &str| route[member].as_str().expect("a text").to_owned();
        if text("method") != "*" {
            let known = described.remove(&(text("method"), text("path")));
            assert!(known, "{route} is not in the document");
        }
    }
    described.retain(|(_, path)| !path.starts_with("/pages"));
    assert_eq!(described, BTreeSet::new(), "described, and no route");
}

#[test]
fn the_openapi_document_is_whole_and_consistent() {
    let (_host, shop) = start();
    let document = shop.get("/openapi.json").ok();
    let mut references = Vec::new();
    all(&document, "$ref", &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.as_str().and_then(|r| r.strip_prefix('#')).expect("a pointer");
        assert!(document.pointer(pointer).is_some(), "{pointer} is not in the document");
    }
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let at = format!("{method} {path}");
            assert!(operation["responses"].as_object().is_some_and(|r| !r.is_empty()), "{at}");
            if let Some(id) = operation["operationId"].as_str() {
                assert!(ids.insert(id.to_owned()), "{id} twice");
            }
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let in_path = |p: &&Value| p["in"] == "path";
            let named: BTreeSet<_> =
                parameters.iter().filter(in_path).filter_map(|p| p["name"].as_str()).collect();
            let braces: BTreeSet<_> =
                path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(named, braces, "{at}");
            for parameter in &parameters {
                assert!(parameter["schema"].is_object(), "{at}: {parameter}");
                assert!(parameter["in"] != "path" || parameter["required"] == true, "{at}");
            }
        }
    }
    let admin = &document["paths"]["/admin/texts"]["delete"];
    assert!(admin["security"].as_array().is_some_and(|s| !s.is_empty()), "{admin}");
}

#[test]
fn a_type_that_plugins_share_keeps_its_name_and_one_of_a_plugins_own_tells_whose_it_is() {
    let mut host = quoin_harness::Host::start();
    let shop = host.apply(
        "name = \"shared\"\n\
         [plugins.catalog]\nbundle = \"catalog.wasm\"\n\
         grants = [\"sql\", \"log\", \"clock\", \"random\", \"call\", \"files\", \"later\"]\n\
         [plugins.order]\nbundle = \"order.wasm\"\n\
         grants = [\"sql\", \"config\", \"clock\", \"random\", \"call\", \"log\"]\n",
    );
    let document = shop.get("/openapi.json").ok();
    let name = |schema: &Value| {
        let name = schema["$ref"].as_str().expect("a reference");
        name.trim_start_matches("#/components/schemas/").to_owned()
    };
    let error = |path: &str| {
        let refused = &document["paths"][path]["get"]["responses"]["404"];
        let schema = &refused["content"]["application/problem+json"]["schema"]["allOf"][1];
        name(&schema["properties"]["error"])
    };
    let page = |path: &str| {
        let found = &document["paths"][path]["get"]["responses"]["200"];
        name(&found["content"]["application/json"]["schema"])
    };
    assert_eq!(
        (error("/products/{slug}"), error("/orders/{id}")),
        ("Error".into(), "Error".into())
    );
    assert_eq!(page("/products"), "CatalogProductsPage");
    assert_eq!(page("/admin/orders"), "OrderOrderAdminPage");
    host.restart();
    assert_eq!(shop.get("/openapi.json").ok(), document);
}

#[test]
fn the_document_follows_the_shop() {
    let (host, shop) = start();
    let paths = || shop.get("/openapi.json").ok()["paths"].as_object().expect("paths").len();
    let before = paths();
    host.apply(&format!(
        "{}[plugins.notes]\nbundle = \"notes.wasm\"\ngrants = [\"sql\", \"log\"]\n",
        super::SHOP
    ));
    assert_eq!(paths(), before + 2);
}

#[test]
fn a_document_and_a_page_that_a_client_has_already_are_not_sent_again() {
    let (host, shop) = start();
    let tag = |path: &str| shop.get(path).header("etag").to_owned();
    let asked =
        |path: &str, tag: &str| shop.request("GET", path).header("if-none-match", tag).send();
    let before = ["/openapi.json", "/docs"].map(|path| {
        let tag = tag(path);
        for known in [&tag, &format!("\"x\", W/{tag}"), "*"] {
            let reply = asked(path, known);
            assert_eq!((reply.status, reply.text.as_str(), reply.header("etag")), (304, "", &*tag));
        }
        assert_eq!(asked(path, "\"x\"").status, 200);
        (path, tag)
    });
    let notes = "[plugins.notes]\nbundle = \"notes.wasm\"\ngrants = [\"sql\", \"log\"]\n";
    host.apply(&format!("{}{notes}", super::SHOP));
    for (path, tag) in before {
        let reply = asked(path, &tag);
        assert_ne!(reply.header("etag"), tag);
        assert_eq!(reply.status, 200, "{path}");
        assert!(reply.text.contains("/notes"), "{path}");
    }
}

#[test]
fn the_examples_of_the_page_are_for_the_address_that_the_client_uses() {
    let (host, shop) = start();
    let page = |host: &str, address: std::net::SocketAddr| {
        let request = format!("GET /docs HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        quoin_harness::wire::exchange(address, request).expect("an answer")
    };
    let name = &shop.domain;
    let [plain, other] = [name.clone(), format!("{name}:8080")].map(|h| page(&h, host.address()));
    assert!(plain.text.contains(&format!("http://{name}/nothing")), "{}", plain.text);
    assert!(other.text.contains(&format!("http://{name}:8080/nothing")), "{}", other.text);
    assert_ne!(plain.header("etag"), other.header("etag"));
}

#[test]
fn the_page_for_people_runs_no_script_of_strangers() {
    let (_host, shop) = start();
    let page = shop.get("/docs");
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!page.text.contains("http://cdn") && !page.text.contains("https://"), "{}", page.text);
    assert!(page.text.contains("/nothing"));
}

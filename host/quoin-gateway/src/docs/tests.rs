use serde_json::json;

use super::example::{Members, example};
use super::*;

fn document() -> Json {
    let problem = json!({"description": "There is no `thing`.", "content": {}});
    json!({
        "info": {"title": "demo <shop>", "description": "About & more."},
        "tags": [{"name": "things", "description": "Keeps <things>.", "x-version": "1.2.3"}],
        "paths": {"/things/{thingId}": {
            "put": {
                "operationId": "thingsPut", "tags": ["things"], "summary": "Put",
                "x-calls": "a:things/lists@1.0.0#put", "security": [{"apiKey": []}],
                "parameters": [
                    {"name": "thingId", "in": "path", "required": true, "schema": {"type": "string"}},
                    {"name": "size", "in": "query", "required": true, "schema": {"type": "integer"}},
                    {"name": "note", "in": "query", "required": false, "schema": {"type": "string"}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {
                    "type": "object", "required": ["kind"],
                    "properties": {"kind": {"$ref": "#/components/schemas/Kind"}},
                }}}},
                "responses": {
                    "200": {"description": "Done.", "content": {"application/json": {
                        "schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "404": problem,
                },
            },
        }},
        "components": {"schemas": {
            "Kind": {"oneOf": [
                {"type": "object", "properties": {"tag": {"const": "it's"}, "val": {"type": "string"}},
                    "required": ["tag", "val"]},
                {"type": "object", "properties": {"tag": {"const": "none"}}},
            ]},
            "Thing": {"type": "object", "properties": {
                "id": {"type": "string"}, "sizes": {"type": "array", "items": {"type": "integer"}},
                "data": {"type": "string", "contentEncoding": "base64"},
                "note": {"type": ["string", "null"]},
            }},
        }},
    })
}

#[test]
fn the_page_has_every_route_with_an_example_that_can_be_pasted() {
    let page = page(&document(), "http://shop.example:8080");
    for part in [
        "<code>/things/{thingId}</code> <b class=\"key\">API key</b>",
        "curl -X PUT &quot;http://shop.example:8080/things/$THING_ID?size=1&quot;",
        "-H &quot;authorization: Bearer $KEY&quot;",
        "-d &#39;{&quot;kind&quot;:{&quot;tag&quot;:&quot;it&#39;\\&#39;&#39;s&quot;",
        "<a href=\"#schema-Kind\">Kind</a>",
        "id=\"schema-Thing\"",
        "list of integer",
        "There is no <code>thing</code>.",
        "string or null",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn what_a_plugin_says_of_itself_cannot_become_markup() {
    let page = page(&document(), "http://shop.example");
    assert!(page.contains("demo &lt;shop&gt;") && page.contains("Keeps &lt;things&gt;."), "{page}");
    assert!(!page.contains("<things>") && !page.contains("<script"), "{page}");
}

#[test]
fn the_page_needs_nothing_but_its_own_style() {
    let page = page(&document(), "http://shop.example");
    assert!(
        !page.contains("src=") && !page.contains("@import") && !page.contains("url("),
        "{page}"
    );
    let policy = content_security_policy();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
}

#[test]
fn an_example_is_a_value_of_its_schema() {
    let document = document();
    let thing = json!({"$ref": "#/components/schemas/Thing"});
    assert_eq!(
        example(&thing, &document, Members::All),
        json!({"id": "string", "sizes": [1], "data": "AAEC", "note": "string"})
    );
    assert_eq!(example(&thing, &document, Members::Required), json!({}));
}

#[test]
fn a_document_that_refers_to_itself_has_an_example_too() {
    let mut document = document();
    document["components"]["schemas"]["Loop"] =
        json!({"type": "array", "items": {"$ref": "#/components/schemas/Loop"}});
    let looped = json!({"$ref": "#/components/schemas/Loop"});
    assert!(example(&looped, &document, Members::All).is_array());
}

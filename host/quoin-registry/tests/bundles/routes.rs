use quoin_registry::BundleError as E;

use crate::given::{MANIFEST, assert_fault, component, fault, manifest, packed, shed};

const ITEMS: &str = r#"
  (type $sort' (enum "up" "down")) (export "sort" (type $sort (eq $sort')))
  (type $page' (record (field "after-id" (option string)) (field "tags" (list string)) (field "sort" $sort)))
  (export "page" (type $page (eq $page')))
  (type $box' (record (field "inner" (list (list u8))))) (export "box" (type $box (eq $box')))
  (export "list" (func (param "shelf-id" u64) (param "page" (option $page)) (param "full" bool)))
  (export "pack" (func (param "box" $box)))
  (export "tag" (func (param "tags" (option (list string)))))
  (export "twice" (func (param "page" $page) (param "tags" (list string))))
  (export "weigh" (func (param "by" f64)))
"#;

/// What comes of a route on the interface above.
fn route(route: &str, call: &str, more: &str) -> Result<quoin_core::Description, E> {
    let manifest = format!(
        "name = \"p\"\nversion = \"0.1.0\"\ndescription = \"P.\"\nprovides = [\"a:b/c@0.1.0\"]\n\
         [[routes]]\nroute = \"{route}\"\ncall = \"a:b/c#{call}\"\naccess = \"public\"\n{more}\n"
    );
    packed(&component(&[], &[("a:b/c@0.1.0", ITEMS)]), &manifest)
}

#[test]
fn parameters_come_from_path_query_header_and_body() {
    route("GET /shelves/{shelf-id}", "list", "").unwrap();
    route("GET /shelves/{shelfId}", "list", "").unwrap();
    route("DELETE /shelves", "list", "headers = { X-Shelf = \"shelfId\" }").unwrap();
    route("POST /boxes", "pack", "body = \"box\"").unwrap();
    route("POST /boxes", "pack", "").unwrap();
}

#[test]
fn a_route_must_name_a_function_that_exists() {
    let wrong = manifest("call = \"garden:shed/store#get\"", "call = \"garden:shed/store#fetch\"");
    assert_fault!(fault(&shed(), &wrong), E::NoSuchFunction { .. }, "GET /things/{id}", "#fetch");
}

#[test]
fn a_binding_must_name_a_parameter_that_exists() {
    let fault = route("GET /shelves/{shelf}", "list", "").unwrap_err();
    assert_fault!(
        fault,
        E::NoSuchParameter { .. },
        "the path",
        "\"shelf\"",
        "shelf-id, page, full"
    );
    let fault = route("GET /s", "list", "headers = { X-A = \"a\" }").unwrap_err();
    assert_fault!(fault, E::NoSuchParameter { .. }, "the header X-A", "\"a\"");
    let fault = route("POST /boxes", "pack", "body = \"crate\"").unwrap_err();
    assert_fault!(fault, E::NoSuchParameter { .. }, "the body", "\"crate\"");
}

#[test]
fn a_parameter_is_bound_once() {
    let fault = route("GET /s/{shelf-id}", "list", "headers = { X-A = \"shelfId\" }").unwrap_err();
    assert_fault!(fault, E::BoundTwice { .. }, "shelf-id");
    assert_fault!(
        route("GET /s/{full}/{full}", "list", "").unwrap_err(),
        E::BoundTwice { .. },
        "full"
    );
}

#[test]
fn path_and_header_hold_simple_values_only() {
    let fault = route("GET /s/{page}", "list", "").unwrap_err();
    assert_fault!(fault, E::NotWritable { .. }, "\"page\"", "the path", "option<page>");
    let fault = route("GET /s", "list", "headers = { X-Page = \"page\" }").unwrap_err();
    assert_fault!(fault, E::NotWritable { .. }, "\"page\"", "the header X-Page");
}

#[test]
fn a_query_holds_flat_values_only() {
    let fault = route("GET /boxes", "pack", "").unwrap_err();
    assert_fault!(fault, E::NotWritable { .. }, "\"box\"", "the query", "record");
    let fault = route("GET /t", "tag", "").unwrap_err();
    assert_fault!(fault, E::NotWritable { .. }, "option<list<string>>");
    assert_fault!(route("GET /w", "weigh", "").unwrap_err(), E::NotWritable { .. }, "f64");
}

#[test]
fn a_name_in_the_query_means_one_thing() {
    assert_fault!(route("GET /t", "twice", "").unwrap_err(), E::BoundTwice { .. }, "\"tags\"");
    route("POST /t", "twice", "body = \"page\"").unwrap();
}

#[test]
fn get_and_delete_have_no_body() {
    for method in ["GET", "DELETE"] {
        let fault = route(&format!("{method} /boxes"), "pack", "body = \"box\"").unwrap_err();
        assert_fault!(fault, E::BodyNotAllowed(_), "POST, PUT or PATCH");
    }
}

#[test]
fn a_header_name_has_letters_digits_and_hyphens() {
    let fault = route("GET /s", "list", "headers = { \"X A\" = \"full\" }").unwrap_err();
    assert_fault!(fault, E::HeaderName { .. }, "\"X A\"");
    let fault = route("GET /s", "list", "headers = { \"\" = \"full\" }").unwrap_err();
    assert_fault!(fault, E::HeaderName { .. }, "\"\"");
}

#[test]
fn two_routes_of_one_shape_are_refused() {
    let again = "[[routes]]\nroute = \"GET /things/{name}\"\ncall = \"garden:shed/store#get\"\naccess = \"public\"\n";
    let twice = format!("{MANIFEST}\n{again}");
    assert_fault!(fault(&shed(), &twice), E::Twice(_), "GET /things/{name}");
}

#[test]
fn too_many_routes_are_refused() {
    let routes: String = (0..257)
        .map(|n| {
            format!(
                "[[routes]]\nroute = \"GET /r{n}\"\ncall = \"a:b/c#list\"\naccess = \"public\"\n"
            )
        })
        .collect();
    assert_fault!(route("GET /r", "list", &routes).unwrap_err(), E::TooManyRoutes(258), "258");
}

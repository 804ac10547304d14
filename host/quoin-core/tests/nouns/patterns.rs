//! The paths of routes and pages.

use quoin_core::manifest::{Prefix, RoutePattern};

fn params(route: &str) -> Vec<String> {
    let route: RoutePattern = route.parse().unwrap();
    route.path_params().map(str::to_owned).collect()
}

#[track_caller]
fn refused(route: &str, why: &str) {
    let told = route.parse::<RoutePattern>().unwrap_err();
    assert!(told.contains(why), "{route}: {told}");
}

#[test]
fn a_route_is_a_method_and_a_path() {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let text = format!("{method} /things/{{id}}");
        let route: RoutePattern = text.parse().unwrap();
        assert_eq!((route.method.as_str(), route.path.as_str()), (method, "/things/{id}"));
        assert_eq!(route.to_string(), text);
    }
    refused("/things", "is not a route");
    refused("HEAD /things", "\"HEAD\" is not GET");
    refused("get /things", "\"get\" is not GET");
}

#[test]
fn parameters_are_whole_segments_in_braces() {
    assert_eq!(params("GET /a/{b}/c/{d-2}"), ["b", "d-2"]);
    assert!(params("GET /").is_empty() && params("GET /a").is_empty());
    for bad in ["GET /{}", "GET /{a_b}", "GET /{a b}", "GET /{a.b}"] {
        refused(bad, "whose name is not");
    }
    for bad in ["GET /a{b}", "GET /{a}b", "GET /{a", "GET /a}"] {
        refused(bad, "other characters");
    }
}

#[test]
fn a_path_has_plain_segments_and_none_that_is_empty() {
    for good in ["GET /", "GET /a-b_c.d~e/F9"] {
        assert!(good.parse::<RoutePattern>().is_ok(), "{good}");
    }
    for bad in ["GET //", "GET /a//b", "GET /a/", "GET /a b", "GET /ä", "GET /a%20b", "GET /a?b"] {
        refused(bad, "an empty segment or one with other characters");
    }
    refused("GET things", "does not start with /");
}

#[test]
fn a_path_has_at_most_200_characters() {
    let path = format!("/{}", "a".repeat(199));
    assert!(format!("GET {path}").parse::<RoutePattern>().is_ok());
    refused(&format!("GET {path}a"), "longer than 200 characters");
}

#[test]
fn the_hosts_own_paths_are_no_routes_and_no_prefixes() {
    for own in ["/openapi.json", "/docs", "/healthz"] {
        for path in [own.to_owned(), format!("{own}/x"), format!("{own}/{{x}}")] {
            let why = format!("belongs to the host, which answers {own} itself");
            refused(&format!("GET {path}"), &why);
            assert!(path.parse::<Prefix>().is_err(), "{path}");
        }
    }
    for good in ["GET /docs-of-ours", "GET /a/docs", "GET /{page}"] {
        assert!(good.parse::<RoutePattern>().is_ok(), "{good}");
    }
}

#[test]
fn a_segment_of_dots_is_refused() {
    for bad in ["/./docs", "/../docs", "/a/..", "/.", "/a/./{b}"] {
        refused(&format!("GET {bad}"), "has a segment . or ..");
        assert!(bad.parse::<Prefix>().is_err(), "{bad}");
    }
    for good in ["GET /.well-known/x", "GET /a/...", "GET /v1.0"] {
        assert!(good.parse::<RoutePattern>().is_ok(), "{good}");
    }
}

#[test]
fn a_prefix_is_a_path_without_parameters() {
    let prefix: Prefix = "/pages/old".parse().unwrap();
    assert_eq!((prefix.as_str(), prefix.to_string()), ("/pages/old", "/pages/old".to_owned()));
    for bad in ["", "pages", "/pages/", "/pages/{id}", "/{id}", "//"] {
        assert!(bad.parse::<Prefix>().is_err(), "{bad}");
    }
}

#[test]
fn a_path_is_under_a_prefix_by_whole_segments() {
    for (prefix, path, below) in [
        ("/pages", "/pages", Some("/")),
        ("/pages", "/pages/", Some("/")),
        ("/pages", "/pages/a//b", Some("/a//b")),
        ("/pages", "/pagesize", None),
        ("/pages", "/", None),
        ("/", "/", Some("/")),
        ("/", "/pages/a", Some("/pages/a")),
        ("/", "//a", Some("//a")),
        ("/", "*", None),
        ("/", "/docs", None),
        ("/", "/docs/a", None),
        ("/", "/openapi.json", None),
        ("/", "/healthz", None),
        ("/", "/docs-of-ours", Some("/docs-of-ours")),
    ] {
        let prefix: Prefix = prefix.parse().unwrap();
        assert_eq!(prefix.below(path), below, "{prefix} {path}");
    }
    let pattern = |prefix: &str| prefix.parse::<Prefix>().unwrap().pattern();
    assert_eq!((pattern("/pages"), pattern("/")), ("/pages/*".into(), "/*".into()));
}

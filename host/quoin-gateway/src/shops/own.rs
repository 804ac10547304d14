//! What the host answers itself on every shop.

use std::sync::LazyLock;

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderValue};
use http::{Method, Response, StatusCode};
use quoin_core::{Digest, Problem};

use super::scene::Scene;
use crate::reply::{self, NO_STORE};
use crate::{Body, docs, openapi};

/// Whether the host answers at all; asked by whatever watches it, under any host name.
pub const HEALTH: &str = "/healthz";

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// The answer on [`HEALTH`].
pub fn health(method: &Method, id: &str) -> Result<Response<Body>, Problem> {
    reading(method, id, || {
        let mut response = reply::json(StatusCode::OK, &serde_json::json!({"status": "ok"}));
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
        response
    })
}

/// The OpenAPI document or the page made of it, if the path is one of theirs. Both are made once for
/// each wiring, and go with it.
pub fn page(scene: &Scene<'_>) -> Option<Result<Response<Body>, Problem>> {
    let (method, id) = (&scene.head.method, scene.id);
    match scene.head.uri.path() {
        "/openapi.json" => Some(reading(method, id, || document(scene))),
        "/docs" => Some(reading(method, id, || html(scene))),
        _ => None,
    }
}

fn document(scene: &Scene<'_>) -> Response<Body> {
    let (document, digest) = scene.wiring.document.get_or_init(|| {
        let document = openapi::of_wiring(scene.wiring).to_string();
        let digest = Digest::of(document.as_bytes());
        (document.into(), digest)
    });
    let headers = &scene.head.headers;
    reply::unless_known(headers, digest.as_str(), || {
        reply::bytes(StatusCode::OK, reply::JSON, document.clone())
    })
}

fn html(scene: &Scene<'_>) -> Response<Body> {
    static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
        HeaderValue::from_str(&docs::content_security_policy())
            .unwrap_or(HeaderValue::from_static("default-src 'none'"))
    });
    let (page, digest) = scene.wiring.page.get_or_init(|| {
        let page = docs::page(&openapi::of_wiring(scene.wiring), docs::ANY_BASE);
        let digest = Digest::of(page.as_bytes());
        (page, digest)
    });
    // As the client wrote it, with its port: what works for the client works in its examples.
    let host = scene.head.headers.get(HOST).and_then(|h| h.to_str().ok()).unwrap_or("localhost");
    let digest = Digest::of(format!("{digest} {host}").as_bytes());
    reply::unless_known(&scene.head.headers, digest.as_str(), || {
        let page = page.replace(docs::ANY_BASE, &format!("http://{host}"));
        let mut response = reply::bytes(StatusCode::OK, HTML, page);
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY.clone());
        response
    })
}

fn reading(
    method: &Method,
    id: &str,
    answer: impl FnOnce() -> Response<Body>,
) -> Result<Response<Body>, Problem> {
    if method == Method::GET || method == Method::HEAD {
        Ok(answer())
    } else {
        reply::other_methods(method, vec!["GET".into()], id)
    }
}

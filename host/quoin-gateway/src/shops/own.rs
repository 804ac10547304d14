//! What the host answers itself on every shop.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderValue};
use http::{Method, Response, StatusCode};
use quoin_core::Problem;

use super::{Scene, other_methods};
use crate::reply::{self, NO_STORE};
use crate::{Body, docs, openapi};

/// Whether the host answers at all; asked by whatever watches it, under any host name.
pub const HEALTH: &str = "/healthz";

/// Clients may keep these, but ask each time whether they changed with the shop.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// The answer on [`HEALTH`].
pub fn health(method: &Method, id: &str) -> Result<Response<Body>, Problem> {
    reading(method, id, || {
        let mut response = reply::json(StatusCode::OK, &serde_json::json!({"status": "ok"}));
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
        response
    })
}

/// The OpenAPI document or the page made of it, if the path is one of theirs.
pub fn page(scene: &Scene<'_>) -> Option<Result<Response<Body>, Problem>> {
    let (method, id) = (&scene.head.method, scene.id);
    match scene.head.uri.path() {
        "/openapi.json" => Some(reading(method, id, || {
            let json = HeaderValue::from_static("application/json");
            let mut response = reply::bytes(StatusCode::OK, json, document(scene));
            response.headers_mut().insert(CACHE_CONTROL, NO_CACHE);
            response
        })),
        "/docs" => Some(reading(method, id, || html(scene))),
        _ => None,
    }
}

fn document(scene: &Scene<'_>) -> Bytes {
    let make = || openapi::of_wiring(scene.wiring).to_string().into();
    scene.wiring.document.get_or_init(make).clone()
}

fn html(scene: &Scene<'_>) -> Response<Body> {
    static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
        HeaderValue::from_str(&docs::content_security_policy())
            .unwrap_or(HeaderValue::from_static("default-src 'none'"))
    });
    // As the client wrote it, with its port: what works for the client works in its examples.
    let host = scene.head.headers.get(HOST).and_then(|h| h.to_str().ok()).unwrap_or("localhost");
    let document = openapi::of_wiring(scene.wiring);
    let page = docs::page(&document, &format!("http://{host}"));
    let mut response = reply::bytes(StatusCode::OK, HTML, page);
    response.headers_mut().insert(CACHE_CONTROL, NO_CACHE);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    response
}

fn reading(
    method: &Method,
    id: &str,
    answer: impl FnOnce() -> Response<Body>,
) -> Result<Response<Body>, Problem> {
    if method == Method::GET || method == Method::HEAD {
        Ok(answer())
    } else {
        other_methods(method, vec!["GET".into()], id)
    }
}

//! Answers in their usual forms.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, Response, StatusCode};
use quoin_core::{Class, Problem};
use serde::Serialize;

use crate::Body;

/// The header that carries the id of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The media type of problems.
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
/// The media type of everything else.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// For answers that caches may keep, but ask each time whether they are still the same.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
/// For answers that no cache may keep.
pub const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// A problem with the id of its request, as problem+json. The id also makes the header
/// `x-request-id`; no cache keeps the answer.
pub fn problem(problem: &Problem, request_id: Option<&str>) -> Response<Body> {
    #[derive(Serialize)]
    struct WithId<'a> {
        #[serde(flatten)]
        problem: &'a Problem,
        #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
        request_id: Option<&'a str>,
    }
    let shown = WithId { problem, request_id };
    // Strings and JSON values always serialise.
    let body = serde_json::to_vec(&shown).unwrap_or_default();
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = bytes(status, PROBLEM, body);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, NO_STORE);
    if let Some(ms) = problem.retry_after_ms {
        headers.insert(RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000).max(1)));
    }
    if let Some(id) = request_id.and_then(|id| HeaderValue::from_str(id).ok()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// A JSON answer.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    match json_bytes(value) {
        Ok(body) => bytes(status, JSON, body),
        Err(fault) => problem(&fault, None),
    }
}

/// The body of a JSON answer.
///
/// # Errors
/// 500: it cannot be written.
pub fn json_bytes(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| {
        tracing::error!("an answer could not be written as JSON: {error}");
        Problem::internal()
    })
}

/// An answer that clients may keep if they ask each time whether it is still the one of this tag; 304
/// to those that have it already.
pub fn unless_known(
    headers: &HeaderMap,
    tag: &str,
    answer: impl FnOnce() -> Response<Body>,
) -> Response<Body> {
    let tag = format!("\"{tag}\"");
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|tags| tags.to_str().ok()).flat_map(|tags| tags.split(','));
    let is_known =
        known.any(|t| matches!(t.trim(), "*") || t.trim().trim_start_matches("W/") == tag);
    let mut response = if is_known { empty(StatusCode::NOT_MODIFIED) } else { answer() };
    response.headers_mut().insert(CACHE_CONTROL, NO_CACHE);
    // A digest is hex.
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// An answer of this media type. Browsers do not guess another.
pub fn bytes(
    status: StatusCode,
    content_type: HeaderValue,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = empty(status);
    *response.body_mut() = Body::full(body);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The answer to a method that a path does not have.
pub fn other_methods(
    method: &Method,
    mut methods: Vec<String>,
    id: &str,
) -> Result<Response<Body>, Problem> {
    if methods.iter().any(|m| m == "GET") {
        methods.push("HEAD".into());
    }
    methods.push("OPTIONS".into());
    let allow = methods.join(", ");
    // Method names are header values.
    let value = HeaderValue::from_str(&allow).unwrap_or(HeaderValue::from_static("OPTIONS"));
    let mut response = if method == Method::OPTIONS {
        empty(StatusCode::NO_CONTENT)
    } else {
        let detail = format!("This path has the methods {allow}.");
        let title = "Method not allowed";
        problem(&Problem::new(Class::Caller, 405, "other-method", title, detail), Some(id))
    };
    response.headers_mut().insert(ALLOW, value);
    Ok(response)
}

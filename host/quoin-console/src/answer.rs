//! What the admin API answers: JSON, lines that go on, or a problem.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use quoin_core::{Class, Problem};
use quoin_supervisor::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// Pieces as they come. The sender stops when the receiver is dropped.
    Pieces(mpsc::Receiver<Bytes>),
}

pub(crate) type Answer = Result<Response<Body>, Refused>;

/// An answer that is a problem.
#[derive(Debug)]
pub(crate) struct Refused {
    problem: Box<Problem>,
    /// The methods that the path has, where the method is what is wrong.
    allow: Option<HeaderValue>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Refused {
        Refused { problem: Box::new(problem), allow: None }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Problem::from(error).into()
    }
}

impl Refused {
    pub fn into_response(self) -> Response<Body> {
        let Refused { problem, allow } = self;
        let status = StatusCode::from_u16(problem.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = respond(status, "application/problem+json", &problem);
        let headers = response.headers_mut();
        if let Some(ms) = problem.retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(allow) = allow {
            headers.insert(header::ALLOW, allow);
        }
        response
    }
}

/// 200 with this as JSON.
pub(crate) fn ok(value: &impl Serialize) -> Answer {
    with_status(StatusCode::OK, value)
}

/// This as JSON.
pub(crate) fn with_status(status: StatusCode, value: &impl Serialize) -> Answer {
    Ok(respond(status, "application/json", value))
}

/// Lines of JSON that go on.
pub(crate) fn lines(pieces: mpsc::Receiver<Bytes>) -> Answer {
    Ok(finish(StatusCode::OK, "application/x-ndjson", Body::Pieces(pieces)))
}

fn respond(status: StatusCode, kind: &'static str, value: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(value) {
        Ok(json) => finish(status, kind, Body::Whole(json.into())),
        Err(error) => {
            tracing::error!("an answer cannot be written as JSON: {error}");
            finish(StatusCode::INTERNAL_SERVER_ERROR, kind, Body::Whole(Bytes::new()))
        }
    }
}

fn finish(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The body of a request as JSON.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| {
        refusal(400, "bad-json", "The body does not fit", format!("The body does not fit: {error}"))
    })
}

pub(crate) fn refusal(
    status: u16,
    code: &'static str,
    title: &'static str,
    detail: impl Into<String>,
) -> Refused {
    Problem::new(Class::Caller, status, code, title, detail).into()
}

pub(crate) fn no_such_path(path: &str) -> Refused {
    let path: String = path.chars().take(200).collect();
    refusal(404, "not-found", "Not found", format!("The admin API has no path {path}."))
}

pub(crate) fn wrong_method(methods: &[&str]) -> Refused {
    let methods = methods.join(", ");
    let detail = format!("This path has other methods: {methods}.");
    let refused = refusal(405, "wrong-method", "Wrong method", detail);
    Refused { allow: HeaderValue::from_str(&methods).ok(), ..refused }
}

pub(crate) fn too_large(most: usize) -> Refused {
    let detail = format!("The body may have {most} bytes at most.");
    refusal(413, "too-large", "Too large", detail)
}

pub(crate) fn bad_path(why: impl std::fmt::Display) -> Refused {
    refusal(400, "bad-path", "The path does not fit", why.to_string())
}

pub(crate) fn bad_query(why: &str) -> Refused {
    refusal(400, "bad-query", "The query does not fit", why)
}

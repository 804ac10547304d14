//! What a client is told that sends no request: a problem like all others.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use http::Version;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderValue};
use quoin_core::{Class, Clock, Problem};

use super::limits::ServerLimits;
use crate::{reply, request_id};

/// The last second that a date of HTTP can tell, whose year has four digits.
const DATE_SECONDS_MAX: u64 = 253_402_300_799;

/// Why there is no request, where the client is at fault and may still listen.
pub(super) fn of(error: &hyper::Error, limits: &ServerLimits) -> Option<Problem> {
    let told = |status, code: &'static str, title, detail: String| {
        Some(Problem::new(Class::Caller, status, code, title, detail))
    };
    if error.is_timeout() {
        let detail = "The headers of the request did not arrive in time. Send them at once.";
        told(408, "head-too-slow", "Headers too slow", detail.into())
    } else if error.is_parse_too_large() {
        let (bytes, headers) = (limits.head_bytes, limits.headers);
        let detail = format!(
            "The request has more than {headers} headers, or its path, query and headers have more \
             than {bytes} bytes. Send fewer, or shorter ones."
        );
        told(431, "head-too-large", "Headers too large", detail)
    } else if error.is_parse() {
        let detail = "This is no request of HTTP/1.1. Look at its first line, the form of its \
             headers, and how it states the length of its body.";
        told(400, "no-request", "Not a request", detail.into())
    } else {
        None
    }
}

/// The whole answer with this problem and an id of its own, as it goes over the wire.
pub(super) fn bytes(problem: &Problem, clock: &Clock) -> Vec<u8> {
    let id = request_id::fresh();
    let mut response = match &id {
        Ok(id) => reply::problem(problem, Some(id)),
        Err(problem) => reply::problem(problem, None),
    };
    let body = response.body().bytes().cloned().unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, body.len().into());
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let seconds = (clock.now_ms() / 1_000).min(DATE_SECONDS_MAX);
    let now = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    if let Ok(now) = HeaderValue::from_str(&now) {
        headers.insert(DATE, now);
    }
    let mut head = format!("{:?} {}\r\n", Version::HTTP_11, response.status());
    for (name, value) in response.headers() {
        // All of them are text: they were made from text, here and in `reply`.
        let _ = write!(head, "{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    head.push_str("\r\n");
    [head.as_bytes(), &body].concat()
}

//! What a client is told when something goes wrong, and whose fault it was.

use std::borrow::Cow;

use serde::Serialize;

/// Whose fault a problem is. Only [`Class::Host`] should wake anyone up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The caller sent what cannot be done: 4xx.
    Caller,
    /// A plugin trapped, ran out of a limit or returned what it may not: 502, or 504 past its deadline.
    Plugin,
    /// The host itself failed: 500, or 507 on a full disk.
    Host,
    /// There is more to do than the limits allow at once: 503 or 429, with Retry-After.
    Overload,
}

/// A problem as RFC 9457 has it (<https://www.rfc-editor.org/rfc/rfc9457>), with a stable code.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// A stable word for programs, e.g. `not-found`: the host's own, or a case of a contract's error.
    pub code: Cow<'static, str>,
    /// A short phrase for people, the same for every problem of this code.
    pub title: &'static str,
    /// This one problem: what is wrong and what to do. Never a plugin's own text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// A JSON pointer (RFC 6901) to the place in the request body, for faulty bodies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The typed error that the function returned, for errors that belong to its contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<serde_json::Value>,
    /// Whose fault it is.
    pub class: Class,
    /// When to come back, in milliseconds: the Retry-After of overload.
    #[serde(skip)]
    pub retry_after_ms: Option<u64>,
}

impl Problem {
    /// A problem without pointer, typed error or Retry-After.
    pub fn new(
        class: Class,
        status: u16,
        code: impl Into<Cow<'static, str>>,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        let (code, detail) = (code.into(), detail.into());
        Problem {
            status,
            code,
            title,
            detail,
            pointer: None,
            error: None,
            class,
            retry_after_ms: None,
        }
    }

    /// The host failed; the details are in its log, not here.
    pub fn internal() -> Problem {
        let detail = "The host could not do this. Its log has the reason under this request id.";
        Problem::new(Class::Host, 500, "internal", "Internal error", detail)
    }

    /// There is too much to do right now.
    pub fn overload(detail: impl Into<String>) -> Problem {
        Problem {
            retry_after_ms: Some(1_000),
            ..Problem::new(Class::Overload, 503, "overload", "Too busy", detail)
        }
    }
}

//! What a call came to, as an answer.

use http::{Response, StatusCode};
use quoin_core::{Class, Manifest, Problem, Type};
use quoin_runtime::{Failure, Value, json};
use quoin_supervisor::RouteEntry;
use serde::Serialize;
use serde_json::Value as Json;

use crate::{Body, reply};

/// The answer to what a route's function returned.
pub fn returned(value: Option<&Value>, entry: &RouteEntry) -> Result<Response<Body>, Problem> {
    let ty = entry.function.result.as_ref();
    let shown =
        json::result(value, ty).map_err(|error| refusal(error.json(), ty, entry.manifest()))?;
    let wanted = entry.route.status.map(u16::from);
    Ok(success(&shown, has_value(ty), wanted))
}

fn success(shown: &impl Serialize, has_value: bool, wanted: Option<u16>) -> Response<Body> {
    let usual = if has_value { StatusCode::OK } else { StatusCode::NO_CONTENT };
    let status = wanted.and_then(|s| StatusCode::from_u16(s).ok()).unwrap_or(usual);
    if has_value && !matches!(status.as_u16(), 204 | 205) {
        reply::json(status, shown)
    } else {
        reply::empty(status)
    }
}

/// Whether a function with this result type returns anything when it succeeds.
pub fn has_value(ty: Option<&Type>) -> bool {
    match ty {
        None => false,
        Some(Type::Result { ok, .. }) => ok.is_some(),
        Some(_) => true,
    }
}

/// The problem that stands for an error that a function returned, with the error in it.
pub fn refusal(error: Json, ty: Option<&Type>, manifest: &Manifest) -> Problem {
    let Some(case) = case_of(&error, ty) else {
        let detail = "The function refused the request; `error` has its answer.";
        let mut problem = Problem::new(Class::Caller, 422, "refused", "Refused", detail);
        problem.error = Some(error).filter(|e| !e.is_null());
        return problem;
    };
    let status = manifest.error_status(&case);
    let (class, title, detail) = match case.as_str() {
        "not-found" => (Class::Caller, "Not found", "There is no such thing."),
        "invalid" => {
            (Class::Caller, "Invalid request", "The request has values that cannot be used.")
        }
        "conflict" => (
            Class::Caller,
            "Conflict",
            "Things are not as the request assumes. Read them again, then decide.",
        ),
        "denied" => (Class::Caller, "Denied", "The caller may not do this."),
        "retryable" => (Class::Overload, "Try again", "This can work a little later."),
        "unavailable" => {
            (Class::Plugin, "Unavailable", "A part of the shop that this needs cannot answer.")
        }
        _ => (Class::Caller, "Refused", "The function refused the request."),
    };
    let retry = error.get("val").and_then(Json::as_u64).filter(|_| case == "retryable");
    let detail = format!("{detail} `error` has the function's own answer.");
    let mut problem = Problem::new(class, status, case, title, detail);
    problem.retry_after_ms = retry;
    problem.error = Some(error);
    problem
}

/// The name of the case of an error that is a variant or an enum.
fn case_of(error: &Json, ty: Option<&Type>) -> Option<String> {
    let Some(Type::Result { err: Some(err), .. }) = ty else { return None };
    let case = match &**err {
        Type::Variant { .. } => error.get("tag")?,
        Type::Enum { .. } => error,
        _ => return None,
    };
    case.as_str().map(str::to_owned)
}

/// The problem that stands for a failed call. The plugin's and the engine's words stay in the log.
pub fn failed(failure: &Failure, id: &str) -> Problem {
    let plugin_failed =
        "A part of the shop failed. The shop's log has the reason under this request id.";
    match failure {
        Failure::Trap { .. } | Failure::Limit { .. } | Failure::Denied { .. } => {
            Problem::new(Class::Plugin, 502, "plugin-failed", "Plugin failed", plugin_failed)
        }
        Failure::Inexpressible { reason, .. } => {
            let detail = format!("A part of the shop returned what cannot be sent: {reason}.");
            let title = "Result cannot be expressed";
            Problem::new(Class::Plugin, 502, "inexpressible-result", title, detail)
        }
        Failure::Timeout { .. } => Problem::new(
            Class::Plugin,
            504,
            "plugin-timeout",
            "Plugin too slow",
            "A part of the shop did not answer in time.",
        ),
        Failure::Overload { .. } => Problem::overload("A part of the shop has too much to do."),
        Failure::Host { full: true, .. } => {
            tracing::error!(request = id, "{failure}");
            let detail = "There is no room left to store this.";
            Problem::new(Class::Host, 507, "storage-full", "Storage full", detail)
        }
        Failure::Host { .. } | Failure::BadCall(_) => {
            tracing::error!(request = id, "{failure}");
            Problem::internal()
        }
    }
}

#[cfg(test)]
mod tests;

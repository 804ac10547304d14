//! What a client is told of a call that gave no result: the same codes, statuses and classes on
//! every port.

use quoin_core::{Class, Manifest, Problem, Type};
use quoin_runtime::json::Misfit;
use quoin_runtime::{Failure, FailureKind};
use serde_json::Value as Json;

/// The problem that stands for a failed call. The plugin's and the engine's words are not in it: they
/// are for the log and the operator.
pub fn failed(failure: &Failure) -> Problem {
    let plugin_failed =
        "A part of the shop failed. The shop's log has the reason under this request id.";
    match &failure.kind {
        FailureKind::Trap(_)
        | FailureKind::Limit(_)
        | FailureKind::Denied(_)
        | FailureKind::Writes => {
            Problem::new(Class::Plugin, 502, "plugin-failed", "Plugin failed", plugin_failed)
        }
        FailureKind::Inexpressible(reason) => {
            let title = "Result cannot be expressed";
            let detail = format!("A part of the shop returned what cannot be sent: {reason}.");
            Problem::new(Class::Plugin, 502, "inexpressible-result", title, detail)
        }
        FailureKind::Timeout | FailureKind::WriterTimeout(_) => Problem::new(
            Class::Plugin,
            504,
            "plugin-timeout",
            "Plugin too slow",
            "A part of the shop did not answer in time.",
        ),
        FailureKind::Overload(_) => Problem::overload("A part of the shop has too much to do."),
        FailureKind::Full(_) => {
            let detail = "There is no room left to store this.";
            Problem::new(Class::Host, 507, "storage-full", "Storage full", detail)
        }
        // Whoever calls from outside has looked the function up first.
        FailureKind::Host(_) | FailureKind::BadCall(_) => Problem::internal(),
    }
}

/// The problem of a shop that the host could not start; `detail` says as much of the reason as who asks
/// may know.
pub fn shop_down(detail: impl Into<String>) -> Problem {
    Problem::new(Class::Host, 503, "shop-down", "Shop not running", detail)
}

/// The problem that stands for an error that a function of this result type returned, with the error
/// in it.
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
    // Who refuses says for himself which refusal it is.
    let code = error.pointer("/val/code").and_then(Json::as_str);
    let code = code.filter(|code| case == "refused" && is_code(code)).unwrap_or(&case).to_owned();
    let retry = error.get("val").and_then(Json::as_u64).filter(|_| case == "retryable");
    let detail = format!("{detail} `error` has the function's own answer.");
    let mut problem = Problem::new(class, status, code, title, detail);
    problem.retry_after_ms = retry;
    problem.error = Some(error);
    problem
}

/// Whether a text that a plugin made can be the code of a problem.
fn is_code(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=CODE_MAX).contains(&text.len()) && text.bytes().all(plain)
}

/// Characters of a code: longer ones are no names.
const CODE_MAX: usize = 64;

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

/// The problem of a request that does not fit the function's parameters.
pub fn misfit(misfit: Misfit) -> Problem {
    let detail = misfit.to_string();
    let mut problem = Problem::new(Class::Caller, 400, "misfit", "Request does not fit", detail);
    problem.pointer = Some(misfit.pointer);
    problem
}

#[cfg(test)]
mod tests;

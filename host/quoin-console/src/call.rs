//! Calls of the operator: any function that a plugin of the shop provides.

use http::StatusCode;
use quoin_core::{Class, Name, Problem};
use quoin_runtime::{CallJsonError, Failure, Principal, Request, Target, call_json};
use quoin_supervisor::Supervisor;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Answer, Refused, parse, refusal, with_status};
use crate::tenants::find;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    interface: String,
    function: String,
    /// Its members are the parameters.
    #[serde(default = "no_params")]
    params: Value,
    #[serde(default)]
    installation: Option<Name>,
}

fn no_params() -> Value {
    json!({})
}

pub(crate) async fn call(host: &Supervisor, tenant: &Name, body: &[u8]) -> Answer {
    let call: Call = parse(body)?;
    let wiring = find(host, tenant)?.wiring();
    let found = wiring.function(&call.interface, &call.function, call.installation.as_ref());
    let (node, interface) = found.map_err(|why| refusal(404, "not-found", "Not found", why))?;
    // A long call holds the graph that it runs in, not the whole snapshot.
    drop(wiring);
    let trace = quoin_core::ids::random_hex::<16>().map_err(|_| Problem::internal())?;
    let (principal, check) =
        (Principal::admin("operator"), quoin_runtime::json::check as fn(&_) -> _);
    let request = Request { principal, trace, check };
    let target = Target { interface: &interface, function: &call.function };
    match call_json(&node, target, &call.params, request).await {
        Ok(Ok(value)) => with_status(StatusCode::OK, &json!({ "ok": value })),
        Ok(Err(error)) => {
            let manifest = &node.generation.program.description.manifest;
            Err(returned(manifest, error))
        }
        Err(error) => Err(failed(error)),
    }
}

/// An error that the function returned: part of its contract, and the caller's to act on.
fn returned(manifest: &quoin_core::Manifest, error: Value) -> Refused {
    let case = error.get("tag").unwrap_or(&error).as_str().unwrap_or("refused").to_owned();
    let status = manifest.error_status(&case);
    let class = match status {
        503 => Class::Overload,
        500.. => Class::Plugin,
        _ => Class::Caller,
    };
    let detail = format!("The function returned the error {case}; `error` has all of it.");
    let mut problem = Problem::new(class, status, case, "The function said no", detail);
    // `retryable` says itself when to come back.
    problem.retry_after_ms = error.get("val").and_then(Value::as_u64).filter(|_| status == 503);
    problem.error = Some(error);
    problem.into()
}

fn failed(error: CallJsonError) -> Refused {
    let (class, status, code, title) = match &error {
        CallJsonError::Json(_) => (Class::Caller, 400, "bad-params", "The parameters do not fit"),
        CallJsonError::Failed(failure) => {
            let (status, title) = match failure {
                Failure::Timeout { .. } => (504, "Not in time"),
                Failure::Overload { .. } => (503, "Too busy"),
                Failure::BadCall(_) => (404, "No such function"),
                Failure::Host { full: true, .. } => (507, "Full"),
                Failure::Host { .. } => (500, "The host failed"),
                Failure::Trap { .. }
                | Failure::Limit { .. }
                | Failure::Denied { .. }
                | Failure::Inexpressible { .. } => (502, "The plugin failed"),
            };
            (failure.class(), status, failure.code(), title)
        }
    };
    // The operator may read a plugin's own words.
    let mut problem = Problem::new(class, status, code, title, error.to_string());
    if let CallJsonError::Json(misfit) = &error {
        problem.pointer = Some(format!("/params{}", misfit.pointer));
        problem.detail = format!("params{}: {}", misfit.pointer, misfit.problem);
    }
    problem.retry_after_ms = (class == Class::Overload).then_some(1_000);
    problem.into()
}

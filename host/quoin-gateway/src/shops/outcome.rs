//! What a call came to, as an answer.

use http::{Response, StatusCode};
use quoin_core::{Class, Problem, Type};
use quoin_runtime::{Failure, Value, json};
use quoin_supervisor::{Returned, RouteEntry};
use serde::Serialize;

use crate::problem::{self, refusal};
use crate::{Body, reply};

/// What a route's function returned, as an answer.
pub fn response(returned: &Returned) -> Response<Body> {
    let status = StatusCode::from_u16(returned.status).unwrap_or(StatusCode::OK);
    match &returned.body {
        Some(body) => reply::bytes(status, reply::JSON, body.clone()),
        None => reply::empty(status),
    }
}

/// The answer to what a route's function returned.
pub fn returned(value: Option<&Value>, entry: &RouteEntry) -> Result<Returned, Problem> {
    let ty = entry.function.result.as_ref();
    let shown =
        json::result(value, ty).map_err(|error| refusal(error.json(), ty, entry.manifest()))?;
    let wanted = entry.route.status.map(u16::from);
    success(&shown, has_value(ty), wanted)
}

/// The answer to a success alone.
pub fn shown(value: Option<&Value>, ty: Option<&Type>, wanted: Option<u16>) -> Option<Returned> {
    let shown = json::result(value, ty).ok()?;
    success(&shown, has_value(ty), wanted).ok()
}

fn success(
    shown: &impl Serialize,
    has_value: bool,
    wanted: Option<u16>,
) -> Result<Returned, Problem> {
    let usual = if has_value { StatusCode::OK } else { StatusCode::NO_CONTENT };
    let status = wanted.and_then(|s| StatusCode::from_u16(s).ok()).unwrap_or(usual);
    let body = match has_value && !matches!(status.as_u16(), 204 | 205) {
        true => Some(reply::json_bytes(shown)?.into()),
        false => None,
    };
    Ok(Returned { status: status.as_u16(), body })
}

/// Whether a function with this result type returns anything when it succeeds.
pub fn has_value(ty: Option<&Type>) -> bool {
    match ty {
        None => false,
        Some(Type::Result { ok, .. }) => ok.is_some(),
        Some(_) => true,
    }
}

/// The problem that stands for a failed call. The log has the host's own faults under the request's
/// id; the plugin's are in the shop's log.
pub fn failed(failure: &Failure, id: &str) -> Problem {
    let problem = problem::failed(failure);
    if problem.class == Class::Host {
        tracing::error!(request = id, "{failure}");
    }
    problem
}

#[cfg(test)]
mod tests;

//! From a request to a function's parameters: path, headers, query and body, each by the type that
//! the function itself states.

mod body;
mod misfits;
mod query;
mod text;

use bytes::Bytes;
use http::HeaderMap;
use http::header::HeaderName;
use http::request::Parts;
use quoin_core::Problem;
use quoin_core::types::{Field, Function};
use quoin_runtime::Value;
use quoin_runtime::json::{self, Misfit};
use quoin_supervisor::Source;

use crate::Upload;
use crate::problem::misfit;
use body::Members;
use misfits::{absent, not_text, repeated};
use query::Query;

pub use body::Kind;

/// What a request says apart from its body.
pub struct Head<'a> {
    /// The path's parameters, still percent-encoded.
    pub path: &'a [(String, String)],
    /// The query string without `?`.
    pub query: Option<&'a str>,
    /// The headers.
    pub headers: &'a HeaderMap,
}

/// In which form the body comes, or none if the function takes nothing from it or there is none.
///
/// # Errors
/// 415: the body is not in a form that the function takes.
pub fn body_kind(
    head: &Parts,
    function: &Function,
    sources: &[Source],
    upload: &Upload,
) -> Result<Option<Kind>, Problem> {
    if upload.is_empty() || matches!(head.method.as_str(), "GET" | "HEAD" | "DELETE") {
        return Ok(None);
    }
    body::kind(&head.headers, whole(function, sources).map(|param| &param.ty)).map(Some)
}

/// The parameter that is the whole body.
pub fn whole<'a>(function: &'a Function, sources: &[Source]) -> Option<&'a Field> {
    let mut params = function.params.iter().zip(sources);
    params.find(|(_, source)| **source == Source::Body).map(|(param, _)| param)
}

/// The parameters in the function's order.
///
/// # Errors
/// 400: something is missing, unknown, or does not fit its type; the pointer says where.
pub fn parameters(
    function: &Function,
    sources: &[Source],
    head: &Head<'_>,
    body: Option<(Kind, Bytes)>,
) -> Result<Vec<Value>, Problem> {
    let mut query = Query::parse(head.query.unwrap_or_default())?;
    let (mut members, mut whole) = (Members::none(), None);
    match body {
        Some((kind, bytes)) if sources.contains(&Source::Body) => whole = Some((kind, bytes)),
        Some((_, bytes)) => members = Members::parse(&bytes)?,
        None => {}
    }
    let mut values = Vec::with_capacity(sources.len());
    for (param, source) in function.params.iter().zip(sources) {
        let value = match source {
            Source::Path(name) => path(param, name, head.path),
            Source::Header(name) => header(param, name, head.headers),
            Source::Query => query.take(param),
            Source::Member => members.take(param),
            Source::Body => {
                values.push(body::value(param, whole.take())?);
                continue;
            }
        };
        values.push(value.map_err(misfit)?);
    }
    query.finish().map_err(misfit)?;
    members.finish().map_err(misfit)?;
    Ok(values)
}

fn path(param: &Field, name: &str, path: &[(String, String)]) -> Result<Value, Misfit> {
    let at = format!("path/{name}");
    let raw = path.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let text = raw.and_then(|raw| text::decode(raw, false)).ok_or_else(|| not_text(&at))?;
    json::value_from_text(&param.ty, &text, &at)
}

fn header(param: &Field, name: &str, headers: &HeaderMap) -> Result<Value, Misfit> {
    let at = format!("header/{name}");
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| not_text(&at))?;
    let mut found = headers.get_all(name).iter();
    match (found.next(), found.next()) {
        (None, _) => absent(param, at),
        (Some(_), Some(_)) => Err(repeated(at)),
        (Some(value), None) => {
            let text = std::str::from_utf8(value.as_bytes()).map_err(|_| not_text(&at))?;
            json::value_from_text(&param.ty, text, &at)
        }
    }
}

#[cfg(test)]
mod tests;

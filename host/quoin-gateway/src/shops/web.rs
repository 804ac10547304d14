//! Plugins that answer whole requests: pages and webhooks.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use quoin_core::limits::{BINARY_BODY_BYTES_MAX, HEADER_BYTES_MAX, HEADERS_MAX};
use quoin_core::manifest::Access;
use quoin_core::{Problem, Type};
use quoin_runtime::{Target, Value, call, json};
use quoin_supervisor::WebEntry;

use super::scene::Scene;
use super::{access, outcome};
use crate::reply::{self, NO_STORE};
use crate::{Body, Upload, problem};

/// The methods that reach a plugin.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Headers that belong to one connection (RFC 9110, section 7.6.1) or to the framing of a body. They
/// are the host's business in both directions.
const OF_CONNECTION: [HeaderName; 10] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// The plugin's answer to a request; `path` is what follows its prefix.
pub async fn respond(
    scene: &Scene<'_>,
    entry: &WebEntry,
    path: String,
    upload: Upload,
) -> Result<Response<Body>, Problem> {
    let head = scene.head;
    if !METHODS.contains(&head.method.as_str()) {
        let known = METHODS.iter().filter(|m| !["HEAD", "OPTIONS"].contains(m));
        return reply::other_methods(
            &head.method,
            known.map(|m| (*m).to_owned()).collect(),
            scene.id,
        );
    }
    let principal = access::principal_of_web(scene.tenant, entry.access, &head.headers)?;
    let private = entry.access == Access::Admin || principal.id.is_some();
    let body = upload.collect(BINARY_BODY_BYTES_MAX).await?;
    let target = Target { interface: &entry.interface, function: "handle" };
    let request = quoin_runtime::Request { principal, trace: scene.id.to_owned() };
    let outcome =
        call(&entry.node, target, vec![request_value(head, path, &body)], request, check).await;
    let value = outcome.map_err(|failure| outcome::failed(&failure, scene.id))?;
    let mut response = match value {
        Some(value @ Value::Result(Err(_))) => return Err(refusal(&value, entry)),
        value => value.and_then(|value| response(&value, &head.method).ok()),
    }
    // Checked before the call was kept.
    .ok_or_else(Problem::internal)?;
    if private {
        response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    }
    Ok(response)
}

fn refusal(value: &Value, entry: &WebEntry) -> Problem {
    let program = &entry.node.generation.program;
    let ty: Option<&Type> =
        program.function(&entry.interface, "handle").and_then(|f| f.result.as_ref());
    match json::result(Some(value), ty) {
        Ok(shown) | Err(shown) => problem::refusal(shown.json(), ty, &program.description.manifest),
    }
}

fn request_value(head: &Parts, path: String, body: &[u8]) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    let query = head.uri.query().map(|query| Box::new(text(query)));
    let hidden = access::shows_host_key(&head.headers);
    let headers = (head.headers.iter())
        .filter(|(name, _)| !OF_CONNECTION.contains(name))
        .filter(|(name, _)| !named_by_connection(&head.headers, name))
        .filter(|(name, _)| !(hidden && **name == header::AUTHORIZATION))
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            let field = |name: &str, value| (name.to_owned(), value);
            Value::Record(vec![field("name", text(name.as_str())), field("value", text(&value))])
        });
    let headers = headers.collect();
    let body = body.iter().copied().map(Value::U8).collect();
    Value::Record(vec![
        ("method".into(), text(head.method.as_str())),
        ("path".into(), Value::String(path)),
        ("query".into(), Value::Option(query)),
        ("headers".into(), Value::List(headers)),
        ("body".into(), Value::List(body)),
    ])
}

/// Whether the client's Connection header says that this one is for the connection only.
fn named_by_connection(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(header::CONNECTION).iter().any(|value| {
        let names = value.to_str().unwrap_or_default().split(',');
        names.map(str::trim).any(|n| n.eq_ignore_ascii_case(name.as_str()))
    })
}

/// Whether HTTP can carry what the plugin returned.
fn check(value: &Value) -> Result<(), String> {
    match value {
        Value::Result(Err(_)) => json::check(value),
        value => parts(value).map(drop).map_err(str::to_owned),
    }
}

const NO_RESPONSE: &str = "it is not a response";

/// The response, but for its body, and the body's bytes.
fn parts(value: &Value) -> Result<(Response<Body>, &[Value]), &'static str> {
    let Value::Result(Ok(Some(value))) = value else { return Err(NO_RESPONSE) };
    let Value::Record(fields) = &**value else { return Err(NO_RESPONSE) };
    let [(_, Value::U16(status)), (_, Value::List(headers)), (_, Value::List(body))] = &fields[..]
    else {
        return Err(NO_RESPONSE);
    };
    let in_range = (200..=599).contains(status);
    let status = StatusCode::from_u16(*status).ok().filter(|_| in_range);
    let mut response = reply::empty(status.ok_or("its status is not 200 to 599")?);
    add_headers(response.headers_mut(), headers)?;
    Ok((response, body))
}

fn response(value: &Value, method: &Method) -> Result<Response<Body>, &'static str> {
    let (mut response, body) = parts(value)?;
    let bodiless = matches!(response.status().as_u16(), 204 | 205 | 304) || method == Method::HEAD;
    if !bodiless {
        let byte = |value: &Value| if let Value::U8(byte) = value { *byte } else { 0 };
        *response.body_mut() = Body::full(body.iter().map(byte).collect::<Vec<u8>>());
    }
    Ok(response)
}

fn add_headers(to: &mut HeaderMap, headers: &[Value]) -> Result<(), &'static str> {
    if headers.len() > HEADERS_MAX {
        return Err("it has too many headers");
    }
    let mut bytes = 0;
    for header in headers {
        let Value::Record(pair) = header else { return Err(NO_RESPONSE) };
        let [(_, Value::String(name)), (_, Value::String(value))] = &pair[..] else {
            return Err(NO_RESPONSE);
        };
        bytes += name.len() + value.len();
        if bytes > HEADER_BYTES_MAX {
            return Err("its headers are too large");
        }
        let name = HeaderName::from_bytes(name.as_bytes());
        let name = name.map_err(|_| "it has a header whose name is not one")?;
        if OF_CONNECTION.contains(&name) {
            return Err("it has a header that belongs to the connection");
        }
        let value = HeaderValue::from_str(value);
        let value = value.map_err(|_| "it has a header whose value is not one")?;
        to.append(name, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests;

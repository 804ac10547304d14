//! Plugins that answer whole requests: pages and webhooks.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use quoin_core::limits::{HEADER_BYTES_MAX, HEADERS_MAX, WEB_BODY_BYTES_MAX};
use quoin_core::manifest::Access;
use quoin_core::{Problem, Type};
use quoin_runtime::{Check, call_web, web};
use quoin_supervisor::WebEntry;
use serde_json::{Value as Json, json};

use super::scene::Scene;
use super::{access, outcome};
use crate::reply::{self, NO_STORE};
use crate::{Body, Upload, problem};

/// The methods that reach a plugin.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Headers that belong to one connection (RFC 9110, section 7.6.1) or to the framing of a body. They
/// are the host's business in both directions.
const OF_CONNECTION: [HeaderName; 11] = [
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
    HeaderName::from_static("proxy-connection"),
];

/// Headers by which a response speaks for all that is at the shop's address, and not for itself alone.
const OF_THE_SHOP: [HeaderName; 4] = [
    header::ALT_SVC,
    header::STRICT_TRANSPORT_SECURITY,
    HeaderName::from_static("clear-site-data"),
    HeaderName::from_static("service-worker-allowed"),
];

/// What no page of a plugin may do, whatever policy of its own it has: a browser holds a page to all
/// policies that come with it. A page of the shop is not shown inside of one of somebody else, where its
/// visitor would click on what he does not see.
const POLICY: HeaderValue =
    HeaderValue::from_static("base-uri 'self'; frame-ancestors 'self'; object-src 'none'");

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
    let body = upload.collect(WEB_BODY_BYTES_MAX).await?;
    let request = quoin_runtime::Request::of(principal, scene.id);
    let cookies = entry.sets_cookies;
    let check: Check<web::Response> = match cookies {
        true => |response| headed(response, true).map(drop),
        false => |response| headed(response, false).map(drop),
    };
    let given = given(head, path, body.into());
    let outcome = call_web(&entry.node, &entry.interface, given, request, check).await;
    let answer = outcome.map_err(|failure| outcome::failed(&failure, scene.id))?;
    let answer = answer.map_err(|error| refusal(&error, entry))?;
    // Checked before the call was kept.
    let mut response = shown(answer, cookies, &head.method).map_err(|_| Problem::internal())?;
    if private {
        response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    }
    Ok(response)
}

fn refusal(error: &web::Error, entry: &WebEntry) -> Problem {
    let program = &entry.node.generation.program;
    let ty: Option<&Type> =
        program.function(&entry.interface, "handle").and_then(|f| f.result.as_ref());
    problem::refusal(error_json(error), ty, &program.description.manifest)
}

/// The error as the same one of a route shows.
fn error_json(error: &web::Error) -> Json {
    let (tag, val) = match error {
        web::Error::NotFound(what) => ("not-found", json!(what)),
        web::Error::Invalid(faults) => {
            let fault = |f: &web::FieldFault| json!({"field": f.field, "problem": f.problem});
            ("invalid", faults.iter().map(fault).collect())
        }
        web::Error::Conflict(why) => ("conflict", json!(why)),
        web::Error::Denied(why) => ("denied", json!(why)),
        web::Error::Retryable(ms) => ("retryable", json!(ms)),
        web::Error::Unavailable(why) => ("unavailable", json!(why)),
        web::Error::Refused(r) => {
            ("refused", json!({"code": r.code, "message": r.message, "data": r.data}))
        }
    };
    json!({"tag": tag, "val": val})
}

/// What the plugin gets.
fn given(head: &Parts, path: String, body: Vec<u8>) -> web::Request {
    let hidden = access::shows_host_key(&head.headers);
    let headers = (head.headers.iter())
        .filter(|(name, _)| !OF_CONNECTION.contains(name))
        .filter(|(name, _)| !named_by_connection(&head.headers, name))
        .filter(|(name, _)| !(hidden && **name == header::AUTHORIZATION))
        .map(|(name, value)| web::Header {
            name: name.as_str().to_owned(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        });
    web::Request {
        method: head.method.as_str().to_owned(),
        path,
        query: head.uri.query().map(str::to_owned),
        headers: headers.collect(),
        body,
    }
}

/// Whether the client's Connection header says that this one is for the connection only.
fn named_by_connection(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(header::CONNECTION).iter().any(|value| {
        let names = value.to_str().unwrap_or_default().split(',');
        names.map(str::trim).any(|n| n.eq_ignore_ascii_case(name.as_str()))
    })
}

/// The response that the plugin returned.
fn shown(answer: web::Response, cookies: bool, method: &Method) -> Result<Response<Body>, String> {
    let mut response = headed(&answer, cookies)?;
    let bodiless = matches!(response.status().as_u16(), 204 | 205 | 304) || method == Method::HEAD;
    if !bodiless {
        *response.body_mut() = Body::full(answer.body);
    }
    Ok(response)
}

/// The response without its body; or why HTTP cannot carry it, or it is not the plugin's to send.
fn headed(answer: &web::Response, cookies: bool) -> Result<Response<Body>, String> {
    let in_range = (200..=599).contains(&answer.status);
    let status = StatusCode::from_u16(answer.status).ok().filter(|_| in_range);
    let status = status.ok_or_else(|| format!("its status {} is not 200 to 599", answer.status))?;
    if answer.body.len() > WEB_BODY_BYTES_MAX {
        let bytes = answer.body.len();
        return Err(format!("its body has {bytes} bytes, more than {WEB_BODY_BYTES_MAX}"));
    }
    let mut response = reply::empty(status);
    add_headers(response.headers_mut(), &answer.headers, cookies)?;
    response.headers_mut().append(header::CONTENT_SECURITY_POLICY, POLICY);
    Ok(response)
}

fn add_headers(to: &mut HeaderMap, headers: &[web::Header], cookies: bool) -> Result<(), String> {
    if headers.len() > HEADERS_MAX {
        return Err(format!("it has {} headers, more than {HEADERS_MAX}", headers.len()));
    }
    let mut bytes = 0;
    for header in headers {
        bytes += header.name.len() + header.value.len();
        if bytes > HEADER_BYTES_MAX {
            return Err(format!("its headers have more than {HEADER_BYTES_MAX} bytes"));
        }
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let name = name.map_err(|_| "it has a header whose name is not one")?;
        if let Some(why) = forbidden(&name, cookies) {
            return Err(format!("it has the header {name}, {why}"));
        }
        let value = HeaderValue::from_str(&header.value);
        let value = value.map_err(|_| format!("the value of its header {name} is not one"))?;
        to.append(name, value);
    }
    Ok(())
}

/// Why a response of a plugin may not have this header, if it may not.
fn forbidden(name: &HeaderName, cookies: bool) -> Option<&'static str> {
    if OF_CONNECTION.contains(name) {
        Some("which belongs to the connection and is the host's to set")
    } else if OF_THE_SHOP.contains(name) {
        Some("which speaks for the whole shop and is not a plugin's to set")
    } else if *name == header::SET_COOKIE && !cookies {
        Some("and the plugin does not ask for \"cookies\" in `host`, or has no grant for them")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;

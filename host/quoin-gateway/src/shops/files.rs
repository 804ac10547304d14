//! The shop's files: uploaded by who has a key, given out to anybody where a plugin says so.

mod range;

use std::fs::File as Content;
use std::os::unix::fs::FileExt as _;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, HeaderValue, IF_RANGE, RANGE,
};
use http::{HeaderMap, Method, Response, StatusCode};
use quoin_core::limits::FILE_BYTES_MAX;
use quoin_core::manifest::Access;
use quoin_core::{Class, Digest, Problem};
use quoin_supervisor::{Error, File, Receiving};
use serde_json::json;
use tokio::sync::mpsc;

use super::access;
use super::scene::Scene;
use crate::reply::{self, NO_STORE};
use crate::{Body, Upload};
use range::Part;

/// Where files are.
const PATH: &str = "/files";
/// Bytes of a file that are read at once for a client.
const CHUNK_BYTES: usize = 64 << 10;
/// Chunks that are read ahead of what the client takes.
const CHUNKS_AHEAD: usize = 2;
/// Characters of a media type.
const MEDIA_TYPE_CHARS_MAX: usize = 100;
/// A file has its name for ever.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// What is uploaded runs nothing in the shop's name.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
/// Kinds of files that browsers show rather than save.
const SHOWN: [&str; 5] = ["image/", "audio/", "video/", "text/plain", "application/pdf"];

/// The answer, if the path is one of files.
pub async fn respond(
    scene: &Scene<'_>,
    upload: Upload,
) -> Result<Result<Response<Body>, Problem>, Upload> {
    let path = scene.head.uri.path();
    let Some(rest) = path.strip_prefix(PATH) else { return Err(upload) };
    Ok(match (rest, rest.strip_prefix('/')) {
        ("", _) => all(scene, upload).await,
        (_, Some(id)) => one(scene, id).await,
        _ => return Err(upload),
    })
}

async fn all(scene: &Scene<'_>, upload: Upload) -> Result<Response<Body>, Problem> {
    if scene.head.method != Method::POST {
        return reply::other_methods(&scene.head.method, vec!["POST".into()], scene.id);
    }
    access::principal(scene.tenant, Access::Admin, &scene.head.headers)?;
    let receiving = scene.supervisor.receive_for(&scene.tenant.name).await.map_err(told)?;
    receive(receiving, &scene.head.headers, upload).await
}

/// Receives a file, and tells what it is called.
///
/// # Errors
/// The body is too large, too slow or broken, its media type is none, or there is no room for it.
pub async fn receive(
    mut receiving: Receiving,
    headers: &HeaderMap,
    upload: Upload,
) -> Result<Response<Body>, Problem> {
    let media_type = media_type(headers)?;
    let too_large = || {
        let detail = format!("A file has at most {FILE_BYTES_MAX} bytes.");
        Problem::new(Class::Caller, 413, "too-large", "File too large", detail)
    };
    let mut pieces = upload.pieces();
    while let Some(piece) = pieces.next().await? {
        if !receiving.write(&piece).map_err(told)? {
            return Err(too_large());
        }
    }
    if receiving.bytes() == 0 {
        let detail = "Send the content of the file as the body.";
        return Err(Problem::new(Class::Caller, 400, "no-body", "Nothing sent", detail));
    }
    let file = receiving.end(media_type).await.map_err(told)?;
    let File { digest, bytes, media_type, .. } = file;
    let answer = json!({ "id": digest.as_str(), "bytes": bytes, "mediaType": media_type });
    Ok(reply::json(StatusCode::CREATED, &answer))
}

fn media_type(headers: &HeaderMap) -> Result<&str, Problem> {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let token = |part: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b);
        !part.is_empty() && part.bytes().all(fits)
    };
    let is_one = |value: &&str| {
        let kind = value.split(';').next().unwrap_or_default().trim();
        let parts = kind.split_once('/');
        value.len() <= MEDIA_TYPE_CHARS_MAX && parts.is_some_and(|(a, b)| token(a) && token(b))
    };
    value.filter(is_one).ok_or_else(|| {
        let detail = format!(
            "Say what the file is in the header content-type, e.g. image/png or text/csv, with at most \
             {MEDIA_TYPE_CHARS_MAX} characters."
        );
        Problem::new(Class::Caller, 415, "no-media-type", "Media type missing", detail)
    })
}

async fn one(scene: &Scene<'_>, id: &str) -> Result<Response<Body>, Problem> {
    let method = &scene.head.method;
    if method != Method::GET && method != Method::HEAD {
        return reply::other_methods(method, vec!["GET".into()], scene.id);
    }
    let none = || {
        let detail = "The shop has no file of this name, or it is not for everybody.";
        Problem::new(Class::Caller, 404, "no-such-file", "No such file", detail)
    };
    let database = scene.wiring.database.as_ref().ok_or_else(none)?;
    let digest: Digest = id.parse().map_err(|_| none())?;
    let file = database.file(&digest).await.map_err(failed)?.ok_or_else(none)?;
    if !file.public {
        // Who has no key is not told that there is one.
        match access::principal(scene.tenant, Access::Public, &scene.head.headers)? {
            principal if principal.id.is_none() => return Err(none()),
            _ => {}
        }
    }
    let tag = format!("\"{digest}\"");
    let whole = scene.head.headers.get(IF_RANGE).is_some_and(|known| known != tag.as_str());
    let wanted = scene.head.headers.get(RANGE).filter(|_| !whole);
    let part = wanted.map_or(Part::Whole, |range| Part::of(range, file.bytes));
    let mut response = match part {
        Part::None => {
            let mut response = reply::empty(StatusCode::RANGE_NOT_SATISFIABLE);
            header(&mut response, CONTENT_RANGE, &format!("bytes */{}", file.bytes));
            return Ok(response);
        }
        Part::Whole | Part::Some { .. } => {
            let open = || database.open_file(&digest);
            let content = tokio::task::block_in_place(open).map_err(failed)?;
            reply::unless_known(&scene.head.headers, digest.as_str(), || {
                content_of(content, &file, &part, method == Method::HEAD)
            })
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, if file.public { IMMUTABLE } else { NO_STORE });
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    header(&mut response, ETAG, &tag);
    Ok(response)
}

fn content_of(content: Content, file: &File, part: &Part, only_head: bool) -> Response<Body> {
    let (from, bytes) = match *part {
        Part::Some { from, bytes } => (from, bytes),
        Part::Whole | Part::None => (0, file.bytes),
    };
    let mut response = reply::empty(match part {
        Part::Some { .. } => StatusCode::PARTIAL_CONTENT,
        _ => StatusCode::OK,
    });
    if let Part::Some { .. } = part {
        let range = format!("bytes {from}-{}/{}", from + bytes - 1, file.bytes);
        header(&mut response, CONTENT_RANGE, &range);
    }
    header(&mut response, CONTENT_TYPE, &file.media_type);
    let shown = SHOWN.iter().any(|kind| file.media_type.starts_with(kind));
    let shown = HeaderValue::from_static(if shown { "inline" } else { "attachment" });
    response.headers_mut().insert(CONTENT_DISPOSITION, shown);
    let (chunks, body) = mpsc::channel(CHUNKS_AHEAD);
    *response.body_mut() = Body::long(body, bytes);
    if !only_head {
        tokio::task::spawn_blocking(move || send(&content, from, bytes, &chunks));
    }
    response
}

/// Reads a part of a file, as fast as the client takes it.
fn send(content: &Content, from: u64, bytes: u64, chunks: &mpsc::Sender<Bytes>) {
    let (mut at, end) = (from, from + bytes);
    while at < end {
        let length = usize::try_from(end - at).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let mut chunk = vec![0; length];
        if let Err(error) = content.read_exact_at(&mut chunk, at) {
            tracing::error!("a file could not be read to its end: {error}");
            return;
        }
        at += length as u64;
        // The client has gone.
        if chunks.blocking_send(chunk.into()).is_err() {
            return;
        }
    }
}

fn header(response: &mut Response<Body>, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn failed(error: impl std::fmt::Display) -> Problem {
    tracing::error!("a file could not be given out: {error}");
    Problem::internal()
}

/// What who uploads is told: not of the host's inside.
fn told(error: Error) -> Problem {
    match Problem::from(error) {
        problem if problem.status == 500 => Problem::internal(),
        problem => problem,
    }
}

//! One connection: requests one after another, each within the limits.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::header::{CONNECTION, HeaderValue, TRANSFER_ENCODING};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use quoin_core::{Class, Clock, Problem};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};

use super::body::Body;
use super::limits::ServerLimits;
use super::refusal;
use super::service::Service;
use super::turn::{Answering, Turn};
use super::upload::{Exchange, Upload};
use super::wire::Wire;
use crate::{reply, request_id};

/// Bytes that a connection buffers of what it reads; hyper takes no less than 8 KiB.
const BUFFER_BYTES_MIN: usize = 8 << 10;

/// What all connections of a listener share.
pub(super) struct Shared {
    pub limits: ServerLimits,
    pub service: Arc<dyn Service>,
    pub clock: Clock,
    /// Requests whose answers are not yet written.
    pub running: Arc<AtomicUsize>,
    /// Bytes of request bodies that may still be taken into memory.
    pub room: Arc<Semaphore>,
}

/// Serves a connection until it ends, or until its running request is answered after `stopping`.
pub(super) async fn serve(
    stream: TcpStream,
    shared: Arc<Shared>,
    mut stopping: watch::Receiver<bool>,
) {
    // Answers are small and written whole: waiting to fill packets would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("a connection was lost at once: {error}");
        return;
    }
    let turn = Arc::new(Turn::default());
    let mut wire = Wire::new(stream, turn.clone(), shared.limits.write_time);
    let ended = {
        let service = service_fn(|request| exchange(shared.clone(), turn.clone(), request));
        let connection = builder(&shared.limits).serve_connection(TokioIo::new(&mut wire), service);
        let mut connection = pin!(connection);
        let stop = async { drop(stopping.wait_for(|stop| *stop).await) };
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    let Err(error) = ended else { return };
    tracing::debug!("a connection ended early: {error}");
    // A client that has sent nothing of a request waits for no answer.
    let late = error.is_timeout() && turn.unread.load(Ordering::Acquire);
    if (late || wire.is_refused())
        && let Some(problem) = refusal::of(&error, &shared.limits)
        && let Err(error) = wire.end_with(&refusal::bytes(&problem, &shared.clock)).await
    {
        tracing::debug!("a client was not told why it was refused: {error}");
    }
}

fn builder(limits: &ServerLimits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // Without a timer the header timeout is silently off.
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_headers(limits.headers)
        .max_header_size(limits.head_bytes)
        .max_buf_size(limits.head_bytes.saturating_mul(2).max(BUFFER_BYTES_MIN));
    builder
}

async fn exchange(
    shared: Arc<Shared>,
    turn: Arc<Turn>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let answering = Answering::start(&shared.running, &turn);
    let exchange = Arc::new(Exchange {
        body_read: AtomicBool::new(false),
        turn,
        room: shared.room.clone(),
        taken: 0.into(),
    });
    let (parts, body) = request.into_parts();
    let chunked = parts.headers.contains_key(TRANSFER_ENCODING);
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let target = target + parts.uri.authority().map_or(0, |authority| authority.as_str().len());
    let upload = Upload::incoming(body, shared.limits.body_time, exchange.clone());
    let mut response = if target > shared.limits.target_bytes {
        match request_id::of(&parts.headers) {
            Ok(id) => reply::problem(&target_too_long(shared.limits.target_bytes), Some(&id)),
            Err(problem) => reply::problem(&problem, None),
        }
    } else {
        shared.service.answer(Request::from_parts(parts, upload)).await
    };
    // A request may carry both Transfer-Encoding and Content-Length to make two servers disagree
    // about where it ends. hyper believes the former and hides the latter, so nothing that follows
    // a chunked body is believed (RFC 9112, section 6.1).
    if chunked || !exchange.body_read.load(Ordering::Acquire) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response.body_mut().hold(answering);
    Ok(response)
}

fn target_too_long(max: usize) -> Problem {
    Problem::new(
        Class::Caller,
        414,
        "target-too-long",
        "Target too long",
        format!("The path and query have more than {max} bytes. Send the rest in a body."),
    )
}

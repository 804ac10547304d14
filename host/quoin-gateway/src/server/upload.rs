//! The body of a request, read only when it is asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Incoming};
use quoin_core::{Class, Problem};
use tokio::sync::Semaphore;

use super::turn::Turn;

/// Bytes of a piece of a body that comes in pieces. With the time for each, it is what a slow client may do.
const PIECE_BYTES: usize = 256 << 10;

/// The body of a request.
pub struct Upload(Kind);

enum Kind {
    Known(Bytes),
    Incoming { body: Incoming, time: Duration, exchange: Arc<Exchange> },
}

/// What a request and its connection know of each other.
pub(super) struct Exchange {
    /// Whether the whole body has been read.
    pub body_read: AtomicBool,
    /// The connection's: whether the client may be sending what nobody has read.
    pub turn: Arc<Turn>,
    /// The bytes of bodies that the listener may still take into memory.
    pub room: Arc<Semaphore>,
    /// What this request has of them, given back at its end.
    pub taken: AtomicU32,
}

impl Exchange {
    fn finished(&self) {
        self.body_read.store(true, Ordering::Release);
        self.turn.unread.store(false, Ordering::Release);
    }

    fn take(&self, bytes: usize) -> bool {
        let Ok(bytes) = u32::try_from(bytes) else { return false };
        let Ok(permit) = self.room.try_acquire_many(bytes) else { return false };
        permit.forget();
        self.taken.fetch_add(bytes, Ordering::AcqRel);
        true
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.room.add_permits(*self.taken.get_mut() as usize);
    }
}

/// A body that could not be read. The connection is closed after the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadError {
    /// It has more bytes than this.
    TooLarge(usize),
    /// The client took too long to send it.
    TooSlow,
    /// Too many bodies are in memory already.
    NoRoom,
    /// It ended early, or is not framed as HTTP frames bodies.
    Broken,
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Problem {
        match error {
            UploadError::TooLarge(max) => Problem::new(
                Class::Caller,
                413,
                "too-large",
                "Body too large",
                format!("The body has more than {max} bytes. Send less in one request."),
            ),
            UploadError::TooSlow => Problem::new(
                Class::Caller,
                408,
                "too-slow",
                "Body too slow",
                "The body did not arrive in time. Send it faster, or in smaller requests.",
            ),
            UploadError::NoRoom => Problem::overload(
                "Too many request bodies are being read at once. Send this one again later.",
            ),
            UploadError::Broken => Problem::new(
                Class::Caller,
                400,
                "broken-body",
                "Body incomplete",
                "The body ended before its end. Send the request again.",
            ),
        }
    }
}

impl Upload {
    pub(super) fn incoming(body: Incoming, time: Duration, exchange: Arc<Exchange>) -> Upload {
        if body.is_end_stream() {
            exchange.finished();
        }
        Upload(Kind::Incoming { body, time, exchange })
    }

    /// Whether there is no body.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Kind::Known(bytes) => bytes.is_empty(),
            Kind::Incoming { body, .. } => body.is_end_stream(),
        }
    }

    /// The bytes, at most `max` of them. A body that declares more is refused before it is read.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn collect(self, max: usize) -> Result<Bytes, UploadError> {
        match self.0 {
            Kind::Known(bytes) if bytes.len() > max => Err(UploadError::TooLarge(max)),
            Kind::Known(bytes) => Ok(bytes),
            Kind::Incoming { body, time, exchange } => {
                if body.size_hint().lower() > max as u64 {
                    return Err(UploadError::TooLarge(max));
                }
                let bytes = tokio::time::timeout(time, read(body, max, &exchange)).await;
                let bytes = bytes.map_err(|_| UploadError::TooSlow)??;
                exchange.finished();
                Ok(bytes)
            }
        }
    }
}

/// The body of a request in pieces, so that large ones are never in memory as a whole.
pub struct Pieces(Upload);

impl Upload {
    /// The body in pieces, for who does not want to have all of it at once.
    pub fn pieces(self) -> Pieces {
        Pieces(self)
    }
}

impl Pieces {
    /// The next [`PIECE_BYTES`] or more, or what is left. The client has as long for each as for a whole body.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, UploadError> {
        match &mut self.0.0 {
            Kind::Known(bytes) => Ok(Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty())),
            Kind::Incoming { body, time, exchange } => {
                let piece = tokio::time::timeout(*time, piece(body)).await;
                let piece = piece.map_err(|_| UploadError::TooSlow)??;
                if piece.is_none() {
                    exchange.finished();
                }
                Ok(piece)
            }
        }
    }
}

async fn piece(body: &mut Incoming) -> Result<Option<Bytes>, UploadError> {
    let mut bytes = BytesMut::new();
    while bytes.len() < PIECE_BYTES {
        let Some(frame) = body.frame().await else { break };
        let Ok(data) = frame.map_err(|_| UploadError::Broken)?.into_data() else { continue };
        bytes.extend_from_slice(&data);
    }
    Ok(Some(bytes.freeze()).filter(|bytes| !bytes.is_empty()))
}

impl From<Bytes> for Upload {
    /// A body that is known already; for tests of services.
    fn from(bytes: Bytes) -> Upload {
        Upload(Kind::Known(bytes))
    }
}

async fn read(mut body: Incoming, max: usize, exchange: &Exchange) -> Result<Bytes, UploadError> {
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        // Trailers carry nothing that anybody asks for.
        let Ok(data) = frame.map_err(|_| UploadError::Broken)?.into_data() else { continue };
        if first.len() + rest.len() + data.len() > max {
            return Err(UploadError::TooLarge(max));
        }
        if !exchange.take(data.len()) {
            return Err(UploadError::NoRoom);
        }
        // Most bodies come in one piece, which need not be copied.
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&std::mem::take(&mut first));
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

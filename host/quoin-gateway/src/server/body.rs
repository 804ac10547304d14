//! The body of an answer: known bytes, or a stream of them.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::mpsc;

use super::turn::Answering;

/// The body of an answer.
pub struct Body {
    kind: Kind,
    answering: Option<Answering>,
}

enum Kind {
    Full(Bytes),
    Stream(mpsc::Receiver<Bytes>),
}

impl Body {
    /// No body.
    pub fn empty() -> Body {
        Body::full(Bytes::new())
    }

    /// These bytes.
    pub fn full(bytes: impl Into<Bytes>) -> Body {
        Body { kind: Kind::Full(bytes.into()), answering: None }
    }

    /// What comes out of a channel, until its sender is dropped. The sender learns by a failed send
    /// (or by `closed`) that the client has gone. A stream without an end of its own must end when
    /// the host shuts down, or it holds the shutdown up for the grace time.
    pub fn stream(chunks: mpsc::Receiver<Bytes>) -> Body {
        Body { kind: Kind::Stream(chunks), answering: None }
    }

    /// The bytes, if they are known.
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.kind {
            Kind::Full(bytes) => Some(bytes),
            Kind::Stream(_) => None,
        }
    }

    /// Counts the request as running until the body is written or dropped.
    pub(super) fn hold(&mut self, answering: Answering) {
        self.answering = Some(answering);
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.kind {
            Kind::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Kind::Stream(chunks) => chunks.poll_recv(cx).map(|c| c.map(|c| Ok(Frame::data(c)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.kind, Kind::Full(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Stream(_) => SizeHint::default(),
        }
    }
}

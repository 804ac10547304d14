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
    /// With so many bytes left.
    Long(mpsc::Receiver<Bytes>, u64),
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

    /// What comes out of a channel, which is so many bytes. Where it ends early, the connection does, and the
    /// client knows that it does not have all of it.
    pub fn long(chunks: mpsc::Receiver<Bytes>, bytes: u64) -> Body {
        Body { kind: Kind::Long(chunks, bytes), answering: None }
    }

    /// The bytes, if they are known.
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.kind {
            Kind::Full(bytes) => Some(bytes),
            Kind::Stream(_) | Kind::Long(..) => None,
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
            Kind::Long(_, 0) => Poll::Ready(None),
            Kind::Long(chunks, left) => chunks.poll_recv(cx).map(|chunk| {
                let chunk = chunk?;
                *left = left.saturating_sub(chunk.len() as u64);
                Some(Ok(Frame::data(chunk)))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Stream(_) => false,
            Kind::Long(_, left) => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Stream(_) => SizeHint::default(),
            Kind::Long(_, left) => SizeHint::with_exact(*left),
        }
    }
}

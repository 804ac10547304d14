//! A TCP stream that is patient with clients, but not endlessly.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::turn::Turn;

/// Bytes that a client must read within the write time. Less is a client that holds memory hostage.
const WRITE_STEP: usize = 16 << 10;
/// Bytes, and time, that a client may go on sending after the connection was closed on it.
const LINGER_BYTES: usize = 8 << 20;
const LINGER_TIME: Duration = Duration::from_secs(2);
/// Bytes read at a time while lingering.
const LINGER_STEP: usize = 8 << 10;

/// A TCP stream with three manners that a plain one lacks.
///
/// A write that makes no progress fails after a while, so that a client that does not read cannot
/// hold an answer in memory for ever. And after the host has sent its last word, what the client is
/// still sending is read and dropped for a moment: closing at once would reset the connection, and a
/// client that is busy sending a too large body would never see the 413.
///
/// And what hyper says to a client that sends no request, a bare status, is kept from the client: the
/// host says it better once hyper is done.
pub(super) struct Wire {
    stream: TcpStream,
    turn: Arc<Turn>,
    /// Whether hyper had something to say when it was the client's turn.
    refused: bool,
    write_time: Duration,
    /// Runs while the client does not read.
    patience: Option<Pin<Box<Sleep>>>,
    /// Bytes written since it runs.
    written: usize,
    /// Runs once the last word is sent.
    linger: Option<Pin<Box<Sleep>>>,
    lingered: usize,
}

impl Wire {
    pub fn new(stream: TcpStream, turn: Arc<Turn>, write_time: Duration) -> Wire {
        Wire {
            stream,
            turn,
            refused: false,
            write_time,
            patience: None,
            written: 0,
            linger: None,
            lingered: 0,
        }
    }

    /// Whether hyper refused what the client sent, and the client has not been told.
    pub fn is_refused(&self) -> bool {
        self.refused
    }

    /// Sends the last word of the host, now that hyper is done.
    pub async fn end_with(&mut self, words: &[u8]) -> io::Result<()> {
        self.refused = false;
        // No more than the system takes at once, unless the client has left earlier answers unread.
        tokio::time::timeout(self.write_time, self.stream.write_all(words)).await??;
        self.shutdown().await
    }

    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(count)) => {
                self.written = self.written.saturating_add(count);
                if self.written >= WRITE_STEP {
                    self.calm();
                }
                Poll::Ready(Ok(count))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                if self.patience.is_none() {
                    self.written = 0;
                }
                let time = self.write_time;
                let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(time)));
                ready!(patience.as_mut().poll(cx));
                Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the client does not read its answer",
                )))
            }
        }
    }

    fn calm(&mut self) {
        self.patience = None;
        self.written = 0;
    }

    /// Reads and drops until the client ends, sends too much, or takes too long.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; LINGER_STEP];
        while self.lingered < LINGER_BYTES {
            let mut space = ReadBuf::new(&mut space);
            match Pin::new(&mut self.stream).poll_read(cx, &mut space) {
                Poll::Ready(Ok(())) if !space.filled().is_empty() => {
                    self.lingered += space.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => match &mut self.linger {
                    Some(time) => return time.as_mut().poll(cx),
                    None => return Poll::Ready(()),
                },
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = space.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, space))?;
        if space.filled().len() > before {
            this.turn.unread.store(true, Ordering::Release);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.turn.is_the_clients() {
            this.refused = true;
            return Poll::Ready(Ok(bytes.len()));
        }
        let outcome = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.wrote(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.turn.is_the_clients() {
            this.refused = true;
            return Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()));
        }
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(cx, parts);
        this.wrote(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // All that there was to write has been taken.
        this.calm();
        this.turn.flushed();
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.refused {
            return Poll::Ready(Ok(()));
        }
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.linger = Some(Box::pin(sleep(LINGER_TIME)));
        }
        if this.turn.unread.load(Ordering::Acquire) {
            ready!(this.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}

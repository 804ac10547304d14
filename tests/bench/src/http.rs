//! A client for HTTP/1.1 on one kept connection: as little as it takes, so that what is measured is
//! the server.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes of a response: those of the largest list that is measured, and some.
const RESPONSE_BYTES_MAX: usize = 4 << 20;

/// A connection to a server.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A response; its body is in the connection's buffer.
pub struct Reply<'a> {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::with_capacity(64 << 10) })
    }

    /// Sends a request and waits for the response.
    pub async fn send(&mut self, request: &[u8]) -> Result<Reply<'_>> {
        self.stream.write_all(request).await.context("cannot send")?;
        self.buffer.clear();
        let head = loop {
            if let Some(head) = Head::parse(&self.buffer)? {
                break head;
            }
            self.receive().await?;
        };
        let end = head.length + head.body;
        while self.buffer.len() < end {
            self.receive().await?;
        }
        ensure!(self.buffer.len() == end, "the server sent more than its response");
        Ok(Reply { status: head.status, body: &self.buffer[head.length..] })
    }

    async fn receive(&mut self) -> Result<()> {
        ensure!(self.buffer.len() < RESPONSE_BYTES_MAX, "the response is too long");
        let read = self.stream.read_buf(&mut self.buffer).await.context("cannot receive")?;
        ensure!(read > 0, "the server closed the connection");
        Ok(())
    }
}

/// The bytes of a request, with these lines of headers, each ended by CR LF.
pub fn request(method: &str, path: &str, host: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}").into_bytes();
    if !body.is_empty() {
        let entity =
            format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        request.extend_from_slice(entity.as_bytes());
    }
    request.extend_from_slice(b"\r\n");
    request.extend_from_slice(body);
    request
}

struct Head {
    status: u16,
    /// Bytes of the head.
    length: usize,
    /// Bytes of the body.
    body: usize,
}

impl Head {
    /// The head, if it is there as a whole.
    fn parse(bytes: &[u8]) -> Result<Option<Head>> {
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&bytes[..end]).context("the head is not text")?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let status = status.context("the response has no status")?;
        let mut body = None;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                body = Some(value.trim().parse().context("the length is not a number")?);
            }
        }
        let body = match body {
            Some(body) => body,
            None if status == 204 => 0,
            None => bail!("a response without content-length"),
        };
        Ok(Some(Head { status, length: end + 4, body }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n").unwrap().is_none());
        let head =
            Head::parse(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").unwrap().unwrap();
        assert_eq!((head.status, head.length, head.body), (200, 38, 3));
        let head = Head::parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!((head.status, head.body), (204, 0));
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn only_a_request_with_a_body_tells_its_length() {
        let get = request("GET", "/a", "b.test", "", b"");
        assert_eq!(get, b"GET /a HTTP/1.1\r\nhost: b.test\r\n\r\n");
        let post = String::from_utf8(request("POST", "/a", "b", "x: y\r\n", b"{}")).unwrap();
        assert!(post.contains("\r\nx: y\r\n") && post.ends_with("content-length: 2\r\n\r\n{}"));
    }
}

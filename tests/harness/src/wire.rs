//! HTTP by hand, for requests that no decent client sends.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{PATIENCE, Reply};

/// A connection to a listener.
pub struct Wire(TcpStream);

impl Wire {
    /// Connects.
    pub fn open(address: SocketAddr) -> Wire {
        let stream = TcpStream::connect(address).expect("the listener takes connections");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout is possible");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout is possible");
        Wire(stream)
    }

    /// Sends bytes; an error when the other side has closed.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.write_all(bytes.as_ref())
    }

    /// Reads one response that has a Content-Length, or none when the other side closes without one.
    pub fn reply(&mut self) -> Option<Reply> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match self.0.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                Ok(_) => return None,
                Err(e) if e.kind() == io::ErrorKind::ConnectionReset => return None,
                Err(e) => panic!("no whole response: {e}: {}", String::from_utf8_lossy(&head)),
            }
        }
        let head = String::from_utf8(head).expect("headers are text");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok());
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(|l| l.split_once(':')) {
            let name: HeaderName = name.parse().expect("a header's name");
            headers.append(name, HeaderValue::from_str(value.trim()).expect("a header's value"));
        }
        let length = headers.get("content-length").and_then(|v| v.to_str().ok()?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.0.read_exact(&mut body).expect("the whole body");
        Some(Reply::new(status.expect("a status"), headers, body))
    }

    /// Waits until the other side closes; what came until then is thrown away.
    pub fn closed(&mut self) {
        let mut rest = [0; 4096];
        loop {
            match self.0.read(&mut rest) {
                Ok(0) => return,
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::ConnectionReset => return,
                Err(e) => panic!("the connection stays open: {e}"),
            }
        }
    }
}

/// Sends these bytes on a connection of their own and reads one response.
pub fn exchange(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Option<Reply> {
    let mut wire = Wire::open(address);
    // A listener may answer and close before it has read everything.
    let _ = wire.send(bytes);
    wire.reply()
}

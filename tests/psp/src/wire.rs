//! HTTP/1.1, as much as a provider for tests needs.

use std::io::{BufRead, Read, Write};
use std::time::Duration;

use serde_json::{Value, json};

/// Bytes of a body: forms of a few fields.
const BODY_BYTES_MAX: usize = 64 << 10;
/// Bytes of a line, and lines of a head.
const LINE_BYTES_MAX: u64 = 8 << 10;
const LINES_MAX: usize = 100;

/// A request that came.
pub struct Request {
    /// Its method.
    pub method: String,
    /// Path and query.
    pub target: String,
    headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads the next one; none at the end, and of what is no request.
    pub fn read(reader: &mut impl BufRead) -> Option<Request> {
        let mut line = || {
            let mut line = String::new();
            let read = reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut line).ok()?;
            (read > 0).then(|| line.trim_end().to_owned())
        };
        let first = line()?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = Vec::new();
        loop {
            let line = line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            if headers.len() > LINES_MAX {
                return None;
            }
        }
        let mut request = Request { method, target, headers, body: Vec::new() };
        let length: usize = request.header("content-length").parse().unwrap_or(0);
        if length > BODY_BYTES_MAX {
            return None;
        }
        request.body.resize(length, 0);
        reader.read_exact(&mut request.body).ok()?;
        Some(request)
    }

    /// The value of a header; absent is empty.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query; absent is empty.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// What is answered, and how.
pub struct Answer {
    /// The status.
    pub status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// How long it takes.
    pub late: Duration,
    /// Whether the connection is closed instead.
    pub lost: bool,
}

impl Answer {
    /// A JSON document.
    pub fn json(status: u16, body: &Value) -> Answer {
        Answer::new(status, "application/json", body.to_string().into_bytes())
    }

    /// An error as the API tells it.
    pub fn error(status: u16, kind: &str, code: &str, message: &str) -> Answer {
        let error = json!({ "type": kind, "code": code, "message": message });
        Answer::json(status, &json!({ "error": error }))
    }

    /// A page.
    pub fn html(status: u16, page: String) -> Answer {
        Answer::new(status, "text/html; charset=utf-8", page.into_bytes())
    }

    /// Another page.
    pub fn see(url: &str) -> Answer {
        let mut answer = Answer::html(303, String::new());
        answer.headers.push(("location", url.to_owned()));
        answer
    }

    /// The same, after a while.
    pub fn late(self, late: Duration) -> Answer {
        Answer { late, ..self }
    }

    /// The connection is closed instead.
    pub fn lost(self) -> Answer {
        Answer { lost: true, ..self }
    }

    fn new(status: u16, kind: &str, body: Vec<u8>) -> Answer {
        let headers = vec![("content-type", kind.to_owned())];
        Answer { status, headers, body, late: Duration::ZERO, lost: false }
    }

    /// Writes it.
    ///
    /// # Errors
    /// The client is gone.
    pub fn write(&self, writer: &mut impl Write) -> std::io::Result<()> {
        let mut head =
            format!("HTTP/1.1 {} -\r\ncontent-length: {}\r\n", self.status, self.body.len());
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        writer.write_all(format!("{head}\r\n").as_bytes())?;
        writer.write_all(&self.body)
    }
}

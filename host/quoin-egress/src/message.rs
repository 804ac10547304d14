//! What a plugin sends, and what comes of it.

use bytes::Bytes;
use quoin_core::limits::HTTP_TIME_MS_MAX;
use quoin_core::manifest::HttpMethod;

/// A request as a plugin makes it. `{{name}}` in the value of a header stands for a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: HttpMethod,
    /// An absolute URL.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// Whether `{{name}}` stands for a secret in the body, too.
    pub secrets_in_body: bool,
    /// A header with a signature that the host makes.
    pub signature: Option<Signature>,
    /// Milliseconds that it has.
    pub timeout_ms: Option<u32>,
}

impl Request {
    /// Bytes of what the plugin wrote.
    pub fn size(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let payload = self.signature.as_ref().map_or(0, |s| s.payload.len() + s.prefix.len());
        self.url.len() + headers + self.body.len() + payload
    }
}

/// A header whose value is an HMAC-SHA256 with a secret as its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The secret's name.
    pub secret: String,
    /// What is signed.
    pub payload: Vec<u8>,
    /// The header's name.
    pub header: String,
    /// What stands before the signature in it.
    pub prefix: String,
    /// How it is written.
    pub encoding: Encoding,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Lower-case hex digits.
    Hex,
    /// Base64 with padding.
    Base64,
}

/// What another system answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Bytes,
}

impl Response {
    /// Bytes of it.
    pub fn size(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        headers + self.body.len()
    }
}

/// Why there is no answer. The texts say what to do, and none has a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The grant, or the host, does not let it out. It was not sent.
    #[error("{0}")]
    Denied(String),
    /// A secret is not granted, not set, or does not fit where it stands. It was not sent.
    #[error("{0}")]
    Secret(String),
    /// It is no request that HTTP knows. It was not sent.
    #[error("{0}")]
    Invalid(String),
    /// It, or its answer, is larger than the limits.
    #[error("{0}")]
    TooLarge(String),
    /// There was no answer in time. It may have arrived.
    #[error(
        "no whole answer in time: a request has 10 s unless it states another time, {} s at most, and \
         no more than its call has left",
        HTTP_TIME_MS_MAX / 1_000
    )]
    Timeout,
    /// There is no connection to the host. It was not sent.
    #[error("{0}")]
    Unreachable(String),
    /// The connection broke off. It may have arrived.
    #[error("{0}")]
    Interrupted(String),
    /// The shop, or the host, sends as much as it may. It was not sent.
    #[error("{0}")]
    Busy(String),
}

impl Error {
    /// A stable word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Denied(_) => "denied",
            Error::Secret(_) => "secret",
            Error::Invalid(_) => "invalid",
            Error::TooLarge(_) => "too-large",
            Error::Timeout => "timeout",
            Error::Unreachable(_) => "unreachable",
            Error::Interrupted(_) => "interrupted",
            Error::Busy(_) => "busy",
        }
    }
}

//! The limits of a listener.

use std::time::Duration;

use quoin_core::limits;

/// Bytes of request bodies in memory at once on one listener. A body becomes many times its size
/// once it is values, so this is what bounds the memory that clients can make the host use.
const BODIES_BYTES_MAX: usize = 128 << 20;
/// How long a client may leave 16 KiB of an answer unread.
const WRITE_SECONDS_MAX: u64 = 30;
/// How long running requests have to finish at shutdown.
const GRACE_SECONDS: u64 = 30;

/// The limits of a listener. The default is what a shop's port has.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Headers of a request; beyond, 431.
    pub headers: usize,
    /// Bytes of the request line and the headers; beyond, 431.
    pub head_bytes: usize,
    /// Bytes of the request target; beyond, 414.
    pub target_bytes: usize,
    /// How long a client has for the head of a request, and how long a kept connection may idle.
    pub head_time: Duration,
    /// How long a client has for the body of a request; beyond, 408.
    pub body_time: Duration,
    /// How long a client may leave 16 KiB of an answer unread before it is cut off.
    pub write_time: Duration,
    /// Connections at once; more wait in the system's queue.
    pub connections: usize,
    /// Bytes of request bodies in memory at once; beyond, 503.
    pub bodies_bytes: usize,
    /// How long running requests have to finish at shutdown.
    pub grace: Duration,
}

impl Default for ServerLimits {
    fn default() -> ServerLimits {
        let client_time = Duration::from_secs(limits::CLIENT_SECONDS_MAX);
        ServerLimits {
            headers: limits::HEADERS_MAX,
            head_bytes: limits::HEADER_BYTES_MAX,
            target_bytes: limits::TARGET_BYTES_MAX,
            head_time: client_time,
            body_time: client_time,
            write_time: Duration::from_secs(WRITE_SECONDS_MAX),
            connections: limits::CONNECTIONS_MAX,
            bodies_bytes: BODIES_BYTES_MAX,
            grace: Duration::from_secs(GRACE_SECONDS),
        }
    }
}

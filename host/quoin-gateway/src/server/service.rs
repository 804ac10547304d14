//! What a listener asks for its answers.

use std::future::Future;
use std::pin::Pin;

use http::{Request, Response};

use super::body::Body;
use super::upload::Upload;

/// The answer to a request, as it is made.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Response<Body>> + Send + 'a>>;

/// What answers the requests of a listener.
pub trait Service: Send + Sync + 'static {
    /// Answers a request. The body is read only when the service asks for it, so it can refuse a
    /// request by its head alone. The future is dropped when the client goes away.
    fn answer(&self, request: Request<Upload>) -> Answer<'_>;
}

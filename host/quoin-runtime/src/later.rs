//! Later calls: recorded with the transaction of the request that makes them, and run as requests of their
//! own.

mod feed;
mod record;
mod run;

pub use feed::Feed;
pub use record::Subscriber;
pub(crate) use record::{at_once, cancel, record};
pub use run::{LaterFailure, LaterFailureKind, run_later};

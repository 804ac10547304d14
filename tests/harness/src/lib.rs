//! Starts the real host for a test and speaks to it as its clients do: over HTTP, and through the
//! command line.
//!
//! Each test starts a host of its own on free ports, in a folder that goes with it. Tests can run in
//! parallel. Whatever does not work in here is a failed test: most functions panic, with what the
//! host had to say about it.

mod compiled;
mod host;
pub mod imported;
pub mod large;
mod place;
pub mod psp;
pub mod remote;
mod reply;
pub mod sale;
mod shop;
mod size;
mod skipped;
pub mod smtp;
mod syncs;
mod wait;
pub mod wire;

pub use host::Host;
pub use http;
pub use place::{binary, bundle, bundles, repository};
pub use psp::Psp;
pub use remote::{Received, Remote};
pub use reply::Reply;
pub use serde_json::{Value, json};
pub use shop::{Request, Shop};
pub use size::Size;
pub use skipped::skipped;
pub use smtp::Smtp;
pub use syncs::Syncs;
pub use wait::{PATIENCE, until};

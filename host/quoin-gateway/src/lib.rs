//! The only HTTP server: listeners with limits, the shops' API, OpenAPI, drain.
//!
//! [`listen`] serves any [`Service`] within [`ServerLimits`]. [`Shops`] is the service of the shops'
//! port: it finds the tenant by the host name, the function by the tenant's routes, makes the
//! principal, binds the request to the function's parameters, and tells the outcome.

#![allow(
    clippy::result_large_err,
    reason = "a request has one problem at most, and its next stop is the wire"
)]

mod bind;
mod docs;
mod openapi;
pub mod problem;
pub mod reply;
mod request_id;
mod server;
mod shops;

pub use server::{Answer, Body, Drained, ServerLimits, Service, Upload, UploadError, listen};
pub use shops::Shops;
pub use shops::files::receive;

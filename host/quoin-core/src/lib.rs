//! The nouns and limits that every room of the host shares: ids, types, manifests, grants, problems,
//! the clock.
//!
//! This crate does no I/O and knows neither WebAssembly engine, SQL driver nor HTTP server.

pub mod clock;
pub mod description;
pub mod ids;
pub mod later;
pub mod limits;
pub mod manifest;
pub mod problem;
pub mod shop;
pub mod sql;
pub mod types;
pub mod visible;

pub use clock::{Clock, ManualClock};
pub use description::Description;
pub use ids::{Digest, Domain, Name};
pub use manifest::Manifest;
pub use problem::{Class, Problem};
pub use types::{Function, Interface, Type};

//! The one room that knows the WebAssembly engine: compile, link, instances, limits, calls, values ⇄ JSON.
//!
//! A [`Program`] is a compiled bundle, linked once and shared by all tenants. A [`Generation`] is a
//! program running as an installation of a tenant. A [`Node`] is a generation with its bindings to
//! the generations that serve it; the nodes of a tenant form a graph without cycles, so a call tree
//! that holds its root holds exactly the generations that it started with, whatever is swapped
//! meanwhile. [`call`] runs a request: a function of a node, with all calls that it leads to, as one
//! transaction.

mod basis;
mod call;
mod dispatch;
mod engine;
mod failure;
mod generation;
mod installed;
mod instance;
mod interfaces;
pub mod json;
mod later;
mod link;
mod log;
mod mailed;
mod node;
mod outside;
mod params;
mod pool;
mod program;
mod request;
mod running;
mod spare;
mod state;
mod ticker;
mod tree;
pub mod web;

pub use basis::Basis;
pub use engine::{Engine, EngineError};
pub use failure::{Failure, FailureKind, Outcome};
pub use generation::{Generation, Stats};
pub use installed::{Installed, MailOut, WayOut};
pub use later::{Feed, LaterFailure, LaterFailureKind, Subscriber, run_later};
pub use log::{Level, Line, Log};
pub use node::{Binding, Node, Provider};
pub use program::{Program, ProgramError, compile};
pub use quoin_storage::Once;
pub use request::{Answered, CallJsonError, Target, answer, call, call_json, call_web};
pub use tree::{Check, OnlyOnce, Origin, Principal, Request};

/// A value of a component: the engine's own, so that no copy is made on the way to a guest.
pub use wasmtime::component::Val as Value;

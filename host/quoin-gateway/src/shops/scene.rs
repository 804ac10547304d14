//! What a request meets.

use std::sync::Arc;

use http::request::Parts;
use quoin_supervisor::{Answers, Tenant, Wiring};

/// A request and the state of the shop that it meets.
pub struct Scene<'a> {
    pub tenant: &'a Tenant,
    pub wiring: &'a Wiring,
    pub answers: &'a Arc<Answers>,
    pub head: &'a Parts,
    pub id: &'a str,
}

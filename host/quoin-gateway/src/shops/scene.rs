//! What a request meets.

use http::request::Parts;
use quoin_supervisor::{Supervisor, Tenant, Wiring};

/// A request and the state of the shop that it meets.
pub struct Scene<'a> {
    pub tenant: &'a Tenant,
    pub wiring: &'a Wiring,
    pub supervisor: &'a Supervisor,
    pub head: &'a Parts,
    pub id: &'a str,
}

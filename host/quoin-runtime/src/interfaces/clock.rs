//! `quoin:host/clock`: the time of the request.

use quoin_core::manifest::HostInterface as H;

use super::bindings::quoin::host::clock;
use crate::state::State;

impl clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.using(H::Clock)?.tree.now_ms())
    }
}

//! `quoin:host/clock`: the time of the request.

use quoin_core::manifest::HostInterface as H;

use super::bindings::quoin::host::clock;
use crate::state::State;

impl clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        let tree = &self.using(H::Clock)?.tree;
        tree.uses.other();
        Ok(tree.now_ms())
    }

    fn passed(&mut self, time: u64) -> wasmtime::Result<bool> {
        let tree = &self.using(H::Clock)?.tree;
        Ok(tree.uses.passed(time, tree.now_ms()))
    }
}

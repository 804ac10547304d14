//! `quoin:host/config`: what the shop configured.

use quoin_core::manifest::HostInterface as H;

use super::bindings::quoin::host::config;
use crate::state::State;

impl config::Host for State {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        Ok(self.using(H::Config)?.installed.config.get(&key).cloned())
    }
}

//! `quoin:host/random`: the request's own randomness.

use quoin_core::limits::RANDOM_BYTES_MAX;
use quoin_core::manifest::HostInterface as H;

use super::bindings::quoin::host::random;
use crate::failure::FailureKind;
use crate::state::State;

impl random::Host for State {
    fn bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        let call = self.using(H::Random)?;
        if length > RANDOM_BYTES_MAX {
            let limit = format!("more than {RANDOM_BYTES_MAX} random bytes at once");
            return Err(wasmtime::Error::new(call.failure(FailureKind::Limit(limit))));
        }
        call.tree.uses.other();
        let mut bytes = vec![0; length as usize];
        call.tree.random(&mut bytes).map_err(|e| wasmtime::Error::msg(e.to_string()))?;
        Ok(bytes)
    }
}

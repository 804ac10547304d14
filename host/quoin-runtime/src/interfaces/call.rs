//! `quoin:host/call`: the call that is running.

use quoin_core::manifest::HostInterface as H;

use super::bindings::quoin::host::call;
use crate::state::State;

impl call::Host for State {
    fn id(&mut self) -> wasmtime::Result<String> {
        let call = self.using(H::Call)?;
        call.tree.uses.other();
        Ok(call.id.clone())
    }

    fn trace(&mut self) -> wasmtime::Result<String> {
        let tree = &self.using(H::Call)?.tree;
        tree.uses.other();
        Ok(tree.request.trace.clone())
    }

    fn tenant(&mut self) -> wasmtime::Result<String> {
        Ok(self.using(H::Call)?.installed.tenant.to_string())
    }

    fn caller(&mut self) -> wasmtime::Result<Option<String>> {
        let caller = self.using(H::Call)?.caller.as_ref();
        Ok(caller.map(|installed| installed.name.to_string()))
    }

    fn principal(&mut self) -> wasmtime::Result<call::Identity> {
        let principal = &self.using(H::Call)?.tree.request.principal;
        Ok(call::Identity { role: principal.role.into(), id: principal.id.clone() })
    }

    fn remaining(&mut self) -> wasmtime::Result<u64> {
        let call = self.using(H::Call)?;
        call.tree.uses.other();
        let left = call.deadline.saturating_duration_since(call.tree.clock.instant());
        Ok(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }
}

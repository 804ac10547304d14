//! `quoin:host/later`: when the next later call is to run, and in which company.

use quoin_core::limits::LATER_KEY_BYTES_MAX;
use quoin_core::manifest::HostInterface as H;

use super::bindings::quoin::host::later;
use crate::failure::FailureKind;
use crate::running::Running;
use crate::state::State;

impl later::Host for State {
    async fn at(&mut self, time: u64) -> wasmtime::Result<()> {
        self.using(H::Later)?.next_later().due = Some(time);
        Ok(())
    }

    async fn key(&mut self, key: String) -> wasmtime::Result<()> {
        let call = self.using(H::Later)?;
        call.next_later().key = Some(checked(call, key)?);
        Ok(())
    }

    async fn order(&mut self, order: String) -> wasmtime::Result<()> {
        let call = self.using(H::Later)?;
        call.next_later().order = Some(checked(call, order)?);
        Ok(())
    }

    async fn cancel(&mut self, key: String) -> wasmtime::Result<bool> {
        let call = self.using(H::Later)?;
        let key = checked(call, key)?;
        crate::later::cancel(call, &key).await
    }
}

fn checked(call: &Running, text: String) -> wasmtime::Result<String> {
    if text.len() > LATER_KEY_BYTES_MAX {
        let limit = format!("a later call's key or order of more than {LATER_KEY_BYTES_MAX} bytes");
        return Err(wasmtime::Error::new(call.failure(FailureKind::Limit(limit))));
    }
    Ok(text)
}

//! `quoin:host/log`: lines in the shop's log.

use quoin_core::manifest::HostInterface as H;

use super::bindings::quoin::host::log;
use crate::log::Level;
use crate::state::State;

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let call = self.using(H::Log)?;
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        // Nobody would see its line for an answer that was kept.
        call.tree.uses.other();
        call.tree.log_of_guest(&call.installed, level, &message);
        Ok(())
    }
}

//! The host's interfaces: SQL, log, configuration, clock, randomness, files, requests to other systems, mail, the
//! call that is running, and calls that happen later.

pub use crate::bindings::quoin::host::{
    call, clock, config, files, http, later, log, mail, random, sql,
};

/// The value of a configuration key that the manifest gives a default for or requires.
///
/// Traps when the manifest does not know the key: that is a fault of the plugin.
pub fn configured(key: &str) -> String {
    match config::get(key) {
        Some(value) => value,
        None => trap(&format!("the configuration key {key} is not in the manifest")),
    }
}

/// Ends the call: logs why, then traps. Nothing that the call wrote is kept.
pub fn trap(why: &str) -> ! {
    log::write(log::Level::Error, why);
    panic!("{why}")
}

//! Which payment methods the shop offers through this plugin.

use quoin_sdk::host::configured;

use crate::bindings::exports::quoin::payment::provider::{CaptureTime, Error};

/// When the money of the method of this name is captured.
///
/// # Errors
/// The shop does not offer it.
pub fn offered(name: &str) -> Result<CaptureTime, Error> {
    if !lists(&configured("methods"), name) {
        return Err(Error::NotFound(format!("there is no payment method \"{name}\"")));
    }
    let at_order = lists(&configured("capture-at-order"), name);
    Ok(if at_order { CaptureTime::AtOrder } else { CaptureTime::Later })
}

fn lists(names: &str, name: &str) -> bool {
    !name.is_empty() && names.split(',').any(|n| n.trim() == name)
}

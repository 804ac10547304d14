//! Which payment methods the shop offers through this plugin, and on what terms.

use quoin_sdk::host::{configured, trap};

use crate::bindings::exports::quoin::payment::provider::{CaptureTime, Error};

/// The terms of a method.
pub struct Method {
    /// When its money comes.
    pub capture: CaptureTime,
    /// The largest payment, minor units.
    pub maximum: Option<i64>,
}

/// The terms of the method of this name.
///
/// # Errors
/// The shop does not offer it.
pub fn known(name: &str) -> Result<Method, Error> {
    if !lists(&configured("methods"), name) {
        return Err(Error::NotFound(format!("there is no payment method \"{name}\"")));
    }
    let at_order = lists(&configured("capture-at-order"), name);
    let capture = if at_order { CaptureTime::AtOrder } else { CaptureTime::Later };
    Ok(Method { capture, maximum: maximum(&configured("maximum"), name) })
}

fn lists(names: &str, name: &str) -> bool {
    !name.is_empty() && names.split(',').any(|n| n.trim() == name)
}

/// Traps when the shop's configuration is not as the manifest describes it: every payment is refused
/// rather than one let through that should not be.
fn maximum(limits: &str, name: &str) -> Option<i64> {
    let mut found = None;
    for limit in limits.split(',').map(str::trim).filter(|l| !l.is_empty()) {
        let parsed = limit.split_once('=').and_then(|(m, minor)| {
            let minor: i64 = minor.trim().parse().ok()?;
            (minor >= 0).then_some((m.trim(), minor))
        });
        match parsed {
            Some((m, minor)) if m == name => found = Some(minor),
            Some(_) => {}
            None => trap(&format!(
                "the configuration key maximum has \"{limit}\"; write it like cash=50000"
            )),
        }
    }
    found
}

//! Plugins that hear of later calls.

use std::collections::BTreeSet;

use quoin_core::manifest::{FEED_FUNCTION, FEED_VERSIONED, Kind};
use quoin_core::{Name, ids};
use quoin_storage::Asked;
use serde_json::{Value as Json, json};

/// A plugin that hears of later calls of these kinds.
#[derive(Debug, Clone)]
pub struct Feed {
    /// The installation.
    pub plugin: Name,
    /// What it hears of.
    pub kinds: BTreeSet<Kind>,
}

impl Feed {
    pub(super) fn hears(&self, interface: &str, function: &str) -> bool {
        self.kinds.iter().any(|kind| kind.covers(interface, function))
    }
}

/// What a plugin hears of a later call, as the parameters of its function: see `wit/plugin`.
///
/// # Errors
/// The operating system has no randomness to give.
pub(super) fn event(call: &Asked<'_>) -> Result<String, String> {
    let (path, version) = call.interface.split_once('@').unwrap_or((call.interface, ""));
    let id = ids::random_hex::<16>().map_err(|error| error.to_string())?;
    let event: Json = json!({ "event": {
        "id": id,
        "kind": format!("{path}#{}", call.function),
        "version": version,
        "occurredAt": call.asked,
        "params": call.params,
        "trace": call.trace,
        "behalf": call.behalf,
    } });
    Ok(event.to_string())
}

/// The later call by which a plugin hears of `call`. It keeps its order among others of the same asker; it
/// has no key and no time, since what it tells of is no less true if that is replaced or taken back.
pub(super) fn delivery<'a>(call: &Asked<'a>, to: &'a Feed, event: &'a str) -> Asked<'a> {
    Asked {
        plugin: to.plugin.as_str(),
        interface: FEED_VERSIONED,
        function: FEED_FUNCTION,
        params: event,
        due: call.asked,
        key: None,
        ..call.clone()
    }
}

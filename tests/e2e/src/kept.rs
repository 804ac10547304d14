//! An answer that is kept is the one that would be made now.

mod once;
mod same;
mod tags;

use quoin_harness::{Host, Shop};

use crate::request;

/// Three plugins, of which the first asks both others and the second the third.
fn three(host: &Host) -> Shop {
    request::shop(host, "three", &PLUGINS.map(|(name, others)| (name, others, "")))
}

const PLUGINS: [(&str, &[&str]); 3] = [("a", &["b", "c"]), ("b", &["c"]), ("c", &[])];

/// Requests of `plugin` that were answered without a call so far.
fn kept(shop: &Shop, plugin: &str) -> u64 {
    shop.plugin(plugin)["stats"]["kept"].as_u64().expect("a number")
}

/// Calls of `plugin` so far.
fn calls(shop: &Shop, plugin: &str) -> u64 {
    shop.plugin(plugin)["stats"]["calls"].as_u64().expect("a number")
}

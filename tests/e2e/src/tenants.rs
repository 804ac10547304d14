//! Shops come and go beside each other: none takes what is another's, and none is left half.

mod applied;
mod claims;
mod lost;
mod removed;
mod sleep;

use quoin_core::Digest;
use quoin_harness::{Host, Reply, Value, bundle, json};

/// Gives the host this bundle; what it is called in a stored shop.
fn uploaded(host: &Host, name: &str) -> Digest {
    let bundle = bundle(name);
    host.upload(&bundle).ok();
    Digest::of(&bundle)
}

/// A shop with these domains and plugins, as the admin API takes it.
fn put(host: &Host, name: &str, domains: &[&str], plugins: &[(&str, &Digest)]) -> Reply {
    let plugin = |(name, bundle): &(&str, &Digest)| {
        let limits = json!({ "deadline-ms": 3_000 });
        let plugin = json!({ "bundle": bundle, "grants": ["sql", "log"], "limits": limits });
        ((*name).to_owned(), plugin)
    };
    let plugins: Value = plugins.iter().map(plugin).collect();
    let shop = json!({ "name": name, "domains": domains, "plugins": plugins });
    host.manage("PUT", &format!("/v1/tenants/{name}/shop"), shop)
}

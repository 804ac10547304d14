//! What the document describes one by one.

use quoin_core::Manifest;
use quoin_core::manifest::{Access, Route};
use quoin_core::types::Function;
use quoin_supervisor::{RouteEntry, Source};

/// A route and what stands behind it.
pub struct Operation<'a> {
    /// The installation.
    pub plugin: &'a str,
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// The route.
    pub route: &'a Route,
    /// The interface, with version.
    pub interface: &'a str,
    /// The function.
    pub function: &'a Function,
    /// Where each parameter comes from.
    pub sources: &'a [Source],
}

impl<'a> Operation<'a> {
    /// The operation of an entry of the route table.
    pub fn of(entry: &'a RouteEntry) -> Operation<'a> {
        Operation {
            plugin: entry.node.generation.installed.name.as_str(),
            manifest: entry.manifest(),
            route: &entry.route,
            interface: &entry.interface,
            function: &entry.function,
            sources: &entry.sources,
        }
    }

    /// Whether the host keeps its answers for requests with an idempotency key.
    pub fn takes_effect_once(&self) -> bool {
        let takes_it =
            |source: &Source| matches!(source, Source::Header(name) if name == "idempotency-key");
        let reads = self.manifest.is_read(self.interface, &self.function.name);
        !reads && !self.sources.iter().any(takes_it)
    }

    /// Whether its answers have an ETag: it reads, and what anybody may see.
    pub fn has_tag(&self) -> bool {
        let reads = self.manifest.is_read(self.interface, &self.function.name);
        reads && self.route.access == Access::Public && self.route.route.method == "GET"
    }
}

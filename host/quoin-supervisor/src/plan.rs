//! What a change would do to a shop, in words.

use quoin_core::Name;
use quoin_core::shop::{Installation, StoredShop};
use serde::Serialize;

use crate::binding::Plugins;

/// What a change does to a shop. Without changes, there is nothing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The tenant.
    pub tenant: Name,
    /// Its current revision; 0 when it is new.
    pub revision: u64,
    /// The changes.
    pub changes: Vec<Change>,
}

/// One change to a shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What is done.
    pub kind: Kind,
    /// To what, e.g. `plugin library`.
    pub what: String,
    /// How.
    pub detail: String,
}

/// What is done to a part of a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is new.
    Add,
    /// It stays and becomes different.
    Change,
    /// It goes; the data of a plugin stays on disk.
    Remove,
}

/// The outcome of a change.
#[derive(Debug, Clone, Serialize)]
pub struct Applied {
    /// What was changed.
    pub changes: Vec<Change>,
    /// The tenant.
    pub tenant: Name,
    /// The revision that is current now.
    pub revision: u64,
}

/// The difference between the shop as it is and as it should be.
pub(crate) fn difference(
    current: Option<(&StoredShop, &Plugins)>,
    wanted: &StoredShop,
    plugins: &Plugins,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut change =
        |kind, what: String, detail: String| changes.push(Change { kind, what, detail });
    let empty = (Default::default(), Default::default(), Plugins::new());
    let (domains, installations, versions) = match current {
        Some((shop, plugins)) => (&shop.domains, &shop.plugins, plugins),
        None => (&empty.0, &empty.1, &empty.2),
    };
    if current.is_none() {
        change(Kind::Add, format!("shop {}", wanted.name), String::new());
    }
    for domain in wanted.domains.difference(domains) {
        change(Kind::Add, format!("domain {domain}"), String::new());
    }
    for domain in domains.difference(&wanted.domains) {
        change(Kind::Remove, format!("domain {domain}"), String::new());
    }
    for (name, installation) in &wanted.plugins {
        let what = format!("plugin {name}");
        match installations.get(name) {
            None => change(Kind::Add, what, describe(name, installation, plugins)),
            Some(old) if old == installation => {}
            Some(old) => {
                let detail = changed(name, old, versions, installation, plugins);
                change(Kind::Change, what, detail);
            }
        }
    }
    for name in installations.keys().filter(|n| !wanted.plugins.contains_key(*n)) {
        let detail = "its data stays on disk".to_owned();
        change(Kind::Remove, format!("plugin {name}"), detail);
    }
    changes
}

type Stored = Installation<quoin_core::Digest>;

fn describe(name: &Name, installation: &Stored, plugins: &Plugins) -> String {
    let short = installation.bundle.short();
    match plugins.get(name) {
        Some(d) => format!("{} {} ({short})", d.manifest.name, d.manifest.version),
        None => short.to_owned(),
    }
}

fn changed(name: &Name, old: &Stored, before: &Plugins, new: &Stored, after: &Plugins) -> String {
    let mut parts = Vec::new();
    if old.bundle != new.bundle {
        let (from, to) = (describe(name, old, before), describe(name, new, after));
        parts.push(format!("{from} → {to}"));
    }
    for grant in new.grants.difference(&old.grants) {
        parts.push(format!("may now {}", grant.meaning()));
    }
    for grant in old.grants.difference(&new.grants) {
        parts.push(format!("may no longer {}", grant.meaning()));
    }
    for (key, value) in &new.config {
        if old.config.get(key) != Some(value) {
            parts.push(format!("{key} = {value}"));
        }
    }
    for key in old.config.keys().filter(|k| !new.config.contains_key(*k)) {
        parts.push(format!("{key} back to its default"));
    }
    if old.bind != new.bind {
        parts.push("other bindings".into());
    }
    if old.limits != new.limits {
        parts.push("other limits".into());
    }
    parts.join("; ")
}

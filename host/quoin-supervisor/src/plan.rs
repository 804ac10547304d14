//! What a change would do to a shop, in words.

use std::collections::BTreeSet;

use quoin_core::Name;
use quoin_core::manifest::{Kind as LaterKind, Relay};
use quoin_core::shop::{Installation, StoredShop};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::binding::Plugins;
use crate::bundle_change::{BundleChange, RouteOf, routes};
use crate::databases::Migrations;
use crate::feed::{beyond, unheard};
use crate::shadow::{Shadow, shadows};

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
    /// For an installation that gets another bundle: what that changes for the shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleChange>,
    /// For an installation that comes or goes: its routes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteOf>,
    /// Requests that go to another plugin than they would if only one of the two were there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shadows: Vec<Shadow>,
    /// What an installation may hear of, and no plugin of the shop calls later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unheard: Vec<Unheard>,
}

/// A kind of later calls that a plugin may hear of, and that nobody makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unheard {
    /// The installation.
    pub plugin: Name,
    /// An interface, or a function of it.
    pub kind: LaterKind,
}

impl Change {
    /// A change without detail.
    pub(crate) fn of(kind: Kind, what: String) -> Change {
        Change {
            kind,
            what,
            detail: String::new(),
            bundle: None,
            routes: Vec::new(),
            shadows: Vec::new(),
            unheard: Vec::new(),
        }
    }
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
    let empty = (Default::default(), Default::default(), Plugins::new());
    let (domains, installations, versions) = match current {
        Some((shop, plugins)) => (&shop.domains, &shop.plugins, plugins),
        None => (&empty.0, &empty.1, &empty.2),
    };
    if current.is_none() {
        changes.push(Change::of(Kind::Add, format!("shop {}", wanted.name)));
    }
    for domain in wanted.domains.difference(domains) {
        changes.push(Change::of(Kind::Add, format!("domain {domain}")));
    }
    for domain in domains.difference(&wanted.domains) {
        changes.push(Change::of(Kind::Remove, format!("domain {domain}")));
    }
    for (name, installation) in &wanted.plugins {
        let what = format!("plugin {name}");
        match installations.get(name) {
            None => changes.push(Change {
                detail: describe(name, installation, plugins),
                routes: plugins.get(name).map(|d| routes(d)).unwrap_or_default(),
                ..Change::of(Kind::Add, what)
            }),
            Some(old) if old == installation => {}
            Some(old) => {
                let detail = changed(name, old, versions, installation, plugins);
                let both = versions.get(name).zip(plugins.get(name));
                let bundle = both.filter(|_| old.bundle != installation.bundle);
                let bundle = bundle.map(|(from, to)| BundleChange::new(name, from, to));
                changes.push(Change { detail, bundle, ..Change::of(Kind::Change, what) });
            }
        }
    }
    for name in installations.keys().filter(|n| !wanted.plugins.contains_key(*n)) {
        changes.push(Change {
            detail: "its data stays on disk".into(),
            routes: versions.get(name).map(|d| routes(d)).unwrap_or_default(),
            ..Change::of(Kind::Remove, format!("plugin {name}"))
        });
    }
    let known = shadows(versions);
    let new = shadows(plugins).into_iter().filter(|shadow| !known.contains(shadow));
    tell_shadows(&mut changes, new);
    let known = current.map(|(shop, plugins)| unheard(shop, plugins)).unwrap_or_default();
    let new = unheard(wanted, plugins).into_iter().filter(|silent| !known.contains(silent));
    for (plugin, kind) in new {
        if let Some(change) = of_either(&mut changes, &plugin, None) {
            change.unheard.push(Unheard { plugin, kind });
        }
    }
    changes
}

/// The change of a plugin, or else of the other, or else the last one.
fn of_either<'a>(
    changes: &'a mut [Change],
    plugin: &Name,
    other: Option<&Name>,
) -> Option<&'a mut Change> {
    let of = |plugin: &Name| {
        let what = format!("plugin {plugin}");
        changes.iter().position(|change| change.what == what)
    };
    let at = of(plugin).or_else(|| of(other?)).or_else(|| changes.len().checked_sub(1))?;
    changes.get_mut(at)
}

/// Says which requests change hands with the change of the plugin that gets them, or else of the other.
fn tell_shadows(changes: &mut [Change], shadows: impl Iterator<Item = Shadow>) {
    for shadow in shadows {
        if let Some(change) = of_either(changes, &shadow.plugin, Some(&shadow.of)) {
            change.shadows.push(shadow);
        }
    }
}

/// Says with each change of a bundle which migrations it makes.
pub(crate) fn tell_migrations(changes: &mut [Change], mut migrations: Migrations) {
    for bundle in changes.iter_mut().filter_map(|c| c.bundle.as_mut()) {
        bundle.migrations = migrations.remove(&bundle.installation).unwrap_or_default();
    }
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
    for (word, http) in
        [("now", new.http.beyond(&old.http)), ("no longer", old.http.beyond(&new.http))]
    {
        parts.extend(http.meanings().into_iter().map(|meaning| format!("may {word} {meaning}")));
    }
    if old.mail != new.mail {
        let told = |word: &str, relay: &Option<Relay>| {
            relay.as_ref().map(|relay| format!("may {word} {}", relay.meaning()))
        };
        parts.extend(told("now", &new.mail).into_iter().chain(told("no longer", &old.mail)));
    }
    for (word, feed) in [("now", (&new.feed, &old.feed)), ("no longer", (&old.feed, &new.feed))] {
        parts.extend(beyond(feed.0, feed.1).map(|kind| format!("may {word} {}", kind.meaning())));
    }
    let mut compare = |what: &str, old: Json, new: Json, absent: &str| {
        let (Json::Object(old), Json::Object(new)) = (old, new) else { return };
        let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        for key in keys.into_iter().filter(|key| old.get(*key) != new.get(*key)) {
            let text = |value: Option<&Json>| value.map_or(absent.into(), setting);
            parts.push(format!("{what}{key}: {} → {}", text(old.get(key)), text(new.get(key))));
        }
    };
    compare("", json!(old.config), json!(new.config), "its default");
    compare("bind ", json!(old.bind), json!(new.bind), "whoever provides it");
    compare("limit ", json!(old.limits), json!(new.limits), "the plugin's own");
    parts.join("; ")
}

/// A setting as a shop's owner reads it: the text of a string, anything else as JSON.
fn setting(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

//! Which plugins of a shop hear of which later calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quoin_core::manifest::{Bind, FEED, Kind};
use quoin_core::shop::{Installation, StoredShop};
use quoin_core::{Description, Digest, Name};
use quoin_runtime::Feed;

/// Whether an interface, named with version, is how plugins hear of later calls.
pub(crate) fn is_feed(interface: &str) -> bool {
    interface.split('@').next() == Some(FEED)
}

/// Who hears of what.
pub(crate) fn feeds(shop: &StoredShop) -> Vec<Feed> {
    let hears = shop.plugins.iter().filter(|(_, installation)| !installation.feed.is_empty());
    hears
        .map(|(plugin, installation)| Feed {
            plugin: plugin.clone(),
            kinds: installation.feed.iter().cloned().collect(),
        })
        .collect()
}

/// What the plugin wants to hear of and may not, or may and cannot; `place` tells where its grant belongs.
pub(crate) fn fault(
    name: &Name,
    installation: &Installation<Digest>,
    description: &Description,
    place: &str,
) -> Option<String> {
    let granted = &installation.feed;
    if !granted.is_empty() && !description.exports.iter().any(|e| is_feed(&e.name)) {
        return Some(format!(
            "{name}: the plugin does not hear of later calls; take feed out of [plugins.{name}] in the \
             shop file, and apply it"
        ));
    }
    let asked = &description.manifest.feed;
    let missing: Vec<_> = beyond(asked, granted).map(Kind::meaning).collect();
    if missing.is_empty() {
        return None;
    }
    let all: BTreeSet<&Kind> = asked.union(granted).collect();
    let all: Vec<_> = all.into_iter().map(|kind| format!("\"{kind}\"")).collect();
    Some(format!(
        "{name} wants to {}, and has no grant for it; if it may, write feed = [{}] {place}",
        missing.join(", and to "),
        all.join(", ")
    ))
}

/// The kinds that are in this set and in nothing of the other.
pub(crate) fn beyond<'a>(
    these: &'a BTreeSet<Kind>,
    those: &'a BTreeSet<Kind>,
) -> impl Iterator<Item = &'a Kind> {
    these.iter().filter(|kind| !those.iter().any(|other| other.contains(kind)))
}

/// Plugins, and kinds of later calls that they may hear of and that no plugin of the shop makes.
pub(crate) fn unheard(
    shop: &StoredShop,
    plugins: &BTreeMap<Name, Arc<Description>>,
) -> Vec<(Name, Kind)> {
    let made = |kind: &Kind| plugins.values().any(|description| makes(description, kind));
    let of = |(plugin, installation): (&Name, &Installation<Digest>)| {
        let silent = installation.feed.iter().filter(|kind| !made(kind));
        silent.map(|kind| (plugin.clone(), kind.clone())).collect::<Vec<_>>()
    };
    shop.plugins.iter().flat_map(of).collect()
}

/// Whether a plugin makes later calls of this kind.
fn makes(description: &Arc<Description>, kind: &Kind) -> bool {
    let mut needs = description.manifest.needs.iter().filter(|need| need.bind == Bind::Later);
    needs.any(|need| {
        let import = description.import(need.interface.as_str());
        let has = |function| import.is_some_and(|import| import.function(function).is_some());
        need.interface.path() == kind.interface() && kind.function().is_none_or(has)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(list: &[&str]) -> BTreeSet<Kind> {
        list.iter().map(|kind| kind.parse().unwrap()).collect()
    }

    #[test]
    fn what_an_interface_grants_needs_no_grant_for_its_functions() {
        let asked = kinds(&["a:b/c#d", "a:b/c#e", "a:b/f"]);
        let left = |granted: &[&str]| {
            let granted = kinds(granted);
            beyond(&asked, &granted).map(Kind::to_string).collect::<Vec<_>>()
        };
        assert_eq!(left(&["a:b/c"]), ["a:b/f"]);
        assert_eq!(left(&["a:b/c#d", "a:b/f#g"]), ["a:b/c#e", "a:b/f"]);
        assert!(left(&["a:b/c", "a:b/f"]).is_empty());
    }
}

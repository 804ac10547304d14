//! Who serves whom: the bindings of a shop, worked out from what its plugins provide and need.
//!
//! Nothing runs here: descriptions in, bindings or refusals out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use quoin_core::limits::{ALL_PROVIDERS_MAX, CONFIG_BYTES_MAX};
use quoin_core::manifest::{Bind, HostInterface, InterfaceName, Need, OnFailure, Relay};
use quoin_core::shop::{Installation, Providers, StoredShop};
use quoin_core::types::function_difference;
use quoin_core::{Description, Digest, Name};

use crate::feed;

/// The plugins of a shop by installation.
pub(crate) type Plugins = BTreeMap<Name, Arc<Description>>;

/// How a shop is wired.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// The installations, providers before the ones that need them.
    pub order: Vec<Name>,
    /// For each installation, who serves each needed interface, by its imported name.
    pub bindings: HashMap<Name, BTreeMap<String, Bound>>,
}

/// A provider: the installation and the interface that it exports.
pub(crate) type Served = (Name, String);

/// Whether installations of this bundle keep data.
pub(crate) fn keeps_data(description: &Description) -> bool {
    description.manifest.host.contains(&HostInterface::Sql)
}

/// Whether installations of this bundle need the shop's database: for their data, or for their later calls.
pub(crate) fn uses_database(description: &Description) -> bool {
    let calls_later = || description.manifest.needs.iter().any(|need| need.bind == Bind::Later);
    reaches_database(description) || calls_later()
}

/// Whether calls of the plugin themselves use the shop's database.
pub(crate) fn reaches_database(description: &Description) -> bool {
    keeps_data(description) || description.manifest.host.contains(&HostInterface::Files)
}

/// Who serves a needed interface.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    One(Served),
    All {
        providers: Vec<Served>,
        deadline_ms: u32,
        on_failure: OnFailure,
    },
    Keyed(BTreeMap<String, Served>),
    /// All of these, after the request.
    Later(Vec<Served>),
}

impl Bound {
    fn providers(&self) -> Vec<&Served> {
        match self {
            Bound::One(served) => vec![served],
            Bound::All { providers, .. } => providers.iter().collect(),
            Bound::Keyed(providers) => providers.values().collect(),
            Bound::Later(providers) => providers.iter().collect(),
        }
    }

    /// Those that are called while their caller runs.
    fn called_at_once(&self) -> Vec<&Served> {
        match self {
            Bound::Later(_) => Vec::new(),
            _ => self.providers(),
        }
    }
}

/// Works out the wiring of `shop`.
///
/// # Errors
/// One sentence for each fault: a missing or ambiguous provider, a type that differs, a cycle, a
/// grant that is not given, a configuration key that is unknown or missing, a limit.
pub(crate) fn resolve(shop: &StoredShop, plugins: &Plugins) -> Result<Resolved, Vec<String>> {
    let mut faults: Vec<String> = shop.fault().into_iter().collect();
    let mut bindings: HashMap<Name, BTreeMap<String, Bound>> = HashMap::new();
    for (name, installation) in &shop.plugins {
        let Some(description) = plugins.get(name) else {
            faults.push(format!("{name}: the host has no bundle {}", installation.bundle));
            continue;
        };
        settings(name, installation, description, &mut faults);
        let bound = bindings.entry(name.clone()).or_default();
        for need in &description.manifest.needs {
            match bind(name, installation, need, plugins) {
                Ok(binding) => {
                    contract(name, description, need, &binding, plugins, &mut faults);
                    bound.insert(need.interface.to_string(), binding);
                }
                Err(fault) => faults.push(fault),
            }
        }
        for key in installation.bind.keys() {
            let known = |n: &Need| n.interface.as_str() == key || n.interface.path() == key;
            if !description.manifest.needs.iter().any(known) {
                let needs = description.manifest.needs.iter();
                let needs = listed(needs.map(|n| n.interface.as_str()));
                faults.push(format!(
                    "{name}: bind names {key}, which the plugin does not need; it needs {needs}"
                ));
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    match order(&bindings) {
        Ok(order) => Ok(Resolved { order, bindings }),
        Err(cycle) => {
            let path: Vec<_> = cycle.iter().map(Name::as_str).collect();
            Err(vec![format!("the plugins need each other in a circle: {}", path.join(" → "))])
        }
    }
}

fn settings(
    name: &Name,
    installation: &Installation<Digest>,
    description: &Description,
    faults: &mut Vec<String>,
) {
    let manifest = &description.manifest;
    let imported = description.imports.iter().filter_map(|i| HostInterface::of_import(&i.name));
    // There is nothing to import for cookies.
    let cookies = manifest.host.iter().copied().filter(|h| *h == HostInterface::Cookies);
    let asked: BTreeSet<HostInterface> = imported.chain(cookies).collect();
    let missing: Vec<_> = asked.difference(&installation.grants).map(|g| g.meaning()).collect();
    if !missing.is_empty() {
        let all: Vec<_> = asked.iter().map(|g| format!("\"{g}\"")).collect();
        faults.push(format!(
            "{name} wants to {}, and has no grant for it; if it may, write grants = [{}] {}",
            missing.join(", and to "),
            all.join(", "),
            place(name)
        ));
    }
    faults.extend(http(name, installation, description));
    faults.extend(feed::fault(name, installation, description, &place(name)));
    // An installation's tables are named after it, so that everybody can tell whose they are.
    let owner = manifest.tables.as_ref().unwrap_or(&manifest.name);
    if keeps_data(description) && owner != name {
        faults.push(format!(
            "{name}: the plugin keeps its data in the tables of {owner}, so it can only be installed as \
             {owner}: write [plugins.{owner}] instead of [plugins.{name}]"
        ));
    }
    for key in installation.config.keys() {
        if !manifest.config.iter().any(|c| c.key == *key) {
            let known = listed(manifest.config.iter().map(|c| c.key.as_str()));
            faults.push(format!(
                "{name}: the plugin knows no configuration key {key}; it knows {known}"
            ));
        }
    }
    for key in &manifest.config {
        if key.default.is_none() && !installation.config.contains_key(&key.key) {
            let (key, what) = (&key.key, &key.description);
            faults.push(format!("{name}: the configuration key {key} must be set ({what})"));
        }
    }
    let bytes: usize = installation.config.iter().map(|(k, v)| k.len() + v.len()).sum();
    if bytes > CONFIG_BYTES_MAX {
        faults.push(format!("{name}: the configuration is larger than {CONFIG_BYTES_MAX} bytes"));
    }
    if let Some(fault) = installation.limits.apply(manifest.limits).fault() {
        faults.push(format!("{name}: {fault}"));
    }
}

/// What the plugin wants to send to other systems and may not.
fn http(
    name: &Name,
    installation: &Installation<Digest>,
    description: &Description,
) -> Option<String> {
    if let Some(fault) = installation.http.fault() {
        return Some(format!("{name}: http: {fault}"));
    }
    if let Some(fault) = installation.mail.as_ref().and_then(Relay::fault) {
        return Some(format!("{name}: mail: {fault}"));
    }
    let asked = &description.manifest.http;
    let missing = asked.beyond(&installation.http).meanings();
    if missing.is_empty() {
        return None;
    }
    Some(format!(
        "{name} wants to {}, and has no grant for it; if it may, write http = {} {}",
        missing.join(", to "),
        installation.http.and(asked).written(),
        place(name)
    ))
}

/// Where a line about an installation belongs, and what to do then.
fn place(name: &Name) -> String {
    format!("under [plugins.{name}] in the shop file, and apply it")
}

/// Names in a sentence.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn bind(
    name: &Name,
    installation: &Installation<Digest>,
    need: &Need,
    plugins: &Plugins,
) -> Result<Bound, String> {
    let interface = &need.interface;
    let served = |provider: &Name| -> Result<Served, String> {
        let description = plugins.get(provider).ok_or_else(|| {
            format!("{name}: bind names {provider} for {interface}; the shop has no such plugin")
        })?;
        let export = description.manifest.provides.iter().find(|p| serves(p, interface));
        let export = export.ok_or_else(|| {
            format!("{name}: bind names {provider} for {interface}, which it does not provide")
        })?;
        Ok((provider.clone(), export.to_string()))
    };
    let stated = (installation.bind.get(interface.as_str()))
        .or_else(|| installation.bind.get(interface.path()));
    let candidates = || {
        let able = |(_, d): &(&Name, &Arc<Description>)| {
            d.manifest.provides.iter().any(|p| serves(p, interface))
        };
        plugins.iter().filter(able).map(|(n, _)| n.clone()).collect::<Vec<_>>()
    };
    let ambiguous = |names: &[Name], example: String| {
        let names: Vec<_> = names.iter().map(Name::as_str).collect();
        let path = interface.path();
        let names = names.join(", ");
        format!(
            "{name} needs {interface}, which {names} provide; write \
             bind = {{ \"{path}\" = {example} }} {}",
            place(name)
        )
    };
    match (need.bind, stated) {
        (Bind::One, Some(Providers::One(provider))) => Ok(Bound::One(served(provider)?)),
        (Bind::One, None) => match candidates().as_slice() {
            [] => Err(format!(
                "{name} needs {interface}, and no plugin of the shop provides it; add one that does"
            )),
            [only] => Ok(Bound::One(served(only)?)),
            many => Err(ambiguous(many, format!("\"{}\"", many[0]))),
        },
        (Bind::All, Some(Providers::All(names))) => all(need, names, served),
        (Bind::All, None) => match candidates().as_slice() {
            names @ ([] | [_]) => all(need, names, served),
            many => {
                let list: Vec<_> = many.iter().map(|n| format!("\"{n}\"")).collect();
                Err(ambiguous(many, format!("[{}]", list.join(", "))))
            }
        },
        (Bind::Keyed, Some(Providers::Keyed(names))) => {
            let one = |(key, provider): (&String, &Name)| Ok((key.clone(), served(provider)?));
            names.iter().map(one).collect::<Result<_, String>>().map(Bound::Keyed)
        }
        (Bind::Keyed, None) => {
            let one = |provider: Name| Ok((provider.to_string(), served(&provider)?));
            candidates().into_iter().map(one).collect::<Result<_, String>>().map(Bound::Keyed)
        }
        (Bind::Later, None) => later(need, &candidates(), served),
        (Bind::Later, Some(Providers::All(names))) => later(need, names, served),
        (Bind::Later, Some(_)) => Err(format!(
            "{name}: {interface} is called later, of all that provide it; list those that are to be called"
        )),
        (Bind::One, Some(_)) => {
            Err(format!("{name}: {interface} is bound to one provider; name one"))
        }
        (Bind::All, Some(_)) => {
            Err(format!("{name}: {interface} is bound to all providers; list them in their order"))
        }
        (Bind::Keyed, Some(_)) => {
            Err(format!("{name}: {interface} is bound by key; write {{ key = \"plugin\" }}"))
        }
    }
}

fn all(
    need: &Need,
    names: &[Name],
    served: impl Fn(&Name) -> Result<Served, String>,
) -> Result<Bound, String> {
    if names.len() > ALL_PROVIDERS_MAX {
        return Err(format!("{} has more than {ALL_PROVIDERS_MAX} providers", need.interface));
    }
    let providers = names.iter().map(served).collect::<Result<_, _>>()?;
    // The manifest of an `all` need states both.
    let deadline_ms = need.deadline_ms.unwrap_or(1);
    let on_failure = need.on_failure.unwrap_or(OnFailure::Fail);
    Ok(Bound::All { providers, deadline_ms, on_failure })
}

fn later(
    need: &Need,
    names: &[Name],
    served: impl Fn(&Name) -> Result<Served, String>,
) -> Result<Bound, String> {
    if names.len() > ALL_PROVIDERS_MAX {
        return Err(format!("{} has more than {ALL_PROVIDERS_MAX} providers", need.interface));
    }
    names.iter().map(served).collect::<Result<_, _>>().map(Bound::Later)
}

/// Whether a provided interface may stand in for a needed one: the same path, and a version that
/// semver calls compatible. The types are compared besides.
pub(crate) fn serves(provided: &InterfaceName, needed: &InterfaceName) -> bool {
    if provided.path() != needed.path() {
        return false;
    }
    let parts = |name: &InterfaceName| -> Vec<u64> {
        let version = name.as_str().split('@').nth(1).unwrap_or_default();
        let core = version.split(['-', '+']).next().unwrap_or_default();
        core.split('.').map(|n| n.parse().unwrap_or(0)).collect()
    };
    match (parts(provided).as_slice(), parts(needed).as_slice()) {
        _ if provided == needed => true,
        ([0, p, pp], [0, n, np]) => p == n && *p > 0 && pp >= np,
        ([p, rest_p @ ..], [n, rest_n @ ..]) => p == n && *p > 0 && rest_p >= rest_n,
        _ => false,
    }
}

fn contract(
    name: &Name,
    consumer: &Description,
    need: &Need,
    binding: &Bound,
    plugins: &Plugins,
    faults: &mut Vec<String>,
) {
    let Some(import) = consumer.import(need.interface.as_str()) else { return };
    for (provider, interface) in binding.providers() {
        let description = plugins.get(provider);
        let export = description.and_then(|d| d.export(interface));
        for function in &import.functions {
            let difference = match export.and_then(|e| e.function(&function.name)) {
                None => Some("the provider does not have it".to_owned()),
                Some(_)
                    if need.bind == Bind::Later
                        && description
                            .is_some_and(|d| d.manifest.is_read(interface, &function.name)) =>
                {
                    Some("what is called later has to write, and it is declared to read".to_owned())
                }
                Some(provided) => function_difference(provided, function),
            };
            if let Some(difference) = difference {
                faults.push(format!(
                    "{name} needs {}, provided by {provider}: {}: {difference}",
                    need.interface, function.name
                ));
            }
        }
    }
}

/// Providers first. On a cycle, the installations on it.
fn order(bindings: &HashMap<Name, BTreeMap<String, Bound>>) -> Result<Vec<Name>, Vec<Name>> {
    fn visit(
        name: &Name,
        bindings: &HashMap<Name, BTreeMap<String, Bound>>,
        path: &mut Vec<Name>,
        done: &mut Vec<Name>,
    ) -> Result<(), Vec<Name>> {
        if done.contains(name) {
            return Ok(());
        }
        if let Some(start) = path.iter().position(|n| n == name) {
            let mut cycle = path.split_off(start);
            cycle.push(name.clone());
            return Err(cycle);
        }
        path.push(name.clone());
        for bound in bindings.get(name).into_iter().flat_map(BTreeMap::values) {
            for (provider, _) in bound.called_at_once() {
                visit(provider, bindings, path, done)?;
            }
        }
        path.pop();
        done.push(name.clone());
        Ok(())
    }
    let mut done = Vec::new();
    let mut names: Vec<_> = bindings.keys().collect();
    names.sort();
    for name in names {
        visit(name, bindings, &mut Vec::new(), &mut done)?;
    }
    Ok(done)
}

#[cfg(test)]
mod tests;

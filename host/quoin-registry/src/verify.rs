//! Whether the manifest and the component say the same.

use std::collections::BTreeSet;

use quoin_core::manifest::{Bind, FEED, FEED_FUNCTION, HostInterface, Need};
use quoin_core::types::Field;
use quoin_core::{Description, Function, Interface, Manifest, Type};

use crate::BundleError;
use crate::component::is_of_host;
use crate::function::find;
use crate::route;

const WEB: &str = "quoin:plugin/web";

pub(crate) fn verify(description: &Description) -> Result<(), BundleError> {
    let manifest = &description.manifest;
    stated_once(manifest)?;
    exports(description)?;
    imports(description)?;
    host(description)?;
    if !description.migrations.is_empty() && !manifest.host.contains(&HostInterface::Sql) {
        return Err(BundleError::MigrationsWithoutSql);
    }
    for read in &manifest.reads {
        find(description, "reads", read)?;
    }
    route::verify(description)?;
    errors(description)
}

fn stated_once(manifest: &Manifest) -> Result<(), BundleError> {
    let provides = manifest.provides.iter().map(|i| format!("that it provides {i}"));
    let host = manifest.host.iter().map(|h| format!("that it asks for \"{h}\""));
    let reads = manifest.reads.iter().map(|r| format!("that {r} only reads"));
    let config = manifest.config.iter().map(|c| format!("the configuration key {:?}", c.key));
    let mut seen = BTreeSet::new();
    for said in provides.chain(host).chain(reads).chain(config) {
        if !seen.insert(said.clone()) {
            return Err(BundleError::Twice(said));
        }
    }
    Ok(())
}

fn exports(description: &Description) -> Result<(), BundleError> {
    let manifest = &description.manifest;
    for name in &manifest.provides {
        if description.export(name.as_str()).is_none() {
            return Err(BundleError::NotExported(name.to_string()));
        }
    }
    let (mut web, mut feed) = (None, None);
    for interface in &description.exports {
        interface.functions.iter().try_for_each(|f| can_cross(interface, f))?;
        let path = path(&interface.name);
        if path == WEB {
            web = Some(interface);
        } else if path == FEED {
            if !hears(interface) {
                return Err(BundleError::StrangeFeed(interface.name.clone()));
            }
            feed = Some(interface);
        } else if path.starts_with("quoin:plugin/") {
            return Err(BundleError::UnknownPluginInterface(interface.name.clone()));
        } else if !manifest.provides.iter().any(|p| p.as_str() == interface.name) {
            return Err(BundleError::NotProvided(interface.name.clone()));
        }
    }
    match (web, &manifest.web) {
        (Some(web), None) => return Err(BundleError::WebWithoutPrefix(web.name.clone())),
        (None, Some(_)) => return Err(BundleError::PrefixWithoutWeb),
        _ => {}
    }
    match (feed, manifest.feed.is_empty()) {
        (Some(feed), true) => Err(BundleError::FeedWithoutKinds(feed.name.clone())),
        (None, false) => Err(BundleError::KindsWithoutFeed),
        _ => Ok(()),
    }
}

/// Whether the host can call this as the interface by which plugins hear of later calls: with one record,
/// of whose fields it knows all.
fn hears(feed: &Interface) -> bool {
    let known = |field: &Field| match field.name.as_str() {
        "id" | "kind" | "version" | "params" | "trace" | "behalf" => field.ty == Type::String,
        "occurred-at" => field.ty == Type::U64,
        _ => matches!(field.ty, Type::Option(_)),
    };
    let hear = feed.function(FEED_FUNCTION);
    hear.is_some_and(|hear| match hear.params.as_slice() {
        [event] => {
            let Type::Record { fields, .. } = &event.ty else { return false };
            let nothing = matches!(&hear.result, None | Some(Type::Result { ok: None, .. }));
            event.name == "event" && fields.iter().all(known) && nothing
        }
        _ => false,
    })
}

fn imports(description: &Description) -> Result<(), BundleError> {
    let manifest = &description.manifest;
    for need in &manifest.needs {
        let Some(interface) = description.import(need.interface.as_str()) else {
            return Err(BundleError::NotImported(need.interface.to_string()));
        };
        for function in &interface.functions {
            can_cross(interface, function)?;
            can_bind(need, function)?;
        }
    }
    for interface in description.imports.iter().filter(|i| !is_of_host(&i.name)) {
        if !manifest.needs.iter().any(|n| n.interface.as_str() == interface.name) {
            return Err(BundleError::NotNeeded(interface.name.clone()));
        }
    }
    Ok(())
}

fn host(description: &Description) -> Result<(), BundleError> {
    let asked = &description.manifest.host;
    let mut used = BTreeSet::new();
    if asked.contains(&HostInterface::Cookies) {
        // They are set by responses, without an import.
        if description.manifest.web.is_none() {
            return Err(BundleError::CookiesWithoutWeb);
        }
        used.insert(HostInterface::Cookies);
    }
    for interface in &description.imports {
        match HostInterface::of_import(&interface.name) {
            Some(host) if asked.contains(&host) => {
                used.insert(host);
            }
            Some(host) => {
                return Err(BundleError::NotAsked { import: interface.name.clone(), host });
            }
            None if interface.name.starts_with("quoin:host/") => {
                return Err(BundleError::UnknownHostInterface(interface.name.clone()));
            }
            None => {}
        }
    }
    match asked.iter().find(|host| !used.contains(host)) {
        Some(host) => Err(BundleError::AskedInVain(*host)),
        None => Ok(()),
    }
}

fn can_cross(interface: &Interface, function: &Function) -> Result<(), BundleError> {
    match &function.refused {
        None => Ok(()),
        Some(why) => Err(BundleError::CannotCross {
            interface: interface.name.clone(),
            function: function.name.clone(),
            why: why.clone(),
        }),
    }
}

fn can_bind(need: &Need, function: &Function) -> Result<(), BundleError> {
    let (interface, name) = (need.interface.to_string(), function.name.clone());
    match need.bind {
        Bind::One => Ok(()),
        Bind::All => match &function.result {
            Some(Type::Result { ok: Some(ok), .. }) if matches!(**ok, Type::List(_)) => Ok(()),
            other => Err(BundleError::NoListToJoin {
                interface,
                function: name,
                found: other.as_ref().map_or("nothing".into(), Type::to_string),
            }),
        },
        Bind::Keyed => match function.params.first() {
            Some(key) if key.ty == Type::String => Ok(()),
            _ => Err(BundleError::NoKey { interface, function: name }),
        },
        Bind::Later => match &function.result {
            None | Some(Type::Result { ok: None, .. }) => Ok(()),
            Some(other) => {
                let found = other.to_string();
                Err(BundleError::NobodyWaits { interface, function: name, found })
            }
        },
    }
}

fn errors(description: &Description) -> Result<(), BundleError> {
    let errors =
        (description.exports.iter().flat_map(|i| &i.functions)).filter_map(|f| match &f.result {
            Some(Type::Result { err: Some(err), .. }) => Some(&**err),
            _ => None,
        });
    let known: BTreeSet<&str> = errors
        .flat_map(|err| match err {
            Type::Variant { cases, .. } => cases.iter().map(|c| c.name.as_str()).collect(),
            Type::Enum { cases, .. } => cases.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        })
        .collect();
    match description.manifest.errors.iter().find(|(case, _)| !known.contains(case.as_str())) {
        Some((case, status)) => {
            Err(BundleError::NoSuchErrorCase { case: case.clone(), status: *status })
        }
        None => Ok(()),
    }
}

fn path(interface: &str) -> &str {
    interface.split('@').next().unwrap_or(interface)
}

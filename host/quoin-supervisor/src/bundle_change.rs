//! What another bundle behind an installation changes for its shop.

use std::collections::BTreeSet;

use quoin_core::manifest::{Access, HostInterface, Version};
use quoin_core::{Description, Digest, Name};
use serde::Serialize;

use crate::feed::is_feed;
use crate::routes::is_web;

/// What changes for a shop when an installation runs another bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BundleChange {
    /// The installation.
    pub installation: Name,
    /// What it ran before.
    pub from: BundleVersion,
    /// What it runs then.
    pub to: BundleVersion,
    /// HTTP routes.
    pub routes: Difference<RouteOf>,
    /// Provided functions, as `interface@version#function`.
    pub functions: Difference<String>,
    /// Host interfaces that the plugin asks to be granted.
    pub permissions: Difference<Permission>,
    /// The file names of the migrations that its database does not have yet.
    pub migrations: Vec<String>,
}

/// A bundle that an installation runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BundleVersion {
    /// The plugin's name.
    pub plugin: Name,
    /// Its version.
    pub version: Version,
    /// The bundle's digest.
    pub digest: Digest,
}

/// What goes and what comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference<T> {
    /// There before, and no more.
    pub lost: Vec<T>,
    /// There from now on.
    pub gained: Vec<T>,
}

/// A route, or with the method `*` a prefix of pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteOf {
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// Who may call it.
    pub access: Access,
    /// The function that it calls.
    pub call: String,
}

/// A host interface, or what else is granted, and what it lets a plugin do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// The short name of a host interface, as grants have it, or `feed`.
    pub name: String,
    /// The same in plain words: `may …`.
    pub meaning: String,
}

impl BundleChange {
    /// From one bundle to another; the migrations are only known once the database was asked.
    pub(crate) fn new(installation: &Name, from: &Description, to: &Description) -> BundleChange {
        BundleChange {
            installation: installation.clone(),
            from: BundleVersion::of(from),
            to: BundleVersion::of(to),
            routes: Difference::between(routes(from), routes(to)),
            functions: Difference::between(functions(from), functions(to)),
            permissions: Difference::between(permissions(from), permissions(to)),
            migrations: Vec::new(),
        }
    }
}

impl BundleVersion {
    fn of(description: &Description) -> BundleVersion {
        let (manifest, digest) = (&description.manifest, description.digest.clone());
        BundleVersion { plugin: manifest.name.clone(), version: manifest.version.clone(), digest }
    }
}

impl<T: PartialEq> Difference<T> {
    fn between(before: Vec<T>, after: Vec<T>) -> Difference<T> {
        let (stay, gained): (Vec<T>, Vec<T>) = after.into_iter().partition(|t| before.contains(t));
        let lost = before.into_iter().filter(|t| !stay.contains(t)).collect();
        Difference { lost, gained }
    }

    /// Whether nothing goes and nothing comes.
    pub fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.gained.is_empty()
    }
}

pub(crate) fn routes(description: &Description) -> Vec<RouteOf> {
    let manifest = &description.manifest;
    let routes = manifest.routes.iter().map(|r| RouteOf {
        method: r.route.method.clone(),
        path: r.route.path.clone(),
        access: r.access,
        call: r.call.to_string(),
    });
    let pages = manifest.web.iter().map(|web| RouteOf {
        method: "*".into(),
        path: web.prefix.pattern(),
        access: web.access,
        call: "quoin:plugin/web".into(),
    });
    routes.chain(pages).collect()
}

fn functions(description: &Description) -> Vec<String> {
    let by_host = |interface: &str| is_web(interface) || is_feed(interface);
    let provided = description.exports.iter().filter(|i| !by_host(&i.name));
    provided
        .flat_map(|i| i.functions.iter().map(move |f| format!("{}#{}", i.name, f.name)))
        .collect()
}

fn permissions(description: &Description) -> Vec<Permission> {
    let manifest = &description.manifest;
    let asked: BTreeSet<_> = manifest.host.iter().copied().collect();
    let asked = asked.into_iter().map(|host| (host.as_str(), host.meaning().to_owned()));
    let http = manifest.http.meanings().into_iter();
    let http = http.map(|meaning| (HostInterface::Http.as_str(), meaning));
    let feed = manifest.feed.iter().map(|kind| ("feed", kind.meaning()));
    let all = asked.chain(http).chain(feed);
    all.map(|(name, meaning)| Permission { name: name.to_owned(), meaning }).collect()
}

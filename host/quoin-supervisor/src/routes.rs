//! The routes of a tenant: which function answers a method and a path.

use std::collections::BTreeMap;
use std::sync::Arc;

use quoin_core::Name;
use quoin_core::manifest::{Access, FunctionRef, Given, HostInterface, Manifest, Prefix, Route};
use quoin_core::types::{Field, Function, lower_camel};
use quoin_runtime::Node;

use crate::answers::Keeping;
use crate::overlap::{Overlap, Paths};

/// The routes of a tenant's wiring.
pub struct RouteTable {
    /// By method.
    routers: BTreeMap<String, matchit::Router<Arc<RouteEntry>>>,
    entries: Vec<Arc<RouteEntry>>,
    webs: Vec<WebEntry>,
}

/// A route and the function behind it.
pub struct RouteEntry {
    /// The node that serves it.
    pub node: Arc<Node>,
    /// The route as its manifest states it.
    pub route: Route,
    /// The exported interface, with version.
    pub interface: String,
    /// The function, shared by all shops that run the plugin.
    pub function: Arc<Function>,
    /// Where each parameter comes from, in the function's order.
    pub sources: Vec<Source>,
    /// The function is declared to only read.
    pub reads: bool,
    /// Whether its answers can be kept.
    pub keeping: Keeping,
    /// What answers a client that waits for what its request led to.
    pub wait: Option<Wait>,
}

/// The function that answers a client that waits for what its request led to.
pub struct Wait {
    /// The exported interface, with version.
    pub interface: String,
    /// The function.
    pub function: Arc<Function>,
    /// Where each parameter comes from, in the function's order.
    pub given: Vec<Given>,
}

/// Where a parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The path segment of this name.
    Path(String),
    /// The header of this name, lower case.
    Header(String),
    /// The whole body.
    Body,
    /// A member of the body, which is an object.
    Member,
    /// The query: a parameter of the same name, or for a record one for each of its fields.
    Query,
}

/// A plugin's `web` export on its path prefix.
pub struct WebEntry {
    /// The node that serves it.
    pub node: Arc<Node>,
    /// The prefix.
    pub prefix: Prefix,
    /// Who may call it.
    pub access: Access,
    /// Whether it asks for cookies, and is granted them.
    pub sets_cookies: bool,
    /// The exported interface, with version.
    pub interface: String,
}

/// What answers a request.
pub enum Match<'a> {
    /// A route, with the values of its path parameters, still percent-encoded.
    Route(&'a Arc<RouteEntry>, Vec<(String, String)>),
    /// A web export, with the path below its prefix.
    Web(&'a WebEntry, String),
    /// The path exists, with other methods: these.
    OtherMethods(Vec<String>),
    /// Nothing.
    None,
}

/// Two plugins want the same path.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{plugin}: the route {route} cannot be added: {why}")]
pub struct RouteConflict {
    plugin: Name,
    route: String,
    why: String,
}

impl RouteTable {
    /// The table of a tenant that runs nothing.
    pub fn empty() -> RouteTable {
        RouteTable { routers: BTreeMap::new(), entries: Vec::new(), webs: Vec::new() }
    }

    /// The table of these nodes' routes.
    ///
    /// # Errors
    /// Two plugins want the same paths, and none of them has the more exact route.
    pub fn build<'a>(
        nodes: impl IntoIterator<Item = (&'a Name, &'a Arc<Node>)>,
    ) -> Result<RouteTable, RouteConflict> {
        let (mut entries, mut webs) = (Vec::<Arc<RouteEntry>>::new(), Vec::<WebEntry>::new());
        let mut paths: Paths<'_, Arc<RouteEntry>> = Paths::default();
        for (plugin, node) in nodes {
            let description = &node.generation.program.description;
            for route in &description.manifest.routes {
                let Some(entry) = RouteEntry::new(node, route) else { continue };
                let path = route.route.path.as_str();
                let overlapping = paths.overlapping(path).into_iter();
                let why = overlapping.filter_map(|(other, how)| entry.collides(other, how)).next();
                if let Some(why) = why {
                    return Err(conflict(plugin, &route.route.to_string(), why));
                }
                let entry = Arc::new(entry);
                paths.insert(path, entry.clone());
                entries.push(entry);
            }
            if let Some(web) = &description.manifest.web {
                if let Some(other) = webs.iter().find(|o| collide(&web.prefix, &o.prefix)) {
                    let why = format!(
                        "{} serves pages under {}",
                        other.node.generation.installed.name, other.prefix
                    );
                    return Err(conflict(plugin, web.prefix.as_str(), why));
                }
                let cookies = &HostInterface::Cookies;
                let granted = node.generation.installed.grants.contains(cookies);
                let interface = description.exports.iter().find(|i| is_web(&i.name));
                let Some(interface) = interface else { continue };
                webs.push(WebEntry {
                    node: node.clone(),
                    prefix: web.prefix.clone(),
                    access: web.access,
                    sets_cookies: granted && description.manifest.host.contains(cookies),
                    interface: interface.name.clone(),
                });
            }
        }
        let mut routers: BTreeMap<String, matchit::Router<_>> = BTreeMap::new();
        for entry in &entries {
            let route = &entry.route.route;
            let router = routers.entry(route.method.clone()).or_default();
            router
                .insert(route.path.clone(), entry.clone())
                .map_err(|e| conflict(entry.installation(), &route.to_string(), e.to_string()))?;
        }
        Ok(RouteTable { routers, entries, webs })
    }

    /// What answers this method and path. HEAD is answered as GET. Of two routes that match, the one wins
    /// that has text where the other has a parameter; a route wins over a web prefix, and every other
    /// prefix over `/`.
    pub fn find(&self, method: &str, path: &str) -> Match<'_> {
        let method = if method == "HEAD" { "GET" } else { method };
        if let Some(Ok(found)) = self.routers.get(method).map(|router| router.at(path)) {
            let params = found.params.iter();
            return Match::Route(found.value, params.map(|(k, v)| (k.into(), v.into())).collect());
        }
        let others = self.routers.iter().filter(|(_, router)| router.at(path).is_ok());
        let others: Vec<String> = others.map(|(method, _)| method.clone()).collect();
        if !others.is_empty() {
            return Match::OtherMethods(others);
        }
        let under = self.webs.iter().filter_map(|web| Some((web, web.prefix.below(path)?)));
        match under.min_by_key(|(web, _)| web.prefix.is_all()) {
            Some((web, below)) => Match::Web(web, below.to_owned()),
            None => Match::None,
        }
    }

    /// All routes, by plugin and then in the order of its manifest.
    pub fn entries(&self) -> &[Arc<RouteEntry>] {
        &self.entries
    }

    /// All web prefixes.
    pub fn webs(&self) -> &[WebEntry] {
        &self.webs
    }
}

/// Whether two plugins cannot have these prefixes both: one is under the other, and not as everything is
/// under `/`.
fn collide(a: &Prefix, b: &Prefix) -> bool {
    match (a.is_all(), b.is_all()) {
        (false, false) => a.below(b.as_str()).or(b.below(a.as_str())).is_some(),
        (a, b) => a && b,
    }
}

/// Whether an interface is the plugin `web` interface.
pub fn is_web(interface: &str) -> bool {
    interface.starts_with("quoin:plugin/web@")
}

fn conflict(plugin: &Name, route: &str, why: String) -> RouteConflict {
    RouteConflict { plugin: plugin.clone(), route: route.into(), why }
}

impl RouteEntry {
    fn new(node: &Arc<Node>, route: &Route) -> Option<RouteEntry> {
        let (interface, function) = exported(node, &route.call)?;
        let sources = function.params.iter().map(|p| source(route, p)).collect();
        let manifest = &node.generation.program.description.manifest;
        let reads = manifest.is_read(&interface, &function.name);
        let wait = route.wait.as_ref().and_then(|wait| {
            let (interface, reader) = exported(node, wait)?;
            let given = reader.params.iter().map(|param| Given::of(param, &function));
            let given = given.collect::<Option<Vec<_>>>()?;
            Some(Wait { interface, function: reader, given })
        });
        let (node, route, keeping) = (node.clone(), route.clone(), Keeping::default());
        Some(RouteEntry { node, route, interface, function, sources, reads, keeping, wait })
    }

    /// The installation that serves it.
    fn installation(&self) -> &Name {
        &self.node.generation.installed.name
    }

    /// Why it cannot be there together with another one.
    fn collides(&self, other: &RouteEntry, overlap: Overlap) -> Option<String> {
        let (ours, theirs) = (&self.route.route, &other.route.route);
        let (by, same_method) = (other.installation(), ours.method == theirs.method);
        match overlap {
            Overlap::Same if ours.path != theirs.path => Some(format!(
                "{by} has {theirs}, the same path with another name of a parameter: name it alike"
            )),
            Overlap::Same if same_method => Some(format!("{by} has it already")),
            // Within one plugin its author has both before him.
            Overlap::Ambiguous if same_method && by != self.installation() => Some(format!(
                "some requests would match {theirs} of {by} as well, and neither is the more exact one"
            )),
            _ => None,
        }
    }

    /// The plugin's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.node.generation.program.description.manifest
    }
}

/// The function of a plugin that a manifest names, with its interface.
fn exported(node: &Node, named: &FunctionRef) -> Option<(String, Arc<Function>)> {
    let program = &node.generation.program;
    let interface = program.description.exports.iter().find(|i| named.is_of(&i.name))?;
    let function = program.function(&interface.name, &named.function)?.clone();
    Some((interface.name.clone(), function))
}

fn source(route: &Route, param: &Field) -> Source {
    let named = |name: &str| name == param.name || lower_camel(name) == param.json;
    if let Some(segment) = route.route.path_params().find(|s| named(s)) {
        return Source::Path(segment.to_owned());
    }
    if let Some((header, _)) = route.headers.iter().find(|(_, to)| named(to)) {
        return Source::Header(header.to_ascii_lowercase());
    }
    match &route.body {
        Some(body) if named(body) => Source::Body,
        Some(_) => Source::Query,
        None if matches!(route.route.method.as_str(), "GET" | "DELETE") => Source::Query,
        None => Source::Member,
    }
}

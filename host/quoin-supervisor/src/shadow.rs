//! Routes that take requests from those of other plugins.

use quoin_core::Name;
use serde::Serialize;

use crate::binding::Plugins;
use crate::bundle_change::{RouteOf, routes};
use crate::overlap::{Overlap, Paths};

/// Shadows that are told: nobody reads more, and a plan is one answer.
const SHADOWS_MAX: usize = 500;

/// Requests that go to one plugin, though another one has a route for them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Shadow {
    /// The installation that gets them.
    pub plugin: Name,
    /// Its route, as `GET /things/new`, or `* /pages/*` for its pages.
    pub route: String,
    /// The installation that would get them otherwise.
    pub of: Name,
    /// Its route, as `GET /things/{id}`, or `* /pages/*` for its pages.
    pub shadows: String,
}

/// The shadows in a shop of these plugins, in order, the first [`SHADOWS_MAX`] of them.
pub(crate) fn shadows(plugins: &Plugins) -> Vec<Shadow> {
    let routes = plugins.iter().flat_map(|(name, d)| routes(d).into_iter().map(move |r| (name, r)));
    let routes: Vec<(&Name, RouteOf)> = routes.collect();
    let pages = |route: &RouteOf| route.path.strip_suffix("/*").map(str::to_owned);
    let (webs, routes): (Vec<_>, Vec<_>) = routes.iter().partition(|(_, r)| pages(r).is_some());
    let mut paths = Paths::default();
    for route in &routes {
        paths.insert(&route.1.path, *route);
    }
    let mut found = Vec::new();
    let mut note = |(plugin, route): &(&Name, RouteOf), (of, shadowed): &(&Name, RouteOf)| {
        let text = |route: &RouteOf| format!("{} {}", route.method, route.path);
        if plugin != of {
            let (plugin, of) = ((*plugin).clone(), (*of).clone());
            found.push(Shadow { plugin, route: text(route), of, shadows: text(shadowed) });
        }
    };
    for route in &routes {
        for (other, overlap) in paths.overlapping(&route.1.path) {
            if overlap == Overlap::First && route.1.method == other.1.method {
                note(route, other);
            }
        }
    }
    for web in &webs {
        let prefix = pages(&web.1).unwrap_or_default();
        paths.under(&prefix).into_iter().for_each(|route| note(route, web));
        if prefix.is_empty() {
            webs.iter().for_each(|other| note(other, web));
        }
    }
    // Everything takes requests from whoever serves `/`: what else there is to tell is told first.
    let of_all = |shadow: &Shadow| shadow.shadows.ends_with(" /*");
    found.sort_by(|a, b| of_all(a).cmp(&of_all(b)).then_with(|| a.cmp(b)));
    found.truncate(SHADOWS_MAX);
    found
}

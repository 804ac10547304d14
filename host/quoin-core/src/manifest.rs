//! `plugin.toml`: what a plugin's author states. The host verifies what can be verified against the
//! component itself, and refuses a bundle whose two halves disagree.

mod feed;
mod host_interface;
mod http;
mod mail;
mod name;
mod need;
mod parsed;
mod pattern;
mod route;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

pub use feed::{FEED, FEED_FUNCTION, FEED_VERSIONED, Kind};
pub use host_interface::HostInterface;
pub use http::{HostPattern, HttpGrant, HttpMethod, default_port};
pub use mail::{Relay, RelayTls};
pub use name::{FunctionRef, InterfaceName, Version};
pub use need::{Bind, Need, OnFailure};
pub use pattern::{HOST_PATHS, Prefix, RoutePattern};
pub use route::{Access, ErrorStatus, Given, Route, SuccessStatus, Web};

use crate::limits::{FEED_KINDS_MAX, Limits};
use crate::{Name, visible};

/// A manifest that cannot be used; the text has line, column and what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ManifestError(String);

impl ManifestError {
    pub(crate) fn in_file(file: &str, why: &impl fmt::Display) -> ManifestError {
        ManifestError(format!("{file}: {}", why.to_string().trim_end()))
    }
}

/// The manifest of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// The plugin's name.
    pub name: Name,
    /// Its version, as semver has it.
    pub version: Version,
    /// One line on what it does.
    pub description: String,
    /// The interfaces that it provides to other plugins and routes.
    #[serde(default)]
    pub provides: Vec<InterfaceName>,
    /// The interfaces that it needs from other plugins, and how they are bound.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The host interfaces that it asks to be granted, and what else it asks for.
    #[serde(default)]
    pub host: Vec<HostInterface>,
    /// The hosts, methods and secrets of its requests to other systems that it asks to be granted.
    #[serde(default, skip_serializing_if = "HttpGrant::is_empty")]
    pub http: HttpGrant,
    /// The later calls of the shop that its `quoin:plugin/feed` export asks to hear of.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub feed: BTreeSet<Kind>,
    /// The plugin whose tables it uses, for one that is written to stand in that plugin's place. Its own
    /// unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<Name>,
    /// The provided functions that only read: they run in parallel on snapshots and cannot write.
    #[serde(default)]
    pub reads: Vec<FunctionRef>,
    /// Its HTTP API.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// The path prefix that its `quoin:plugin/web` export serves, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<Web>,
    /// The HTTP status for error cases of its own, by case name. Cases that the host knows
    /// (`not-found`, `invalid`, `conflict`, `denied`, `retryable`, `unavailable`) need no entry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, ErrorStatus>,
    /// The configuration keys that a shop may set.
    #[serde(default)]
    pub config: Vec<ConfigKey>,
    /// How instances are used.
    #[serde(default)]
    pub instance: Instance,
    /// What it needs of the host's resources.
    #[serde(default)]
    pub limits: Limits,
}

/// A configuration key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ConfigKey {
    /// Its name.
    pub key: String,
    /// What it does.
    pub description: String,
    /// Its value where a shop sets none; without one, the shop must set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// How instances are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Instance {
    /// Calls that an instance serves before it is thrown away: 1 is a fresh instance for each call.
    #[serde(default = "one")]
    pub reuse: u32,
}

fn one() -> u32 {
    1
}

impl Default for Instance {
    fn default() -> Instance {
        Instance { reuse: 1 }
    }
}

impl Manifest {
    /// Reads `plugin.toml`.
    ///
    /// # Errors
    /// The text is not TOML, has an unknown, missing or mistyped key, or a value that breaks a rule;
    /// the message has line and column.
    pub fn parse(text: &str) -> Result<Manifest, ManifestError> {
        let manifest: Manifest =
            toml::from_str(text).map_err(|e| ManifestError::in_file("plugin.toml", &e))?;
        match manifest.fault() {
            None => Ok(manifest),
            Some(fault) => Err(ManifestError::in_file("plugin.toml", &fault)),
        }
    }

    fn fault(&self) -> Option<String> {
        if self.instance.reuse == 0 || self.instance.reuse > 10_000 {
            return Some("[instance] reuse must be 1 to 10000".into());
        }
        if self.description.trim().is_empty() || self.description.len() > 300 {
            return Some("description must be 1 to 300 characters".into());
        }
        if let Some(fault) = self.hidden() {
            return Some(fault);
        }
        if let Some(fault) = self.limits.fault() {
            return Some(format!("[limits]: {fault}"));
        }
        if self.tables.is_some() && !self.host.contains(&HostInterface::Sql) {
            return Some(
                "tables names whose tables it uses, but host does not list \"sql\"".into(),
            );
        }
        if let Some(fault) = self.http.fault() {
            return Some(format!("[http]: {fault}"));
        }
        if !self.http.is_empty() && !self.host.contains(&HostInterface::Http) {
            return Some("[http] says what it sends, but host does not list \"http\"".into());
        }
        if self.feed.len() > FEED_KINDS_MAX {
            return Some(format!("feed has more than {FEED_KINDS_MAX} kinds"));
        }
        for (i, need) in self.needs.iter().enumerate() {
            let of_all = need.on_failure.is_some() || need.deadline_ms.is_some();
            if need.bind == Bind::All && (need.on_failure.is_none() || need.deadline_ms.is_none()) {
                return Some(format!(
                    "the need {} is bound to all providers: say on-failure = \"skip\" or \"fail\", and deadline-ms",
                    need.interface
                ));
            }
            if need.bind != Bind::All && of_all {
                return Some(format!(
                    "the need {} is not bound to all providers: leave out on-failure and deadline-ms",
                    need.interface
                ));
            }
            if self.needs.iter().take(i).any(|n| n.interface == need.interface) {
                return Some(format!("the need {} is stated twice", need.interface));
            }
            if need.bind != Bind::Later && self.provides.contains(&need.interface) {
                return Some(format!(
                    "{} is both provided and needed, which only goes with bind = \"later\"",
                    need.interface
                ));
            }
        }
        None
    }

    /// What is wrong if a text for people has characters that they would not see.
    fn hidden(&self) -> Option<String> {
        let of_keys = self.config.iter().flat_map(|c| {
            let default = c.default.iter().map(String::as_str);
            let name = format!("the configuration key {}", visible::line(&c.key));
            [c.key.as_str(), &c.description]
                .into_iter()
                .chain(default)
                .map(move |t| (name.clone(), t))
        });
        let description = ("description".to_owned(), self.description.as_str());
        let (place, hidden) =
            std::iter::once(description).chain(of_keys).find_map(|(place, text)| {
                Some((place, text.chars().find(|c| visible::is_hidden(*c))?))
            })?;
        Some(format!(
            "{place} has the character {}, which nobody sees: leave out line breaks, control \
             characters, zero-width characters and marks of direction",
            hidden.escape_default()
        ))
    }

    /// Whether this function is declared to only read.
    pub fn is_read(&self, interface: &str, function: &str) -> bool {
        self.reads.iter().any(|r| r.function == function && r.is_of(interface))
    }

    /// The HTTP status for an error case that a function of the plugin returned.
    pub fn error_status(&self, case: &str) -> u16 {
        if let Some(stated) = self.errors.get(case) {
            return (*stated).into();
        }
        match case {
            "not-found" => 404,
            "conflict" => 409,
            "denied" => 403,
            "retryable" => 503,
            "unavailable" => 502,
            _ => 422,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
name = "things"
version = "0.1.0"
description = "Things for sale."
provides = ["acme:things/store@0.1.0"]
reads = ["acme:things/store#list"]

[[routes]]
route = "GET /things/{slug}"
call = "acme:things/store#get"
access = "public"
"#;

    fn error(text: &str) -> String {
        Manifest::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_small_manifest_is_read() {
        let manifest = Manifest::parse(SMALL).unwrap();
        assert_eq!(manifest.routes[0].route.path_params().collect::<Vec<_>>(), ["slug"]);
        assert!(manifest.is_read("acme:things/store@0.1.0", "list"));
        assert!(!manifest.is_read("acme:things/store@0.1.0", "get"));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let e = error(&format!("colour = 1\n{SMALL}"));
        assert!(e.contains("line 1") && e.contains("colour"), "{e}");
    }

    #[test]
    fn a_missing_key_is_named() {
        let e = error(&SMALL.replace("version = \"0.1.0\"", ""));
        assert!(e.contains("version"), "{e}");
    }

    #[test]
    fn a_mistyped_value_is_shown_with_its_line() {
        let e = error(&SMALL.replace("\"0.1.0\"", "1"));
        assert!(e.contains("line 3"), "{e}");
        let e = error(&SMALL.replace("GET /things/{slug}", "FETCH /things"));
        assert!(e.contains("line 9") && e.contains("FETCH"), "{e}");
    }

    #[test]
    fn a_description_is_one_line_of_text() {
        for bad in ["", "two\\nlines", "a \\u001a", &"a".repeat(301)] {
            assert!(
                error(&SMALL.replace("Things for sale.", bad)).contains("description"),
                "{bad}"
            );
        }
    }

    #[test]
    fn host_paths_cannot_be_taken() {
        let e = error(&SMALL.replace("/things/{slug}", "/openapi.json"));
        assert!(e.contains("belongs to the host"), "{e}");
    }

    #[test]
    fn an_error_case_has_its_stated_status_or_a_known_one() {
        let stated = "\n[errors]\nworn-out = 409\ndenied = 401\n";
        let manifest = Manifest::parse(&format!("{SMALL}{stated}")).unwrap();
        let status = |case| manifest.error_status(case);
        assert_eq!((status("worn-out"), status("denied")), (409, 401));
        assert_eq!((status("not-found"), status("unavailable")), (404, 502));
        assert_eq!((status("invalid"), status("whatever")), (422, 422));
    }

    #[test]
    fn a_manifest_survives_being_stored_as_json() {
        let manifest = Manifest::parse(SMALL).unwrap();
        let json = serde_json::to_string(&manifest).unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
    }
}

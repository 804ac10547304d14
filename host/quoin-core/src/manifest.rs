//! `plugin.toml`: what a plugin's author states. The host verifies what can be verified against the
//! component itself, and refuses a bundle whose two halves disagree.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Name;
use crate::limits::Limits;

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
    /// The host interfaces that it asks to be granted.
    #[serde(default)]
    pub host: Vec<HostInterface>,
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

/// A need: an interface of another plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Need {
    /// The interface.
    pub interface: InterfaceName,
    /// How many providers serve it, and how they are chosen.
    #[serde(default)]
    pub bind: Bind,
    /// For `all`: what happens when a provider fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
    /// For `all`: the time that each provider has, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u32>,
}

/// How a needed interface is bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bind {
    /// Exactly one provider.
    #[default]
    One,
    /// Every provider in a stated order; their lists are joined.
    All,
    /// The first parameter names the provider.
    Keyed,
}

/// What happens to an `all` call when one provider fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Its part is left out and the failure logged (fail-open).
    Skip,
    /// The call fails (fail-closed).
    Fail,
}

/// A host interface of `quoin:host`, by its short name. A grant is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostInterface {
    /// The installation's own database.
    Sql,
    /// Lines in the shop's log.
    Log,
    /// The installation's configuration.
    Config,
    /// The time of day.
    Clock,
    /// Random bytes.
    Random,
    /// Who calls, for which shop, with how much time left.
    Call,
}

impl HostInterface {
    /// All of them.
    pub const ALL: [HostInterface; 6] = [
        HostInterface::Sql,
        HostInterface::Log,
        HostInterface::Config,
        HostInterface::Clock,
        HostInterface::Random,
        HostInterface::Call,
    ];

    /// The short name, as manifests and shops write it.
    pub fn as_str(self) -> &'static str {
        match self {
            HostInterface::Sql => "sql",
            HostInterface::Log => "log",
            HostInterface::Config => "config",
            HostInterface::Clock => "clock",
            HostInterface::Random => "random",
            HostInterface::Call => "call",
        }
    }

    /// What it lets a plugin do, in plain words.
    pub fn meaning(self) -> &'static str {
        match self {
            HostInterface::Sql => {
                "keep data in a database of its own, which no other plugin can see"
            }
            HostInterface::Log => "write lines to the shop's log",
            HostInterface::Config => "read the configuration that the shop gives it",
            HostInterface::Clock => "read the time of day",
            HostInterface::Random => "get random numbers",
            HostInterface::Call => "see which shop and which kind of caller a call is for",
        }
    }

    /// The interface behind an import such as `quoin:host/sql@0.1.0` or `wasi:clocks/wall-clock@0.2.6`,
    /// if the import needs a grant.
    pub fn of_import(import: &str) -> Option<HostInterface> {
        let name = import.split('@').next().unwrap_or(import);
        if name.starts_with("wasi:clocks/") {
            return Some(HostInterface::Clock);
        }
        if name.starts_with("wasi:random/") {
            return Some(HostInterface::Random);
        }
        let short = name.strip_prefix("quoin:host/")?;
        HostInterface::ALL.into_iter().find(|h| h.as_str() == short)
    }
}

impl fmt::Display for HostInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Anyone.
    Public,
    /// Whoever has an API key of the tenant.
    Admin,
}

/// A route: an HTTP method and path that calls a provided function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Route {
    /// Method and path, e.g. `GET /things/{slug}`. A `{name}` segment binds to the parameter of
    /// that name.
    pub route: RoutePattern,
    /// The function that it calls.
    pub call: FunctionRef,
    /// Who may call it.
    pub access: Access,
    /// The status of success, 200 to 299.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SuccessStatus>,
    /// The parameter that is the whole body. Without it, the body of a POST, PUT or PATCH is an
    /// object with a member for each parameter that neither path nor header binds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Header names and the parameters that they bind to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// Where a plugin's `web` export answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Web {
    /// The path prefix, e.g. `/shop`.
    pub prefix: Prefix,
    /// Who may call it.
    pub access: Access,
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

macro_rules! parsed_string {
    ($type:ident) => {
        impl TryFrom<String> for $type {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                $type::parse(&text)
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }
        impl std::str::FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                $type::parse(text)
            }
        }
    };
}

/// A semver version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(String);
parsed_string!(Version);

impl Version {
    fn parse(text: &str) -> Result<Version, String> {
        let core = text.split(['-', '+']).next().unwrap_or(text);
        let parts: Vec<&str> = core.split('.').collect();
        let number =
            |p: &&str| !p.is_empty() && p.len() <= 9 && p.bytes().all(|b| b.is_ascii_digit());
        let safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+');
        if parts.len() == 3
            && parts.iter().all(number)
            && text.len() <= 64
            && text.bytes().all(safe)
        {
            Ok(Version(text.into()))
        } else {
            Err(format!("the version \"{text}\" is not semver; write it like 1.2.3"))
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The full name of a WIT interface with its version: `acme:things/store@0.1.0`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InterfaceName(String);
parsed_string!(InterfaceName);

impl InterfaceName {
    fn parse(text: &str) -> Result<InterfaceName, String> {
        let bad =
            || format!("\"{text}\" is not an interface; write it like acme:things/store@0.1.0");
        let (path, version) = text.split_once('@').ok_or_else(bad)?;
        Version::parse(version).map_err(|_| bad())?;
        if is_interface_path(path) { Ok(InterfaceName(text.into())) } else { Err(bad()) }
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without the version.
    pub fn path(&self) -> &str {
        self.0.split('@').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_interface_path(path: &str) -> bool {
    let word = |w: &str| {
        w.starts_with(|c: char| c.is_ascii_lowercase())
            && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    path.len() <= 120
        && path.split_once(':').is_some_and(|(namespace, rest)| {
            word(namespace) && rest.split_once('/').is_some_and(|(p, i)| word(p) && word(i))
        })
}

/// A function of an interface: `acme:things/store#list`. The version may be written
/// (`acme:things/store@0.1.0#list`) and must be where two versions are provided.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FunctionRef {
    /// The interface, with or without version.
    pub interface: String,
    /// The function.
    pub function: String,
}
parsed_string!(FunctionRef);

impl FunctionRef {
    fn parse(text: &str) -> Result<FunctionRef, String> {
        let bad = || format!("\"{text}\" is not a function; write it like acme:things/store#list");
        let (interface, function) = text.split_once('#').ok_or_else(bad)?;
        let path = interface.split('@').next().unwrap_or(interface);
        if !is_interface_path(path) || function.is_empty() {
            return Err(bad());
        }
        Ok(FunctionRef { interface: interface.into(), function: function.into() })
    }

    /// Whether this names a function of `interface` (a full name with version).
    pub fn is_of(&self, interface: &str) -> bool {
        self.interface == interface
            || interface.split_once('@').is_some_and(|(path, _)| path == self.interface)
    }
}

impl fmt::Display for FunctionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.interface, self.function)
    }
}

/// A method and a path with `{name}` segments.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoutePattern {
    /// GET, POST, PUT, PATCH or DELETE. HEAD follows from GET.
    pub method: String,
    /// The path, starting with `/`.
    pub path: String,
}
parsed_string!(RoutePattern);

/// Paths that the host answers itself on every shop.
pub const HOST_PATHS: [&str; 3] = ["/openapi.json", "/docs", "/healthz"];

impl RoutePattern {
    fn parse(text: &str) -> Result<RoutePattern, String> {
        let example = "write it like \"GET /things/{id}\"";
        let (method, path) =
            text.split_once(' ').ok_or_else(|| format!("\"{text}\" is not a route; {example}"))?;
        if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method) {
            return Err(format!("\"{method}\" is not GET, POST, PUT, PATCH or DELETE; {example}"));
        }
        check_path(path).map_err(|why| format!("the path \"{path}\" {why}; {example}"))?;
        Ok(RoutePattern { method: method.into(), path: path.into() })
    }

    /// The names in braces, in order.
    pub fn path_params(&self) -> impl Iterator<Item = &str> {
        (self.path.split('/')).filter_map(|s| s.strip_prefix('{').and_then(|s| s.strip_suffix('}')))
    }
}

fn check_path(path: &str) -> Result<(), &'static str> {
    if path.len() > 200 {
        return Err("is longer than 200 characters");
    }
    let rest = path.strip_prefix('/').ok_or("does not start with /")?;
    if HOST_PATHS.contains(&path) {
        return Err("belongs to the host");
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    for segment in rest.split('/') {
        if let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                return Err("has a parameter whose name is not letters, digits and -");
            }
        } else if (segment.is_empty() && !rest.is_empty()) || !segment.bytes().all(plain) {
            return Err(
                "has an empty segment or one with other characters than a-z, 0-9, -, _, . and ~",
            );
        }
    }
    Ok(())
}

impl fmt::Display for RoutePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// A path prefix without parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);
parsed_string!(Prefix);

impl Prefix {
    fn parse(text: &str) -> Result<Prefix, String> {
        check_path(text)
            .map_err(|why| format!("the prefix \"{text}\" {why}; write it like /pages"))?;
        if text.contains('{') || text == "/" {
            return Err(format!(
                "the prefix \"{text}\" is / or has a parameter; write it like /pages"
            ));
        }
        Ok(Prefix(text.into()))
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! status {
    ($(#[$doc:meta])* $type:ident, $range:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "u16", into = "u16")]
        pub struct $type(u16);

        impl TryFrom<u16> for $type {
            type Error = String;
            fn try_from(status: u16) -> Result<Self, String> {
                if $range.contains(&status) {
                    Ok($type(status))
                } else {
                    Err(format!("the status {status} is not {}", $rule))
                }
            }
        }

        impl From<$type> for u16 {
            fn from(status: $type) -> u16 {
                status.0
            }
        }
    };
}
status!(
    /// An HTTP status of success.
    SuccessStatus, 200..300, "200 to 299"
);
status!(
    /// An HTTP status of a caller's fault.
    ErrorStatus, 400..500, "400 to 499"
);

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
        if let Some(fault) = self.limits.fault() {
            return Some(format!("[limits]: {fault}"));
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
            if self.provides.contains(&need.interface) {
                return Some(format!("{} is both provided and needed", need.interface));
            }
        }
        None
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

    #[test]
    fn wasi_clocks_need_the_clock_grant() {
        assert_eq!(
            HostInterface::of_import("wasi:clocks/wall-clock@0.2.6"),
            Some(HostInterface::Clock)
        );
        assert_eq!(HostInterface::of_import("quoin:host/sql@0.1.0"), Some(HostInterface::Sql));
        assert_eq!(HostInterface::of_import("quoin:host/files@0.1.0"), None);
    }
}

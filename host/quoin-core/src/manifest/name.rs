//! Versions, and the full names of interfaces and functions.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::parsed::parsed_string;

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

pub(super) fn is_interface_path(path: &str) -> bool {
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

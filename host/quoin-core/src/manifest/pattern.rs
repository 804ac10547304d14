//! The paths that routes and pages answer on.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::parsed::parsed_string;

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

/// Paths that the host answers itself on every shop. Those below them are its own, too.
pub const HOST_PATHS: [&str; 4] = ["/openapi.json", "/docs", "/healthz", "/files"];

impl RoutePattern {
    fn parse(text: &str) -> Result<RoutePattern, String> {
        let example = "write it like \"GET /things/{id}\"";
        let (method, path) =
            text.split_once(' ').ok_or_else(|| format!("\"{text}\" is not a route; {example}"))?;
        if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method) {
            return Err(format!("\"{method}\" is not GET, POST, PUT, PATCH or DELETE; {example}"));
        }
        check_path(path).map_err(|why| format!("the path {path:?} {why}; {example}"))?;
        Ok(RoutePattern { method: method.into(), path: path.into() })
    }

    /// The names in braces, in order.
    pub fn path_params(&self) -> impl Iterator<Item = &str> {
        (self.path.split('/')).filter_map(|s| s.strip_prefix('{').and_then(|s| s.strip_suffix('}')))
    }
}

/// What of a path follows a prefix that does not end in `/`, if it is under it: nothing, or a path.
fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    path.strip_prefix(prefix).filter(|rest| rest.starts_with('/') || rest.is_empty())
}

/// The path of the host's that this one is, or is below.
fn host_path(path: &str) -> Option<&'static str> {
    HOST_PATHS.into_iter().find(|own| below(path, own).is_some())
}

fn check_path(path: &str) -> Result<(), String> {
    if path.len() > 200 {
        return Err("is longer than 200 characters".into());
    }
    let rest = path.strip_prefix('/').ok_or("does not start with /")?;
    if let Some(own) = host_path(path) {
        return Err(format!("belongs to the host, which answers {own} itself"));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    for segment in rest.split('/') {
        if let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                return Err("has a parameter whose name is not letters, digits and -".into());
            }
        } else if matches!(segment, "." | "..") {
            return Err("has a segment . or .., which clients leave out before they ask".into());
        } else if (segment.is_empty() && !rest.is_empty()) || !segment.bytes().all(plain) {
            return Err(
                "has an empty segment or one with other characters than a-z, 0-9, -, _, . and ~"
                    .into(),
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

/// A path prefix without parameters. `/` is the prefix of all paths but the host's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);
parsed_string!(Prefix);

impl Prefix {
    fn parse(text: &str) -> Result<Prefix, String> {
        check_path(text)
            .map_err(|why| format!("the prefix {text:?} {why}; write it like /pages"))?;
        if text.contains('{') {
            return Err(format!("the prefix {text:?} has a parameter; write it like /pages"));
        }
        Ok(Prefix(text.into()))
    }

    /// The path below the prefix that a whole path stands for, starting with `/`. None where it is not
    /// under it.
    pub fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        match self.is_all() {
            true => Some(path).filter(|path| path.starts_with('/') && host_path(path).is_none()),
            false => below(path, &self.0).map(|rest| if rest.is_empty() { "/" } else { rest }),
        }
    }

    /// Whether all paths but the host's own are under it.
    pub fn is_all(&self) -> bool {
        self.0 == "/"
    }

    /// The paths under it, as plans and lists of routes show them: `/pages/*`.
    pub fn pattern(&self) -> String {
        format!("{}/*", self.0.trim_end_matches('/'))
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

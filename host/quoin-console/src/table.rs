//! The one table of endpoints, from which requests are routed.

use quoin_core::{Digest, Name};

use crate::answer::{Refused, bad_path};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Whether the host is up, and what it does.
    Health,
    /// All bundles.
    Bundles,
    /// Stores a bundle and compiles it.
    PutBundle,
    /// What a bundle is.
    Bundle,
    /// All tenants.
    Tenants,
    /// A tenant as it runs.
    Tenant,
    /// Ends a tenant.
    RemoveTenant,
    /// A tenant's shop as it was applied last.
    Shop,
    /// Applies a shop, or with `dry-run=true` says what that would change.
    PutShop,
    /// What a tenant was before.
    Revisions,
    /// Puts another bundle behind an installation, or with `dry-run=true` says what that would change.
    Swap,
    /// Puts an installation back to what it was before, or with `dry-run=true` says what that would
    /// change.
    Back,
    /// Calls a function.
    Call,
    /// The API keys of a tenant.
    Keys,
    /// Makes an API key.
    AddKey,
    /// Removes an API key.
    RemoveKey,
    /// The outstanding later calls of a tenant, with those that are done and not forgotten.
    Later,
    /// A later call, with its parameters.
    LaterCall,
    /// Lets a later call run now.
    RunLater,
    /// Drops a later call.
    DropLater,
    /// The secrets of a tenant, without what they are.
    Secrets,
    /// Sets a secret.
    SetSecret,
    /// Removes a secret.
    RemoveSecret,
    /// The last requests of a tenant to other systems.
    Http,
    /// Adds a file to a tenant's.
    AddFile,
    /// The log of a tenant, or its lines of one `request`, once or for as long as the client stays.
    Logs,
}

/// Every endpoint: method, path, and what it is.
pub const ENDPOINTS: [(&str, &str, Endpoint); 26] = [
    ("GET", "/v1/health", Endpoint::Health),
    ("GET", "/v1/bundles", Endpoint::Bundles),
    ("PUT", "/v1/bundles/{digest}", Endpoint::PutBundle),
    ("GET", "/v1/bundles/{digest}", Endpoint::Bundle),
    ("GET", "/v1/tenants", Endpoint::Tenants),
    ("GET", "/v1/tenants/{tenant}", Endpoint::Tenant),
    ("DELETE", "/v1/tenants/{tenant}", Endpoint::RemoveTenant),
    ("GET", "/v1/tenants/{tenant}/shop", Endpoint::Shop),
    ("PUT", "/v1/tenants/{tenant}/shop", Endpoint::PutShop),
    ("GET", "/v1/tenants/{tenant}/revisions", Endpoint::Revisions),
    ("POST", "/v1/tenants/{tenant}/plugins/{installation}/swap", Endpoint::Swap),
    ("POST", "/v1/tenants/{tenant}/plugins/{installation}/back", Endpoint::Back),
    ("POST", "/v1/tenants/{tenant}/call", Endpoint::Call),
    ("GET", "/v1/tenants/{tenant}/keys", Endpoint::Keys),
    ("POST", "/v1/tenants/{tenant}/keys", Endpoint::AddKey),
    ("DELETE", "/v1/tenants/{tenant}/keys/{key}", Endpoint::RemoveKey),
    ("GET", "/v1/tenants/{tenant}/later", Endpoint::Later),
    ("GET", "/v1/tenants/{tenant}/later/{number}", Endpoint::LaterCall),
    ("POST", "/v1/tenants/{tenant}/later/{number}/run", Endpoint::RunLater),
    ("DELETE", "/v1/tenants/{tenant}/later/{number}", Endpoint::DropLater),
    ("GET", "/v1/tenants/{tenant}/secrets", Endpoint::Secrets),
    ("PUT", "/v1/tenants/{tenant}/secrets/{secret}", Endpoint::SetSecret),
    ("DELETE", "/v1/tenants/{tenant}/secrets/{secret}", Endpoint::RemoveSecret),
    ("GET", "/v1/tenants/{tenant}/http", Endpoint::Http),
    ("POST", "/v1/tenants/{tenant}/files", Endpoint::AddFile),
    ("GET", "/v1/tenants/{tenant}/logs", Endpoint::Logs),
];

impl Endpoint {
    /// The query parameters that it understands.
    pub(crate) fn parameters(self) -> &'static [&'static str] {
        match self {
            Endpoint::PutShop | Endpoint::Swap | Endpoint::Back => &["dry-run"],
            Endpoint::Later => &["plugin", "request", "parked", "after", "limit"],
            Endpoint::Revisions | Endpoint::Http => &["limit"],
            Endpoint::Logs => &["after", "limit", "follow", "request"],
            _ => &[],
        }
    }

    /// Whether it changes the host, so that it must not stop half-way. The runtime itself finishes
    /// the calls that must be finished.
    pub(crate) fn changes(self) -> bool {
        matches!(
            self,
            Endpoint::PutBundle
                | Endpoint::RemoveTenant
                | Endpoint::PutShop
                | Endpoint::Swap
                | Endpoint::Back
                | Endpoint::AddKey
                | Endpoint::RemoveKey
                | Endpoint::RunLater
                | Endpoint::DropLater
                | Endpoint::SetSecret
                | Endpoint::RemoveSecret
        )
    }
}

/// What the table has for a method and a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// This, with the segments that the braces stand for.
    Endpoint(Endpoint, Path),
    /// The path, with these methods.
    OtherMethods(Vec<&'static str>),
    /// Nothing.
    Nothing,
}

/// The segments of a path that the braces stand for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path(Vec<String>);

impl Path {
    /// The segment as it is; empty when there is none.
    pub fn text(&self, index: usize) -> &str {
        self.0.get(index).map_or("", String::as_str)
    }

    /// The segment as the name of a tenant or an installation.
    pub fn name(&self, index: usize) -> Result<Name, Refused> {
        self.text(index).parse().map_err(bad_path)
    }

    /// The segment as a number.
    pub fn number(&self, index: usize) -> Result<u64, Refused> {
        let wrong = |_| bad_path(format!("{:?} is no number", self.text(index)));
        self.text(index).parse().map_err(wrong)
    }

    /// The segment as a digest.
    pub fn digest(&self, index: usize) -> Result<Digest, Refused> {
        self.text(index).parse().map_err(bad_path)
    }
}

pub(crate) fn find(method: &str, path: &str) -> Found {
    let mut methods = Vec::new();
    for (has, pattern, endpoint) in ENDPOINTS {
        let Some(segments) = segments(pattern, path) else { continue };
        if has == method {
            return Found::Endpoint(endpoint, Path(segments));
        }
        methods.push(has);
    }
    if methods.is_empty() { Found::Nothing } else { Found::OtherMethods(methods) }
}

fn segments(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut found = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(found),
            (Some(w), Some(g)) if w.starts_with('{') && !g.is_empty() => found.push(g.to_owned()),
            (Some(w), Some(g)) if w == g => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_with_its_segments() {
        let Found::Endpoint(Endpoint::Swap, at) =
            find("POST", "/v1/tenants/demo/plugins/widgets/swap")
        else {
            panic!("not found")
        };
        assert_eq!((at.text(0), at.text(1), at.text(2)), ("demo", "widgets", ""));
    }

    #[test]
    fn another_method_is_told_which_there_are() {
        assert_eq!(
            find("PATCH", "/v1/tenants/demo/keys"),
            Found::OtherMethods(vec!["GET", "POST"])
        );
    }

    #[test]
    fn longer_shorter_and_empty_paths_are_not_found() {
        for path in ["", "/", "/v1", "/v1/tenants/", "/v1/health/x", "/v2/health", "/v1/bundles//"]
        {
            assert_eq!(find("GET", path), Found::Nothing, "{path}");
        }
    }

    #[test]
    fn no_endpoint_hides_another() {
        for (method, pattern, endpoint) in ENDPOINTS {
            let path = pattern.replace(['{', '}'], "");
            assert!(
                matches!(find(method, &path), Found::Endpoint(found, _) if found == endpoint),
                "{method} {pattern}"
            );
        }
    }
}

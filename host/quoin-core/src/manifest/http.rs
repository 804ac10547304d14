//! What a plugin may send to other systems: as its manifest asks, and as a shop grants.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::parsed::parsed_string;
use crate::limits::{HTTP_HOSTS_MAX, SECRETS_MAX};
use crate::{Domain, Name};

/// Hosts, methods and secrets: all that requests of a plugin may name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct HttpGrant {
    /// Where requests go.
    pub hosts: BTreeSet<HostPattern>,
    /// Their methods.
    pub methods: BTreeSet<HttpMethod>,
    /// The shop's secrets that may stand in them.
    pub secrets: BTreeSet<Name>,
}

impl HttpGrant {
    /// Whether it lets nothing through.
    pub fn is_empty(&self) -> bool {
        *self == HttpGrant::default()
    }

    /// What is in this one and not in `other`.
    pub fn beyond(&self, other: &HttpGrant) -> HttpGrant {
        HttpGrant {
            hosts: self.hosts.difference(&other.hosts).cloned().collect(),
            methods: self.methods.difference(&other.methods).copied().collect(),
            secrets: self.secrets.difference(&other.secrets).cloned().collect(),
        }
    }

    /// All that is in either.
    pub fn and(&self, other: &HttpGrant) -> HttpGrant {
        HttpGrant {
            hosts: self.hosts.union(&other.hosts).cloned().collect(),
            methods: self.methods.union(&other.methods).copied().collect(),
            secrets: self.secrets.union(&other.secrets).cloned().collect(),
        }
    }

    /// What it lets a plugin do, in plain words; nothing where it lets it do nothing.
    pub fn meanings(&self) -> Vec<String> {
        let hosts = self.hosts.iter().map(|host| format!("send requests to {}", host.told()));
        let methods = joined(self.methods.iter().map(|method| method.as_str().to_owned()));
        let methods = methods.map(|methods| format!("send {methods} requests"));
        let secret = |name| format!("have the secret {name} put into requests");
        hosts.chain(methods).chain(self.secrets.iter().map(secret)).collect()
    }

    /// As a shop file has it: `{ hosts = ["…"], methods = ["…"], secrets = ["…"] }`.
    pub fn written(&self) -> String {
        let list = |key: &str, texts: Vec<String>| {
            let texts: Vec<_> = texts.iter().map(|text| format!("\"{text}\"")).collect();
            (!texts.is_empty()).then(|| format!("{key} = [{}]", texts.join(", ")))
        };
        let parts = [
            list("hosts", self.hosts.iter().map(HostPattern::to_string).collect()),
            list("methods", self.methods.iter().map(|m| m.as_str().to_owned()).collect()),
            list("secrets", self.secrets.iter().map(Name::to_string).collect()),
        ];
        format!("{{ {} }}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    /// The first rule that it breaks, told as a sentence.
    pub fn fault(&self) -> Option<String> {
        if self.hosts.len() > HTTP_HOSTS_MAX {
            return Some(format!("a plugin has at most {HTTP_HOSTS_MAX} hosts for its requests"));
        }
        if self.secrets.len() > SECRETS_MAX {
            return Some(format!("a plugin has at most {SECRETS_MAX} secrets"));
        }
        if !self.hosts.is_empty() && self.methods.is_empty() {
            return Some("hosts without methods: say methods = [\"GET\"] or which it is".into());
        }
        None
    }
}

fn joined(words: impl Iterator<Item = String>) -> Option<String> {
    let words: Vec<_> = words.collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// A method of a request to another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// OPTIONS.
    Options,
}

impl HttpMethod {
    /// As HTTP writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            HttpMethod::Get => "GET",
            HttpMethod::Head => "HEAD",
            HttpMethod::Post => "POST",
            HttpMethod::Put => "PUT",
            HttpMethod::Patch => "PATCH",
            HttpMethod::Delete => "DELETE",
            HttpMethod::Options => "OPTIONS",
        }
    }
}

/// Which requests a grant lets out: those to one host, or to every host that has one label before a
/// name (`*.example.com`). Encrypted and to port 443, unless it says otherwise: `example.com:8443`,
/// `http://192.168.1.5:8080`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    host: String,
    /// Whether any one label stands before `host`.
    wildcard: bool,
    encrypted: bool,
    port: u16,
}
parsed_string!(HostPattern);

impl HostPattern {
    fn parse(text: &str) -> Result<HostPattern, String> {
        let wrong = |why: &str| {
            format!(
                "\"{text}\" is no host for requests: {why}; write it like \"api.example.com\", \
                 \"*.example.com\" or, where nothing is encrypted, \"http://192.168.1.5:8080\""
            )
        };
        let (encrypted, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://"))
        {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => (true, text),
        };
        let bracket = rest.rfind(']').unwrap_or(0);
        let (host, port) = match rest.get(bracket..).and_then(|end| end.rfind(':')) {
            Some(colon) => {
                let (host, port) = rest.split_at(bracket + colon);
                let port = port.get(1..).and_then(|port| port.parse().ok()).filter(|p| *p > 0);
                (host, port.ok_or_else(|| wrong("a port is 1 to 65535"))?)
            }
            None => (rest, default_port(encrypted)),
        };
        let (wildcard, name) = match host.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, host),
        };
        let v6 = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let fits = match v6 {
            Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok_and(|ip| ip.to_string() == v6),
            None => name.parse::<Domain>().is_ok(),
        };
        if !fits {
            return Err(wrong("a host is lower case, without path and user"));
        }
        let is_name = name.contains('.') && !name.ends_with(|c: char| c.is_ascii_digit());
        if wildcard && !is_name {
            return Err(wrong("* stands for one label before a name that has two"));
        }
        Ok(HostPattern { host: name.into(), wildcard, encrypted, port })
    }

    /// Whether a request goes where this lets it: `host` in lower case, an IPv6 address in brackets.
    pub fn matches(&self, encrypted: bool, host: &str, port: u16) -> bool {
        let label = |label: &str| {
            label.strip_suffix('.').is_some_and(|label| !label.is_empty() && !label.contains('.'))
        };
        let named = match self.wildcard {
            true => host.strip_suffix(self.host.as_str()).is_some_and(label),
            false => host == self.host,
        };
        named && encrypted == self.encrypted && port == self.port
    }

    /// For people.
    fn told(&self) -> String {
        let encrypted = if self.encrypted { "" } else { ", not encrypted" };
        let any = if self.wildcard { ", whatever stands for *" } else { "" };
        format!("{self}{any}{encrypted}")
    }
}

/// The port of a URL that names none.
pub fn default_port(encrypted: bool) -> u16 {
    if encrypted { 443 } else { 80 }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "" } else { "http://" };
        let any = if self.wildcard { "*." } else { "" };
        write!(f, "{scheme}{any}{}", self.host)?;
        match self.port == default_port(self.encrypted) {
            true => Ok(()),
            false => write!(f, ":{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> HostPattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_host_is_granted_with_its_scheme_and_port() {
        let api = pattern("api.example.com");
        assert!(api.matches(true, "api.example.com", 443));
        assert!(!api.matches(false, "api.example.com", 443));
        assert!(!api.matches(true, "api.example.com", 8443));
        for other in ["example.com", "xapi.example.com", "api.example.com.", "a.api.example.com"] {
            assert!(!api.matches(true, other, 443), "{other}");
        }
        assert!(pattern("http://10.0.0.1:8080").matches(false, "10.0.0.1", 8080));
        assert!(pattern("http://[::1]").matches(false, "[::1]", 80));
        assert!(pattern("https://[::1]:444").matches(true, "[::1]", 444));
    }

    #[test]
    fn a_wildcard_is_one_label() {
        let any = pattern("*.example.com");
        assert!(any.matches(true, "a.example.com", 443));
        for other in ["example.com", ".example.com", "a.b.example.com", "aexample.com"] {
            assert!(!any.matches(true, other, 443), "{other}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused_and_the_rest_is_written_as_it_was() {
        for bad in [
            "",
            "*",
            "*.com",
            "*.0.0.1",
            "a.*.com",
            "Api.example.com",
            "example.com/path",
            "user@example.com",
            "example.com:0",
            "example.com:x",
            "ftp://example.com",
            "[::01]",
            "[::1",
            "http://",
            "a b.com",
            "*.[::1]",
        ] {
            assert!(bad.parse::<HostPattern>().is_err(), "{bad}");
        }
        for good in ["example.com", "*.example.com:8443", "http://localhost:1", "[::1]:8443"] {
            assert_eq!(pattern(good).to_string(), good);
        }
        assert_eq!(pattern("https://example.com:443").to_string(), "example.com");
    }
}

//! Where a request goes.

use http::Uri;
use quoin_core::manifest::default_port;

use crate::message::Error;

/// The server of a URL. Connections are kept for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub encrypted: bool,
    /// In lower case, an IPv6 address in brackets.
    host: String,
    port: u16,
}

impl Place {
    /// That of a URL.
    pub fn of(uri: &Uri) -> Result<Place, Error> {
        let invalid = |why: &str| Err(Error::Invalid(format!("the URL {why}")));
        let encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return invalid("does not begin with https:// (or http://)"),
        };
        let Some(authority) = uri.authority() else { return invalid("names no host") };
        if authority.as_str().contains('@') {
            return invalid("names a user: put a secret into the header authorization instead");
        }
        let mut host = authority.host().to_ascii_lowercase();
        if let Some(v6) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            match v6.parse::<std::net::Ipv6Addr>() {
                // One address is written in many ways.
                Ok(v6) => host = format!("[{v6}]"),
                Err(_) => return invalid("names no host"),
            }
        }
        if host.is_empty() {
            return invalid("names no host");
        }
        let after = authority.as_str().rsplit(']').next().unwrap_or_default();
        let port = match (authority.port_u16(), after.contains(':')) {
            (Some(port), _) => port,
            (None, false) => default_port(encrypted),
            (None, true) => return invalid("has a port that is none"),
        };
        Ok(Place { encrypted, host, port })
    }

    /// As grants have it.
    pub fn parts(&self) -> (bool, &str, u16) {
        (self.encrypted, &self.host, self.port)
    }

    /// The host without brackets.
    pub fn name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// As the header `host` has it, and people read it.
    pub fn authority(&self) -> String {
        match self.port == default_port(self.encrypted) {
            true => self.host.clone(),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

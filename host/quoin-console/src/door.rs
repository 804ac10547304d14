//! Who may come in: only this machine, and only with the token.

use http::{HeaderMap, Uri, header};

use crate::answer::{Refused, refusal};
use crate::token::Token;

/// Refuses a request that names another host than this machine. A web page whose own host name
/// resolves to 127.0.0.1 (DNS rebinding) is of the same origin as this API to its visitor's browser;
/// its requests carry that name.
pub(crate) fn check_host(headers: &HeaderMap, uri: &Uri) -> Result<(), Refused> {
    if host_of(headers, uri).is_some_and(is_loopback) {
        return Ok(());
    }
    let detail = "Call the admin API as localhost or by a loopback address.";
    Err(refusal(403, "foreign-host", "Not for this host name", detail))
}

pub(crate) fn check_token(headers: &HeaderMap, token: &Token) -> Result<(), Refused> {
    let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let given = given.and_then(|v| v.split_once(' '));
    if let Some((scheme, given)) = given
        && scheme.eq_ignore_ascii_case("bearer")
        && token.is(given)
    {
        return Ok(());
    }
    let detail = "Send the token in admin.token of the data directory: Authorization: Bearer …";
    Err(refusal(401, "unauthorized", "Token missing or wrong", detail))
}

/// The address of a request as an absolute URI or its Host header has it.
fn host_of<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    uri.host().or_else(|| headers.get(header::HOST)?.to_str().ok())
}

/// Whether a host, with or without port, is this machine: `localhost` or a loopback address.
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, rest)) if rest.is_empty() || rest.starts_with(':') => v6,
        Some(_) => return false,
        None => host.split(':').next().unwrap_or(host),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_name_and_by_address() {
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8081", "127.9.9.9", "[::1]:8081"] {
            assert!(is_loopback(host), "{host}");
        }
    }

    #[test]
    fn other_hosts_are_told_apart() {
        for host in ["", "example.com", "localhost.example.com", "0.0.0.0", "[::1]x", "10.0.0.1:80"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

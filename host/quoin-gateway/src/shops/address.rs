//! The host name that a request is addressed to.

use http::Version;
use http::header::HOST;
use http::request::Parts;
use quoin_core::{Class, Problem};

/// The host name, lower case, without port and final dot.
///
/// A target in absolute form names it too. It must agree with the Host header: two servers that
/// each believe another of them can be played against each other.
///
/// # Errors
/// There is none, more than one, or not a host name.
pub fn host(head: &Parts) -> Result<String, Problem> {
    let mut named = head.headers.get_all(HOST).iter();
    let header = match (named.next(), named.next()) {
        (Some(host), None) => Some(host.to_str().ok().and_then(name).ok_or_else(bad_host)?),
        (None, _) => None,
        (Some(_), Some(_)) => return Err(bad_host()),
    };
    let target = match head.uri.authority() {
        Some(authority) => Some(name(authority.as_str()).ok_or_else(bad_host)?),
        None => None,
    };
    match (header, target) {
        (Some(header), Some(target)) if header != target => Err(bad_host()),
        (Some(header), _) => Ok(header),
        (None, Some(target)) if head.version == Version::HTTP_10 => Ok(target),
        (None, _) => Err(bad_host()),
    }
}

fn name(host: &str) -> Option<String> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) => return None,
        None => host,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (!name.is_empty() && name.bytes().all(plain)).then(|| name.to_ascii_lowercase())
}

fn bad_host() -> Problem {
    Problem::new(
        Class::Caller,
        400,
        "bad-host",
        "No usable host name",
        "Send exactly one Host header with the shop's host name, and no other name in the target.",
    )
}

/// The problem of a host name that no tenant answers to.
pub fn unknown_host() -> Problem {
    Problem::new(
        Class::Caller,
        404,
        "unknown-host",
        "Unknown host name",
        "No shop answers to this host name. Its owner adds it to `domains` in shop.toml.",
    )
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn host_of(target: &str, hosts: &[&str]) -> Result<String, u16> {
        let mut request = Request::builder().uri(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        host(&request.body(()).unwrap().into_parts().0).map_err(|p| p.status)
    }

    #[test]
    fn port_case_and_final_dot_do_not_matter() {
        for text in ["Shop.Example", "shop.example:8080", "shop.example.", "SHOP.example.:80"] {
            assert_eq!(host_of("/things", &[text]).unwrap(), "shop.example", "{text}");
        }
    }

    #[test]
    fn a_missing_double_or_malformed_host_is_refused() {
        assert_eq!(host_of("/", &[]), Err(400));
        assert_eq!(host_of("/", &["a", "b"]), Err(400));
        for bad in ["", "a b", "a:000080", "user@a", "a:b", "[::1]:80", "a/b", ":80"] {
            assert_eq!(host_of("/", &[bad]), Err(400), "{bad}");
        }
    }

    #[test]
    fn an_absolute_target_must_agree_with_the_header() {
        assert_eq!(host_of("http://a.example/x", &["A.example:80"]).unwrap(), "a.example");
        assert_eq!(host_of("http://a.example/x", &["b.example"]), Err(400));
        assert_eq!(host_of("http://user@a.example/x", &["a.example"]), Err(400));
        assert_eq!(host_of("http://a.example/x", &[]), Err(400));
    }
}

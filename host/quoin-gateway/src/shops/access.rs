//! Who calls: the one place where a principal is made.

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use quoin_core::manifest::Access;
use quoin_core::{Class, Problem};
use quoin_runtime::Principal;
use quoin_supervisor::Tenant;

/// How every API key of the host begins.
const KEY_PREFIX: &str = "qk_";

/// What a request shows of itself.
#[derive(Debug, PartialEq, Eq)]
enum Credential<'a> {
    /// Nothing.
    None,
    /// A bearer token.
    Bearer(&'a str),
    /// Something that the host cannot check.
    Unknown,
}

/// On whose behalf a request runs. A key that is shown must be right even where none is needed: a
/// client that believes itself known must never be served as a stranger.
///
/// # Errors
/// 401: the route needs a key and there is none, or the key is wrong.
pub fn principal(
    tenant: &Tenant,
    access: Access,
    headers: &HeaderMap,
) -> Result<Principal, Problem> {
    match credential(headers) {
        Credential::None if access == Access::Public => Ok(Principal::ANONYMOUS),
        Credential::None => Err(missing_key()),
        Credential::Bearer(key) => {
            tenant.authenticate(key).map(Principal::admin).ok_or_else(wrong_key)
        }
        Credential::Unknown => Err(wrong_key()),
    }
}

/// As [`principal`], for a plugin that answers whole requests: credentials on its public pages that
/// are no keys of the host are the plugin's own business, and it gets to see them.
///
/// # Errors
/// As [`principal`].
pub fn principal_of_web(
    tenant: &Tenant,
    access: Access,
    headers: &HeaderMap,
) -> Result<Principal, Problem> {
    if access == Access::Public && !shows_host_key(headers) {
        return Ok(Principal::ANONYMOUS);
    }
    principal(tenant, access, headers)
}

/// Whether a request shows what looks like a key of the host. No plugin may see it.
pub fn shows_host_key(headers: &HeaderMap) -> bool {
    headers.get_all(AUTHORIZATION).iter().any(|value| {
        let text = value.as_bytes();
        text.windows(KEY_PREFIX.len()).any(|window| window == KEY_PREFIX.as_bytes())
    })
}

fn credential(headers: &HeaderMap) -> Credential<'_> {
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    let value = match (shown.next(), shown.next()) {
        (None, _) => return Credential::None,
        (Some(value), None) => value.to_str().unwrap_or_default(),
        (Some(_), Some(_)) => return Credential::Unknown,
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Credential::Bearer(token.trim())
        }
        _ => Credential::Unknown,
    }
}

fn missing_key() -> Problem {
    Problem::new(
        Class::Caller,
        401,
        "missing-key",
        "API key needed",
        "Send an API key of the shop: `Authorization: Bearer qk_…`.",
    )
}

fn wrong_key() -> Problem {
    Problem::new(
        Class::Caller,
        401,
        "wrong-key",
        "API key not valid",
        "The credentials are not an API key of this shop. Send a valid one, or none on public routes.",
    )
}

/// The `WWW-Authenticate` header of a 401.
pub fn challenge(problem: &Problem) -> HeaderValue {
    HeaderValue::from_static(if problem.code == "wrong-key" {
        "Bearer realm=\"shop\", error=\"invalid_token\""
    } else {
        "Bearer realm=\"shop\""
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|v| (AUTHORIZATION, v.parse().unwrap())).collect()
    }

    #[test]
    fn only_one_bearer_token_counts_as_a_key() {
        assert_eq!(credential(&headers(&[])), Credential::None);
        assert_eq!(credential(&headers(&["bearer qk_a_b"])), Credential::Bearer("qk_a_b"));
        for bad in [&["Basic abc"][..], &["qk_a_b"], &["Bearer"], &["Bearer a", "Bearer b"]] {
            assert_eq!(credential(&headers(bad)), Credential::Unknown, "{bad:?}");
        }
    }

    #[test]
    fn keys_of_the_host_are_told_from_other_credentials() {
        assert!(shows_host_key(&headers(&["Bearer qk_a_b"])));
        assert!(shows_host_key(&headers(&["Basic abc", "qk_a_b"])));
        assert!(!shows_host_key(&headers(&["Basic abc"])));
    }
}

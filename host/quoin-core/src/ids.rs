//! Names and digests: checked once where they enter, trusted everywhere after.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A name that is not one: says which rule it breaks.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{kind} \"{value}\" is not valid: {rule}")]
pub struct InvalidId {
    kind: &'static str,
    value: String,
    rule: &'static str,
}

macro_rules! checked_string {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(Box<str>);

        impl $type {
            /// The text of it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.into()))
                } else {
                    let value = text.chars().take(80).collect();
                    Err(InvalidId { kind: $kind, value, rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(id: $type) -> String {
                id.0.into()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

checked_string!(
    /// The name of a tenant, a plugin or an installation. It names files and URL segments, so it is
    /// kept to what is safe in both.
    Name,
    "name",
    "use 1 to 40 characters a-z, 0-9 and -, starting with a letter and not ending with -",
    |text| {
        (1..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    }
);

checked_string!(
    /// A host name that a tenant answers to, lower case and without port.
    Domain,
    "domain",
    "use a host name of at most 253 characters a-z, 0-9, - and ., without port",
    |text| {
        (1..=253).contains(&text.len())
            && text.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
    }
);

checked_string!(
    /// The SHA-256 of a bundle as 64 lower-case hex digits: what a bundle *is*, whatever it is called.
    Digest,
    "digest",
    "use the 64 lower-case hex digits of a SHA-256",
    |text| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)).into())
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

/// Makes the digest of bytes that come in pieces.
#[derive(Debug, Clone, Default)]
pub struct Digesting(Sha256);

impl Digesting {
    /// More of them.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all of them.
    pub fn end(self) -> Digest {
        Digest(data_encoding::HEXLOWER.encode(&self.0.finalize()).into())
    }
}

/// Random bytes that a thread takes from the operating system at once: asking costs as much for a
/// thousand bytes as for sixteen, and each request needs two ids.
const RANDOM_AHEAD: usize = 1 << 10;

thread_local! {
    /// Random bytes that nobody has had yet.
    static RANDOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// `N` random bytes of the operating system as lower-case hex.
///
/// # Errors
/// The operating system has no randomness to give.
pub fn random_hex<const N: usize>() -> Result<String, getrandom::Error> {
    const { assert!(N <= RANDOM_AHEAD) };
    RANDOM.with_borrow_mut(|ahead| {
        if ahead.len() < N {
            let mut fresh = vec![0; RANDOM_AHEAD];
            getrandom::fill(&mut fresh)?;
            *ahead = fresh;
        }
        let rest = ahead.len() - N;
        let hex = data_encoding::HEXLOWER.encode(&ahead[rest..]);
        // Some are secrets.
        ahead[rest..].fill(0);
        ahead.truncate(rest);
        Ok(hex)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_files_and_urls() {
        for good in ["a", "things", "gift-wrap", "x9"] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        for bad in ["", "A", "9a", "a-", "../x", "a/b", "a.b", "ä", &"a".repeat(41)] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    #[test]
    fn domains_have_no_port_and_no_empty_label() {
        for good in ["localhost", "shop.example.com", "127.0.0.1"] {
            assert!(good.parse::<Domain>().is_ok(), "{good}");
        }
        for bad in ["", "a..b", "a:80", "A.com", "-a.com", "a_b"] {
            assert!(bad.parse::<Domain>().is_err(), "{bad}");
        }
    }

    #[test]
    fn no_random_bytes_are_handed_out_twice() {
        let many: std::collections::BTreeSet<String> =
            (0..RANDOM_AHEAD).map(|_| random_hex::<16>().unwrap()).collect();
        assert_eq!(many.len(), RANDOM_AHEAD);
        assert!(many.iter().all(|hex| hex.len() == 32));
    }

    #[test]
    fn a_digest_is_the_sha256_of_the_bytes() {
        let digest = Digest::of(b"abc");
        assert_eq!(
            digest.as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(digest.short(), "ba7816bf8f01");
    }
}

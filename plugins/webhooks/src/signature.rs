//! Signatures, as Standard Webhooks has them.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use quoin_sdk::host::{random, trap};
use sha2::Sha256;

/// What secrets begin with.
const PREFIX: &str = "whsec_";

/// A secret that nobody knows so far: 256 random bits.
pub fn secret() -> String {
    format!("{PREFIX}{}", BASE64.encode(&random::bytes(32)))
}

/// The value of `webhook-signature`: one for each secret.
pub fn header<'a>(
    secrets: impl Iterator<Item = &'a str>,
    (id, seconds, body): (&str, u64, &str),
) -> String {
    let signed = format!("{id}.{seconds}.{body}");
    let one = |secret: &str| {
        let key = secret.strip_prefix(PREFIX).unwrap_or(secret);
        let Ok(key) = BASE64.decode(key.as_bytes()) else { trap("a secret is not Base64") };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { trap("a secret is no key") };
        mac.update(signed.as_bytes());
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    };
    secrets.map(one).collect::<Vec<_>>().join(" ")
}

//! The id of a request: the trace of all calls that it leads to.

use http::HeaderMap;
use quoin_core::Problem;

use crate::reply::REQUEST_ID;

/// Characters of an id that a client or a proxy in front brings.
const CHARS_MAX: usize = 64;

/// The id that the request brings, if it is a sane one, or else a fresh one.
///
/// # Errors
/// The operating system has no randomness to give.
pub fn of(headers: &HeaderMap) -> Result<String, Problem> {
    let brought = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    if let Some(id) = brought.filter(|id| is_sane(id)) {
        return Ok(id.to_owned());
    }
    fresh()
}

/// A fresh id.
///
/// # Errors
/// As [`of`].
pub fn fresh() -> Result<String, Problem> {
    quoin_core::ids::random_hex::<16>().map_err(|error| {
        tracing::error!("no randomness for a request id: {error}");
        Problem::internal()
    })
}

fn is_sane(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=CHARS_MAX).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(value: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, value.parse().unwrap());
        of(&headers).unwrap()
    }

    #[test]
    fn a_sane_id_is_kept() {
        assert_eq!(id_of("Trace-1.b_2"), "Trace-1.b_2");
    }

    #[test]
    fn any_other_id_is_replaced_by_a_fresh_one() {
        for bad in ["", "a b", "a;b", "ä", &*"x".repeat(65).leak()] {
            let id = id_of(bad);
            assert_ne!(id, bad);
            assert_eq!(id.len(), 32);
        }
        let fresh = || of(&HeaderMap::new()).unwrap();
        assert_ne!(fresh(), fresh());
    }
}

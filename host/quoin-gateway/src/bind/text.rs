//! Percent-encoded text.

use std::borrow::Cow;

/// The text behind percent-encoding (RFC 3986, section 2.1), or none if the encoding is broken or
/// not of UTF-8. In forms, `+` is a space.
pub fn decode(raw: &str, form: bool) -> Option<Cow<'_, str>> {
    let is_plain = |b: u8| b != b'%' && !(form && b == b'+');
    if raw.bytes().all(is_plain) {
        return Some(Cow::Borrowed(raw));
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => (digit(bytes.next()?)? << 4) | digit(bytes.next()?)?,
            b'+' if form => b' ',
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoded_utf8_is_decoded() {
        assert_eq!(decode("a%2Fb%C3%A9", false).unwrap(), "a/bé");
        assert_eq!(decode("a+b", false).unwrap(), "a+b");
        assert_eq!(decode("a+b%2b", true).unwrap(), "a b+");
    }

    #[test]
    fn broken_encoding_is_refused() {
        for bad in ["%", "%4", "%zz", "%ff", "%C3"] {
            assert_eq!(decode(bad, false), None, "{bad}");
        }
    }
}

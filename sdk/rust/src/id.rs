//! Ids that nobody can guess.

use crate::host::random;

/// An id of 128 random bits, as 32 hex digits after a prefix: `cart_0123…`.
pub fn random(prefix: &str) -> String {
    let mut id = String::with_capacity(prefix.len() + 33);
    id.push_str(prefix);
    id.push('_');
    for byte in random::bytes(16) {
        for digit in [byte >> 4, byte & 15] {
            id.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    id
}

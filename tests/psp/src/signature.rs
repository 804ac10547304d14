//! HMAC-SHA256, written out here so that nothing is shared with what is tested.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// The header of a webhook that is sent at this second.
pub fn header(key: &str, second: u64, body: &str) -> String {
    let signature = hmac(key.as_bytes(), format!("{second}.{body}").as_bytes());
    format!("t={second},v1={}", HEXLOWER.encode(&signature))
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let key = if key.len() > BLOCK { Sha256::digest(key).to_vec() } else { key.to_vec() };
    let padded = |with: u8| -> Vec<u8> {
        (0..BLOCK).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect()
    };
    let inner = Sha256::digest([padded(0x36).as_slice(), text].concat());
    Sha256::digest([padded(0x5c).as_slice(), inner.as_slice()].concat()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_the_standard_says() {
        // RFC 4231, test cases 2 and 6.
        let short = hmac(b"Jefe", b"what do ya want for nothing?");
        let long = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert!(HEXLOWER.encode(&short).starts_with("5bdcc146bf60754e6a042426089575c7"));
        assert!(HEXLOWER.encode(&long).starts_with("60e431591ee0b67f0d8a26aacbf5b77f"));
    }
}

//! Signatures are those of Standard Webhooks. What checks them here shares no code with the plugin.

use quoin_core::Digest;
use quoin_harness::json;
use quoin_harness::remote::Received;

use super::{act, create, get, happen, start, taking, until_received};

fn sha256(bytes: &[u8]) -> Vec<u8> {
    let hex = Digest::of(bytes).as_str().to_owned();
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(byte).collect()
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let padded = |with: u8| block.iter().map(|byte| byte ^ with).collect::<Vec<_>>();
    let inner = sha256(&[padded(0x36), message.to_vec()].concat());
    sha256(&[padded(0x5c), inner].concat())
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let mut number = 0_usize;
        for at in 0..3 {
            number = number << 8 | usize::from(three.get(at).copied().unwrap_or(0));
        }
        for at in 0..4 {
            let digit = char::from(ALPHABET[number >> (18 - 6 * at) & 63]);
            text.push(if at <= three.len() { digit } else { '=' });
        }
    }
    text
}

fn unbase64(text: &str) -> Vec<u8> {
    let digits: Vec<usize> = text
        .trim_end_matches('=')
        .bytes()
        .map(|byte| ALPHABET.iter().position(|known| *known == byte).expect("Base64"))
        .collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let number = (0..4).fold(0, |sum, at| sum << 6 | four.get(at).copied().unwrap_or(0));
        let whole = [number >> 16, number >> 8, number].map(|byte| (byte & 255) as u8);
        bytes.extend(&whole[..four.len() - 1]);
    }
    bytes
}

/// The signature of a message with a secret.
pub fn signature(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = unbase64(secret.strip_prefix("whsec_").expect("a secret"));
    let message = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    format!("v1,{}", base64(&hmac(&key, &message)))
}

/// Which of these secrets a request is signed with, in the order of its signatures.
fn signers<'a>(received: &Received, secrets: &[&'a str]) -> Vec<&'a str> {
    let (id, timestamp) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    let of = |told: &str| {
        let signs = |secret: &&&str| signature(secret, id, timestamp, &received.body) == told;
        *secrets.iter().find(signs).unwrap_or_else(|| panic!("{told} is of no known secret"))
    };
    received.header("webhook-signature").split(' ').map(of).collect()
}

#[test]
fn what_checks_signatures_here_agrees_with_the_published_example() {
    let told = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b"{\"test\": 2432232314}",
    );
    assert_eq!(told, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn a_delivery_is_signed_with_its_endpoints_secret_and_its_time() {
    let (one, other) = (taking(), taking());
    let (_host, shop) = start(&[&one, &other], "");
    let (_, of_one) = create(&shop, &one, &["*"]);
    let (_, of_other) = create(&shop, &other, &["*"]);
    assert_ne!(of_one, of_other);
    assert_eq!(unbase64(of_one.trim_start_matches("whsec_")).len(), 32);
    happen(&shop, &["ä"]);
    for (remote, secret) in [(&one, &of_one), (&other, &of_other)] {
        let received = until_received(remote, 1).remove(0);
        assert_eq!(signers(&received, &[&of_one, &of_other]), [secret]);
        let timestamp: u64 = received.header("webhook-timestamp").parse().expect("seconds");
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time").as_secs();
        assert!(now.abs_diff(timestamp) < 60, "{timestamp}");
    }
}

#[test]
fn after_a_rotation_both_secrets_sign_for_as_long_as_was_said_and_then_the_new_one_alone() {
    let remote = taking();
    let (_host, shop) = start(&[&remote], "");
    let (id, first) = create(&shop, &remote, &["*"]);
    let rotate = |keep: u64| {
        let made = act(&shop, &id, "rotate", json!({ "keep": keep }));
        made["secret"].as_str().expect("a secret").to_owned()
    };
    let second = rotate(2);
    assert_ne!(first, second);
    assert!(get(&shop, &id)["oldSecretUntil"].as_u64().is_some());
    happen(&shop, &["both"]);
    let received = until_received(&remote, 1).remove(0);
    assert_eq!(signers(&received, &[&first, &second]), [second.as_str(), &first]);
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    happen(&shop, &["one"]);
    let received = until_received(&remote, 2).remove(1);
    assert_eq!(signers(&received, &[&first, &second]), [&second]);
    // A secret that is known to others is out of use at once.
    let third = rotate(0);
    happen(&shop, &["at once"]);
    let received = until_received(&remote, 3).remove(2);
    assert_eq!(signers(&received, &[&first, &second, &third]), [&third]);
    shop.post(&format!("{}/{id}/rotate", super::ENDPOINTS), json!({ "keep": 99_999_999 }))
        .expect(422);
}

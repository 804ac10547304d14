//! Texts for operators, without secrets.

use std::fmt::Write as _;

use quoin_core::Name;

/// The text with every secret in it, as it is or as URLs write it, replaced by its `{{name}}`, the longest
/// first: one may be a part of another.
pub(crate) fn redacted(text: &str, secrets: &[(Name, Vec<u8>)]) -> String {
    let mut words: Vec<(&[u8], &Name)> = (secrets.iter())
        .filter(|(_, secret)| (1..=text.len()).contains(&secret.len()))
        .map(|(name, secret)| (secret.as_slice(), name))
        .collect();
    words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(c) = rest.chars().next() {
        let begins = |(word, name): &(&[u8], &Name)| {
            let length = written(rest.as_bytes(), word)?;
            Some((rest.get(length..)?, name.to_string()))
        };
        match words.iter().find_map(begins) {
            Some((after, name)) => {
                // Writing to a string cannot fail.
                let _ = write!(shown, "{{{{{name}}}}}");
                rest = after;
            }
            None => {
                shown.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
    shown
}

/// Bytes that a word takes at the beginning of a text, if it stands there: each byte of it as it is or as
/// `%2F`, and a blank also as `+`.
fn written(text: &[u8], word: &[u8]) -> Option<usize> {
    let mut rest = text;
    for byte in word {
        let (first, after) = rest.split_first()?;
        let digits = after.get(..2).filter(|_| *first == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match escaped == Some(*byte) {
            true => after.get(2..)?,
            false if first == byte || (*byte == b' ' && *first == b'+') => after,
            false => return None,
        };
    }
    Some(text.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let secret = |(name, value): (&str, &str)| (name.parse().unwrap(), value.into());
        let all = [
            ("short", "key"),
            ("long", "key and more/"),
            ("base", "ab+/="),
            ("percent", "5%é"),
            ("none", ""),
        ];
        redacted(text, &all.map(secret))
    }

    #[test]
    fn a_secret_is_told_by_its_name_wherever_it_stands() {
        for (text, expected) in [
            ("https://a.test/x?y=1%20+2", "https://a.test/x?y=1%20+2"),
            ("https://a.test/key?q=key&r=1", "https://a.test/{{short}}?q={{short}}&r=1"),
            ("?a=key+and+more%2F&b=keys#key", "?a={{long}}&b={{short}}s#{{short}}"),
            ("?a=%6bey%20and%20more%2f%", "?a={{long}}%"),
            ("said: key and more/", "said: {{long}}"),
            ("?a=key+and%20more/&b=1", "?a={{long}}&b=1"),
            ("?a=ab+/=&b=ab%2b%2F%3D&c=ab+%2F%3D", "?a={{base}}&b={{base}}&c={{base}}"),
            ("5%é 5%25%C3%A9 5%25é 5%C3%A9 %", "{{percent}} {{percent}} {{percent}} 5%C3%A9 %"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }
}

//! Secrets put in where their names stand.

use crate::message::Error;

/// The text with each `{{name}}` replaced by what `secret` has for it, `most` bytes at most.
///
/// # Errors
/// The first error of `secret`, or the text is too large.
pub(crate) fn fill<'a>(
    text: &[u8],
    most: usize,
    secret: impl Fn(&str) -> Result<&'a [u8], Error>,
) -> Result<Vec<u8>, Error> {
    let mut filled = Vec::with_capacity(text.len().min(most));
    let mut rest = text;
    loop {
        let open = rest.windows(2).position(|pair| pair == b"{{");
        let (plain, after) = rest.split_at(open.unwrap_or(rest.len()));
        push(&mut filled, plain, most)?;
        let Some(inner) = after.get(2..).filter(|_| open.is_some()) else { return Ok(filled) };
        let close = inner.windows(2).position(|pair| pair == b"}}");
        // What does not close is no name either.
        let name = inner.get(..close.unwrap_or(0)).unwrap_or_default();
        push(&mut filled, secret(std::str::from_utf8(name).unwrap_or_default())?, most)?;
        rest = inner.get(close.map_or(0, |close| close + 2)..).unwrap_or_default();
    }
}

fn push(filled: &mut Vec<u8>, part: &[u8], most: usize) -> Result<(), Error> {
    if filled.len() + part.len() > most {
        return Err(Error::TooLarge(format!(
            "with its secrets it has more than {most} bytes: send less"
        )));
    }
    filled.extend_from_slice(part);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, most: usize) -> Result<String, Error> {
        let secret = |name: &str| match name {
            "a" => Ok(&b"{{b}}"[..]),
            "b" => Ok(&b"xyz"[..]),
            _ => Err(Error::Secret(name.to_owned())),
        };
        fill(text.as_bytes(), most, secret).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn names_become_secrets_once() {
        for (text, expected) in [
            ("", ""),
            ("plain {a} }}", "plain {a} }}"),
            ("{{b}}", "xyz"),
            ("<{{b}}{{b}}>", "<xyzxyz>"),
            // A secret is not looked into.
            ("{{a}}", "{{b}}"),
        ] {
            assert_eq!(filled(text, 100).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_is_an_error() {
        for (text, name) in [
            ("{{c}}", "c"),
            ("{{b}} {{ b }}", " b "),
            ("{{", ""),
            ("{{b", ""),
            ("{{}}", ""),
            ("{{{b}}}", "{b"),
            ("{{b}} {{\u{e4}", ""),
        ] {
            assert_eq!(filled(text, 100), Err(Error::Secret(name.into())), "{text}");
        }
    }

    #[test]
    fn no_text_grows_beyond_its_limit() {
        assert_eq!(filled("12{{b}}", 5).unwrap(), "12xyz");
        assert!(matches!(filled("123{{b}}", 5), Err(Error::TooLarge(_))));
        assert!(matches!(filled("{{b}}123", 5), Err(Error::TooLarge(_))));
        assert!(matches!(filled(&"{{b}}".repeat(100_000), 1_000), Err(Error::TooLarge(_))));
    }
}

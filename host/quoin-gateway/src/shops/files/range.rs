//! Which part of a file a client wants: `Range`, RFC 9110, section 14.

use http::HeaderValue;

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it: the client asks for no part, or in a way that need not be understood.
    Whole,
    /// Bytes from `from` on.
    Some { from: u64, bytes: u64 },
    /// What the client asks for is beyond its end.
    None,
}

impl Part {
    /// The part that a header asks for, of a file of this size. Several parts at once are not given.
    pub fn of(range: &HeaderValue, size: u64) -> Part {
        let text = range.to_str().unwrap_or_default();
        let Some((first, last)) = text.strip_prefix("bytes=").and_then(|r| r.split_once('-'))
        else {
            return Part::Whole;
        };
        let (from, to) = match (number(first), number(last)) {
            (Ok(Some(from)), Ok(to)) => (from, to.unwrap_or(u64::MAX)),
            // The last bytes.
            (Ok(None), Ok(Some(last))) if last > 0 => (size.saturating_sub(last), u64::MAX),
            (Ok(None), Ok(Some(_))) => return Part::None,
            _ => return Part::Whole,
        };
        match to.min(size.saturating_sub(1)) {
            _ if to < from => Part::Whole,
            to if from < size => Part::Some { from, bytes: to - from + 1 },
            _ => Part::None,
        }
    }
}

fn number(text: &str) -> Result<Option<u64>, ()> {
    match text.trim() {
        "" => Ok(None),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map(Some).map_err(|_| ())
        }
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &'static str, size: u64) -> Part {
        Part::of(&HeaderValue::from_static(text), size)
    }

    #[test]
    fn a_part_is_given_from_the_beginning_the_middle_or_the_end() {
        for (text, from, bytes) in [
            ("bytes=0-0", 0, 1),
            ("bytes=2-4", 2, 3),
            ("bytes=8-", 8, 2),
            ("bytes=8-99", 8, 2),
            ("bytes=-3", 7, 3),
            ("bytes=-99", 0, 10),
        ] {
            assert_eq!(part(text, 10), Part::Some { from, bytes }, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_answered_with_all_of_it() {
        for text in ["bytes=", "bytes=-", "bytes=4-2", "lines=1-2", "bytes=0-1,3-4", "bytes=a-b"] {
            assert_eq!(part(text, 10), Part::Whole, "{text}");
        }
    }

    #[test]
    fn what_is_beyond_the_end_is_refused() {
        for (text, size) in [("bytes=10-", 10), ("bytes=0-", 0), ("bytes=-0", 10)] {
            assert_eq!(part(text, size), Part::None, "{text}");
        }
    }
}

//! Rules for text that callers send. Each answers with the problem, as the rest of a sentence that
//! starts with the field's name, or with none.

/// A line of 1 to `max` characters: no line break or other control character, no space around it.
pub fn line_problem(text: &str, max: usize) -> Option<String> {
    if text.is_empty() {
        return Some("is empty".into());
    }
    if text.chars().any(char::is_control) {
        return Some("has a line break or another control character".into());
    }
    if text.trim() != text {
        return Some("has white space around it".into());
    }
    length_problem(text, max)
}

/// A text of at most `max` characters, of any number of lines.
pub fn prose_problem(text: &str, max: usize) -> Option<String> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Some("has a control character other than line breaks and tabs".into());
    }
    length_problem(text, max)
}

/// A name for URLs and keys: 1 to `max` of a-z, 0-9 and -, no - at either end.
pub fn slug_problem(text: &str, max: usize) -> Option<String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let fits = (1..=max).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-');
    (!fits).then(|| format!("must be 1 to {max} characters a-z, 0-9 and -, without - at the ends"))
}

fn length_problem(text: &str, max: usize) -> Option<String> {
    let length = text.chars().count();
    (length > max).then(|| format!("has {length} characters; at most {max} are possible"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_visible_text_of_bounded_length_in_any_script() {
        for good in ["a", "Ünïcode 日本", &"é".repeat(9)] {
            assert_eq!(line_problem(good, 12), None, "{good}");
        }
        for bad in ["", " a", "a\u{a0}", "a\nb", "a\0", &"é".repeat(13)] {
            assert!(line_problem(bad, 12).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn prose_may_be_empty_and_have_many_lines() {
        assert_eq!(prose_problem("", 1), None);
        assert_eq!(prose_problem(" a\r\n\tb", 9), None);
        assert!(prose_problem("a\u{1b}", 9).is_some());
        assert!(prose_problem("0123456789", 9).is_some());
    }

    #[test]
    fn slugs_are_safe_in_urls() {
        for good in ["a", "a-1", "9"] {
            assert_eq!(slug_problem(good, 5), None, "{good}");
        }
        for bad in ["", "A", "a_b", "-a", "a-", "ä", "aaaaaa", "a/b"] {
            assert!(slug_problem(bad, 5).is_some(), "{bad}");
        }
    }
}

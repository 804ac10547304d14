//! What people are shown of others' text.

use quoin_core::visible::{is_hidden, line, lines};

#[test]
fn what_acts_on_a_terminal_or_deceives_the_eye_is_written_out() {
    for (text, shown) in [
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[2J\u{9b}31m\u{7f}", "\\u{1b}[2J\\u{9b}31m\\u{7f}"),
        ("\u{202e}abc\u{2066}", "\\u{202e}abc\\u{2066}"),
        ("a\u{2028}b\u{2029}c\u{85}", "a\\u{2028}b\\u{2029}c\\u{85}"),
        ("a\u{200b}\u{feff}b\u{ad}\u{e0041}", "a\\u{200b}\\u{feff}b\\u{ad}\\u{e0041}"),
    ] {
        assert_eq!(line(text), shown);
        assert!(!line(text).chars().any(is_hidden));
    }
    assert_eq!(lines("a\nb\u{2028}c\r"), "a\nb\\u{2028}c\\r");
}

#[test]
fn all_that_shows_itself_stays_as_it_is() {
    let text = "Öl, naïve e\u{301}, 10\u{a0}€, 中文, עברית, \\n 🙂";
    assert_eq!((line(text), lines(text)), (text.to_owned(), text.to_owned()));
}

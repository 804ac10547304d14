//! Text that others wrote, as people may be shown it: what acts on a terminal or deceives the eye is
//! written out.

/// Whether a character shows nothing of its own but acts on what is around it: control characters and
/// line breaks, marks that turn the direction of writing, and what takes no room or is a filler.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            // The soft hyphen, the Arabic letter mark, the Mongolian vowel separator.
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            // Zero-width spaces and joiners, marks of direction, separators of lines and paragraphs.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            // Hangul fillers.
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            // Tags, and what is reserved beside them.
            | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The text on one line: hidden characters are written as Rust writes them, `\n` or `\u{202e}`.
pub fn line(text: &str) -> String {
    shown(text, is_hidden)
}

/// As [`line`], but line breaks stay: for text whose lines the host itself has made.
pub fn lines(text: &str) -> String {
    shown(text, |c| is_hidden(c) && c != '\n')
}

fn shown(text: &str, hidden: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match hidden(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

//! Cursors of pages: the sort key of the last item, hidden from clients so that they do not build on it.

/// Hides a sort key in a cursor.
pub fn encode(key: &str) -> String {
    key.bytes().map(|b| format!("{b:02x}")).collect()
}

/// The sort key in a cursor; none when it is not one of ours.
pub fn decode(cursor: &str) -> Option<String> {
    let digits: Option<Vec<u8>> =
        cursor.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|d| d.len() % 2 == 0 && d.len() <= 2_000)?;
    let bytes = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    String::from_utf8(bytes).ok()
}

/// Items on a page: 20 unless told, at least 1, at most 100.
pub fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(20).clamp(1, 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_gives_back_what_was_put_in() {
        for key in ["", "a", "Ünïcode — 日本", "title\u{0}id"] {
            assert_eq!(decode(&encode(key)).as_deref(), Some(key));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for bad in ["x", "0", "zz", "ff", "日本"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}

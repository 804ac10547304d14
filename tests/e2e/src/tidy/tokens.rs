//! Rust text as the words and marks that matter to a reader of paths.

/// A piece of Rust text. Comments, literals of text and lifetimes are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A name, a keyword or a number.
    Word(String),
    /// `::`.
    Colons,
    /// Any other mark.
    Mark(char),
}

/// The code of a file, tests left out.
pub fn code(text: &str) -> Vec<Token> {
    without_tests(&tokens(text))
}

fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        match c {
            '/' if next == '/' => at = skip_line(&chars, at),
            '/' if next == '*' => at = skip_comment(&chars, at),
            '"' => at = skip_text(&chars, at),
            '\'' if next == '\\' => {
                // The escaped character may itself be a quote.
                at += 3;
                while chars.get(at).is_some_and(|c| *c != '\'') {
                    at += 1;
                }
                at += 1;
            }
            '\'' if chars.get(at + 2) == Some(&'\'') => at += 3,
            // A lifetime.
            '\'' => {
                at += 1;
                while chars.get(at).is_some_and(|c| is_word(*c)) {
                    at += 1;
                }
            }
            ':' if next == ':' => {
                tokens.push(Token::Colons);
                at += 2;
            }
            c if is_word(c) => {
                let start = at;
                while chars.get(at).is_some_and(|c| is_word(*c)) {
                    at += 1;
                }
                let word: String = chars[start..at].iter().collect();
                match raw_text(&chars, &word, at) {
                    Some(end) => at = end,
                    // `b"…"` and `c"…"`: the text is skipped next.
                    None if matches!(&*word, "b" | "c") && chars.get(at) == Some(&'"') => {}
                    None if word == "r" && chars.get(at) == Some(&'#') => at += 1,
                    None => tokens.push(Token::Word(word)),
                }
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token::Mark(c));
                }
                at += 1;
            }
        }
    }
    tokens
}

fn skip_line(chars: &[char], mut at: usize) -> usize {
    while chars.get(at).is_some_and(|c| *c != '\n') {
        at += 1;
    }
    at
}

fn skip_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn skip_text(chars: &[char], mut at: usize) -> usize {
    at += 1;
    while chars.get(at).is_some_and(|c| *c != '"') {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The end of the text that begins with `word` at `at`, as in `r##"…"##`, if it is one.
fn raw_text(chars: &[char], word: &str, at: usize) -> Option<usize> {
    if !matches!(word, "r" | "br" | "cr") {
        return None;
    }
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + hashes) != Some(&'"') {
        return None;
    }
    let mut end = at + hashes + 1;
    while end < chars.len() {
        let closing = chars[end + 1..].iter().take(hashes).filter(|c| **c == '#').count();
        if chars[end] == '"' && closing == hashes {
            return Some(end + 1 + hashes);
        }
        end += 1;
    }
    Some(end)
}

/// The tokens without items that only tests are built with.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let attribute = tokens_of_test_attribute();
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if tokens[at..].starts_with(&attribute) {
            at = end_of_item(tokens, at + attribute.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

fn tokens_of_test_attribute() -> Vec<Token> {
    tokens("#[cfg(test)]")
}

/// Where the item that begins here ends: with its `;`, or with the `}` of its body.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    let is_use = tokens.get(at) == Some(&Token::Word("use".into()));
    let mut depth = 0_usize;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']') => depth = depth.saturating_sub(1),
            Token::Mark('}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 && !is_use {
                    break;
                }
            }
            Token::Mark(';') if depth == 0 => break,
            _ => {}
        }
    }
    at
}

fn words(text: &str) -> Vec<String> {
    let word = |token| if let Token::Word(word) = token { Some(word) } else { None };
    code(text).into_iter().filter_map(word).collect()
}

#[test]
fn comments_texts_and_lifetimes_are_no_code() {
    let text = r###"
        a /* b /* c */ d */ e // f
        "g \" h" b"i" r"j" r#"k " l"# 'm' '\'' '\u{41}' &'n o<'p> r#type
    "###;
    assert_eq!(words(text), ["a", "e", "o", "type"]);
}

#[test]
fn what_only_tests_are_built_with_is_no_code() {
    let text = "
        #[cfg(test)] use a::{b, c}; d
        #[cfg(test)] mod tests; e
        #[cfg(test)] #[allow(x)] mod more { fn f() -> [u8; 4] { g() } } h
        #[cfg(not(test))] fn i() {}
    ";
    assert_eq!(words(text), ["d", "e", "h", "cfg", "not", "test", "fn", "i"]);
}

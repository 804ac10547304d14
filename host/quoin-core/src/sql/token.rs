//! From text to tokens.

use super::refusal::Refusal;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name.
    Word,
    /// A text literal.
    Text,
    /// A number that is an integer.
    Integer,
    /// Any other number.
    Decimal,
    /// `?N`.
    Parameter,
    /// An operator or a mark.
    Mark,
    /// Behind the last token.
    End,
}

/// A token and its place in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl Token<'_> {
    /// Whether it is this keyword or mark.
    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Mark) && self.text.eq_ignore_ascii_case(text)
    }

    /// The same token, wherever it stands.
    pub(super) fn same(&self, other: &Token<'_>) -> bool {
        self.kind == other.kind
            && match self.kind {
                Kind::Word => self.text.eq_ignore_ascii_case(other.text),
                _ => self.text == other.text,
            }
    }
}

/// All tokens of `sql`, the last of which is `Kind::End`.
pub(super) fn tokens(sql: &str) -> Result<Vec<Token<'_>>, Refusal> {
    if let Some(nul) = sql.find('\0') {
        return Err(Refusal::at(sql, nul, "SQL has no NUL character: take it out".into()));
    }
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at = skip_blank(sql, at)?;
        let rest = sql.get(at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else {
            found.push(Token { kind: Kind::End, text: "", at: sql.len() });
            return Ok(found);
        };
        let (kind, length) = token(sql, at, rest, first)?;
        let end = at.saturating_add(length);
        found.push(Token { kind, text: sql.get(at..end).unwrap_or_default(), at });
        at = end;
    }
}

fn token(sql: &str, at: usize, rest: &str, first: char) -> Result<(Kind, usize), Refusal> {
    let refuse = |message: &str| Err(Refusal::at(sql, at, message.into()));
    let bytes = rest.as_bytes();
    match first {
        'a'..='z' | 'A'..='Z' | '_' => {
            let length = run(bytes, |b| b.is_ascii_alphanumeric() || b == b'_');
            match bytes.get(length) {
                Some(b'\'') => refuse(
                    "only plain text literals are understood everywhere: pass bytes as a parameter",
                ),
                Some(b'$') | Some(0x80..) => name_letters(sql, at),
                _ => Ok((Kind::Word, length)),
            }
        }
        '0'..='9' => number(sql, at, bytes),
        '\'' => match text_length(bytes) {
            Some(length) => Ok((Kind::Text, length)),
            None => refuse("this text has no end: close it with ' (and write '' for a ' inside)"),
        },
        '?' => match run(bytes.get(1..).unwrap_or_default(), |b| b.is_ascii_digit()) {
            0 => refuse("parameters are numbered: write ?1, ?2 …"),
            digits => Ok((Kind::Parameter, digits.saturating_add(1))),
        },
        '$' | ':' | '@' | '#' => refuse(if rest.starts_with("::") {
            "`::` is understood by PostgreSQL only: write CAST(… AS …)"
        } else {
            "parameters are written ?1, ?2 …"
        }),
        '"' | '`' | '[' => refuse(
            "names are not quoted: text stands in 'single quotes', and a name that is a keyword \
             is better another one",
        ),
        _ if first.is_alphabetic() => name_letters(sql, at),
        _ => mark(sql, at, rest),
    }
}

fn name_letters(sql: &str, at: usize) -> Result<(Kind, usize), Refusal> {
    let message = "a name has letters a to z, digits and _ only: rename it";
    Err(Refusal::at(sql, at, message.into()))
}

fn mark(sql: &str, at: usize, rest: &str) -> Result<(Kind, usize), Refusal> {
    const STRANGE: [(&str, &str); 9] = [
        ("==", "`==` is understood by SQLite only: write ="),
        ("->", "JSON operators differ between engines: keep what you look for in columns"),
        ("<<", "bit operators differ between engines: use arithmetic"),
        (">>", "bit operators differ between engines: use arithmetic"),
        ("&", "bit operators differ between engines: use arithmetic"),
        ("~", "bit operators and regular expressions differ between engines: use LIKE"),
        ("<=>", "write IS NOT DISTINCT FROM"),
        ("!<", "write >="),
        ("!>", "write <="),
    ];
    const MARKS: [&str; 18] = [
        "||", "<>", "!=", "<=", ">=", "(", ")", ",", ";", ".", "+", "-", "*", "/", "%", "=", "<",
        ">",
    ];
    if let Some((_, why)) = STRANGE.iter().find(|(mark, _)| rest.starts_with(mark)) {
        return Err(Refusal::at(sql, at, (*why).into()));
    }
    match MARKS.iter().find(|mark| rest.starts_with(*mark)) {
        Some(mark) => Ok((Kind::Mark, mark.len())),
        None => {
            let found: String = rest.chars().take(1).collect();
            Err(Refusal::at(sql, at, format!("{found:?} means nothing here: take it out")))
        }
    }
}

fn number(sql: &str, at: usize, bytes: &[u8]) -> Result<(Kind, usize), Refusal> {
    let digits = |from: usize| run(bytes.get(from..).unwrap_or_default(), |b| b.is_ascii_digit());
    let mut length = digits(0);
    let mut kind = Kind::Integer;
    if bytes.get(length) == Some(&b'.') {
        kind = Kind::Decimal;
        length = length.saturating_add(1);
        length = length.saturating_add(digits(length));
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        kind = Kind::Decimal;
        length = length.saturating_add(1);
        if matches!(bytes.get(length), Some(b'+' | b'-')) {
            length = length.saturating_add(1);
        }
        match digits(length) {
            0 => return Err(Refusal::at(sql, at, "this number has no exponent: add one".into())),
            more => length = length.saturating_add(more),
        }
    }
    if bytes.get(length).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80) {
        let message =
            "a number has decimal digits only: put a space behind it, or write it plainly";
        return Err(Refusal::at(sql, at, message.into()));
    }
    let text = sql.get(at..at.saturating_add(length)).unwrap_or_default();
    if kind == Kind::Integer && text.parse::<i64>().is_err() {
        let message = format!("an integer is at most {}: pass another kind of value", i64::MAX);
        return Err(Refusal::at(sql, at, message));
    }
    Ok((kind, length))
}

/// Bytes of the text literal that starts here, its quotes included.
fn text_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'\'' if bytes.get(at.saturating_add(1)) == Some(&b'\'') => at = at.saturating_add(2),
            b'\'' => return Some(at.saturating_add(1)),
            _ => at = at.saturating_add(1),
        }
    }
}

/// The place of the next token, behind spaces and comments.
fn skip_blank(sql: &str, mut at: usize) -> Result<usize, Refusal> {
    loop {
        let bytes = sql.as_bytes().get(at..).unwrap_or_default();
        let blank = run(bytes, |b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
        at = at.saturating_add(blank);
        let rest = sql.get(at..).unwrap_or_default();
        if rest.starts_with("--") {
            at = at.saturating_add(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            at = comment(sql, at, rest)?;
        } else {
            return Ok(at);
        }
    }
}

/// The place behind a comment in `/* */`.
fn comment(sql: &str, at: usize, rest: &str) -> Result<usize, Refusal> {
    let inside = rest.get(2..).unwrap_or_default();
    match inside.find("*/") {
        // PostgreSQL reads a comment in a comment, SQLite does not.
        Some(end) if inside.get(..end).is_some_and(|text| !text.contains("/*")) => {
            Ok(at.saturating_add(end).saturating_add(4))
        }
        Some(_) => Err(Refusal::at(sql, at, "a comment holds no other one: use -- lines".into())),
        None => Err(Refusal::at(sql, at, "this comment has no end: close it with */".into())),
    }
}

fn run(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|b| !is(*b)).unwrap_or(bytes.len())
}

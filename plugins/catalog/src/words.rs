//! The words by which products are found.

use std::collections::HashSet;

use crate::exports::quoin::catalog::products::Product;

/// Words of a product that are found: those of its titles, SKUs and attributes come first, then as many of
/// its descriptions as there is room for. Each is a row.
const WORDS_MAX: usize = 200;
/// Characters of a word. What is longer is found by its beginning.
const WORD_MAX: usize = 30;

/// The different words of a product as its row has them, each once and with a space before it.
pub fn of(product: &Product) -> String {
    let variants = product.variants.iter().flat_map(|variant| [&variant.sku, &variant.title]);
    let attributes = product.attributes.iter().map(|attribute| &attribute.value);
    let titles = product.translations.iter().map(|translation| &translation.title);
    let descriptions = product.translations.iter().map(|translation| &translation.description);
    let texts = std::iter::once(&product.title).chain(variants).chain(attributes).chain(titles);
    let texts = texts.chain(std::iter::once(&product.description)).chain(descriptions);
    let mut seen = HashSet::new();
    let mut joined = String::new();
    for word in texts.flat_map(|text| split(text)) {
        if seen.len() == WORDS_MAX {
            break;
        }
        if !seen.contains(&word) {
            joined.push(' ');
            joined.push_str(&word);
            seen.insert(word);
        }
    }
    joined
}

/// The words of a text in lower case: letters and digits that stand together. Scripts that put no spaces
/// between words have a word for each letter.
pub fn split(text: &str) -> Vec<String> {
    if text.is_ascii() {
        let words =
            text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let cut = |word: &str| word.get(..WORD_MAX).unwrap_or(word).to_ascii_lowercase();
        return words.map(cut).collect();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    let mut length = 0;
    for c in text.chars().flat_map(char::to_lowercase) {
        let alone = has_no_spaces(c);
        if (alone || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if alone {
            words.push(c.to_string());
        } else if c.is_alphanumeric() {
            length = if word.is_empty() { 1 } else { length + 1 };
            if length <= WORD_MAX {
                word.push(c);
            }
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether the letter is of a script without spaces: Thai, Lao, Khmer, kana, Han.
fn has_no_spaces(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The end of the words that begin with this one: it and all of them come before.
pub fn end(word: &str) -> String {
    format!("{word}\u{10ffff}")
}

/// A LIKE pattern for rows with a word that begins with this one. Words have no character that LIKE knows.
pub fn pattern(word: &str) -> String {
    format!("% {word}%")
}

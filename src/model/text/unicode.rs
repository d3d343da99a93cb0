//! What Python takes for letters, spaces and accents.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

/// `\w`: letters and numbers by their general category, and `_`. Rust's letters are more: marks of vowels, and letters
/// in circles.
pub fn is_word(c: char) -> bool {
    let circled = || matches!(c, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{1f150}'..='\u{1f169}' | '\u{1f170}'..='\u{1f189}');
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || c == '_',
        false => c.is_alphanumeric() && !is_combining_mark(c) && !circled(),
    }
}

/// `\s`: Python also counts the four separators of ASCII.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// `strip_accents_ascii`.
pub fn to_ascii(text: &str) -> String {
    text.nfkd().filter(char::is_ascii).collect()
}

/// `strip_accents_unicode`.
pub fn without_accents(text: &str) -> String {
    text.nfkd().filter(|c| canonical_combining_class(*c) == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: Python's `re` and `unicodedata`.
    #[test]
    fn letters_and_accents_are_pythons() {
        for (c, expected) in [
            ('a', true),
            ('_', true),
            ('-', false),
            ('é', true),
            ('²', true),
            ('Ⅷ', true),
            ('日', true),
            ('\u{0301}', false),
        ]
        .into_iter()
        .chain([('\u{093e}', false), ('ⓐ', false), ('🄰', false), ('٣', true), ('½', true), ('🌸', false)])
        {
            assert_eq!(is_word(c), expected, "{c:?}");
        }
        assert!([' ', '\u{1f}', '\u{a0}', '\u{2029}'].into_iter().all(is_space) && !is_space('\u{200b}'));
        assert_eq!(without_accents("Crème ﬁn Ångström ½"), "Creme fin Angstrom 1⁄2");
        assert_eq!(to_ascii("Crème ﬁn 日 ½"), "Creme fin  12");
    }
}

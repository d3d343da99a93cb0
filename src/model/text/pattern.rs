//! Token patterns: the regular expressions that people split texts with, which are a kind of character, repeated. Any other
//! expression is for its reader to refuse.

use super::unicode::{is_space, is_word};

/// `token_pattern`: runs of one kind of character.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenPattern {
    class: Class,
    /// How many characters a run must have.
    least: usize,
    /// `\b` on both sides: a run that is part of a longer word is none.
    whole_words: bool,
}

/// A kind of character.
#[derive(Debug, Clone, PartialEq)]
enum Class {
    /// `\w`
    Word,
    /// `\S`
    NotSpace,
    /// `[a-zA-Z]`
    Ranges(Vec<(char, char)>),
}

impl Class {
    fn has(&self, c: char) -> bool {
        match self {
            Class::Word => is_word(c),
            Class::NotSpace => !is_space(c),
            Class::Ranges(ranges) => ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)),
        }
    }

    /// The class that an expression starts with, and the rest of it.
    fn parse(text: &str) -> Option<(Class, &str)> {
        if let Some(rest) = text.strip_prefix(r"\w") {
            return Some((Class::Word, rest));
        }
        if let Some(rest) = text.strip_prefix(r"\S") {
            return Some((Class::NotSpace, rest));
        }
        let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
        let mut ranges = vec![];
        let mut left = inside.chars().peekable();
        while let Some(first) = left.next() {
            let last = if left.next_if_eq(&'-').is_some() { left.next()? } else { first };
            if !first.is_ascii_alphanumeric() || !last.is_ascii_alphanumeric() || first > last {
                return None;
            }
            ranges.push((first, last));
        }
        (!ranges.is_empty()).then_some((Class::Ranges(ranges), rest))
    }
}

impl TokenPattern {
    /// Reads `\b\w\w+\b` and its like: one class, repeated, with a word's end on both sides or on none.
    pub fn parse(pattern: &str) -> Option<TokenPattern> {
        let text = pattern.strip_prefix("(?u)").unwrap_or(pattern);
        let (whole_words, text) = match text.strip_prefix(r"\b") {
            Some(rest) => (true, rest.strip_suffix(r"\b")?),
            None => (false, text),
        };
        let (class, mut text) = Class::parse(text)?;
        let mut least = 1;
        while let Some((same, rest)) = Class::parse(text) {
            if same != class {
                return None;
            }
            (least, text) = (least + 1, rest);
        }
        least = match text {
            "+" => least,
            "*" => least - 1,
            _ => least - 1 + text.strip_prefix('{')?.strip_suffix(",}")?.parse::<u16>().map(usize::from).ok()?,
        };
        // Beside a character that is no part of a word `\b` is not where the run ends.
        let sound = least > 0 && !(whole_words && class == Class::NotSpace);
        sound.then_some(TokenPattern { class, least, whole_words })
    }

    /// `re.findall`: calls `found` with each token.
    pub fn each<'t>(&self, text: &'t str, mut found: impl FnMut(&'t str)) {
        let mut places = text.char_indices().peekable();
        let mut before = None;
        while let Some((start, c)) = places.next() {
            if !self.class.has(c) {
                before = Some(c);
                continue;
            }
            let (mut end, mut length, mut last) = (start + c.len_utf8(), 1, c);
            while let Some((at, c)) = places.next_if(|(_, c)| self.class.has(*c)) {
                (end, length, last) = (at + c.len_utf8(), length + 1, c);
            }
            let within = |c: Option<char>| self.whole_words && c.is_some_and(is_word);
            if length >= self.least && !within(before) && !within(places.peek().map(|(_, c)| *c)) {
                found(&text[start..end]);
            }
            before = Some(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected: `re.findall`.
    #[test]
    fn tokens_are_pythons() {
        let text = "It's a_b 2nd café, x I'm état! ab1 zz";
        for (pattern, expected) in [
            (r"(?u)\b\w\w+\b", &["It", "a_b", "2nd", "café", "état", "ab1", "zz"][..]),
            (r"(?u)\b\w+\b", &["It", "s", "a_b", "2nd", "café", "x", "I", "m", "état", "ab1", "zz"]),
            (r"\w{3,}", &["a_b", "2nd", "café", "état", "ab1"]),
            (r"\S+", &["It's", "a_b", "2nd", "café,", "x", "I'm", "état!", "ab1", "zz"]),
            (r"\b[a-zA-Z]+\b", &["It", "s", "x", "I", "m", "zz"]),
            (r"[a-zA-Z]+", &["It", "s", "a", "b", "nd", "caf", "x", "I", "m", "tat", "ab", "zz"]),
            (r"[a-z0-9][a-z0-9]+", &["2nd", "caf", "tat", "ab1", "zz"]),
        ] {
            let mut found = vec![];
            TokenPattern::parse(pattern).expect(pattern).each(text, |token| found.push(token));
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn other_expressions_are_no_pattern() {
        for pattern in [
            "",
            r"\w",
            r"\w*",
            r"\b\w+",
            r"\w+\b",
            r"(\w+)",
            r"\w+|\d+",
            r"[^a]+",
            r"[a-z'-]+",
            r"\b\S+\b",
            r"\w\S+",
            r"[z-a]+",
            r"[]+",
            r"\w{2}",
            r"\w{99999,}",
            r"(?i)\w+",
            r"\d+",
            "[a-z]+ ",
        ] {
            assert_eq!(TokenPattern::parse(pattern), None, "{pattern}");
        }
    }
}

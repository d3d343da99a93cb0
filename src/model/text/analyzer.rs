//! From a text to its terms: lower case, accents, tokens, stop words, n-grams (`build_analyzer`).

use super::pattern::TokenPattern;
use super::unicode::{is_space, to_ascii, without_accents};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// How a vectorizer takes texts apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Analyzer {
    pub lowercase: bool,
    pub accents: Accents,
    pub terms: Terms,
    /// The least and the greatest number of tokens or characters in a term: `ngram_range`.
    pub lengths: (usize, usize),
}

/// `strip_accents`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accents {
    Keep,
    Ascii,
    Unicode,
}

/// What terms are made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Terms {
    Words {
        tokens: TokenPattern,
        stop_words: BTreeSet<Box<str>>,
    },
    /// Characters of the whole text.
    Characters,
    /// Characters of each word with a space on both sides (`char_wb`).
    CharactersOfWords,
}

impl Analyzer {
    /// Calls `found` with every term of a text, in any order, as often as it stands in it.
    pub fn each(&self, text: &str, mut found: impl FnMut(&str)) {
        let text = self.prepared(text);
        match &self.terms {
            Terms::Words { tokens, stop_words } => {
                let mut words: Vec<&str> = vec![];
                tokens.each(&text, |token| {
                    if !stop_words.contains(token) {
                        words.push(token);
                    }
                });
                self.phrases(&words, found);
            }
            Terms::Characters => {
                let text = single_spaced(&text);
                let (places, (least, most)) = (places(&text), self.lengths);
                let length = places.len() - 1;
                for n in least.max(1)..=most.min(length) {
                    (0..=length - n).for_each(|at| found(&text[places[at]..places[at + n]]));
                }
            }
            Terms::CharactersOfWords => {
                for word in single_spaced(&text).split(is_space).filter(|word| !word.is_empty()) {
                    self.within(&format!(" {word} "), &mut found);
                }
            }
        }
    }

    /// `_preprocess`.
    fn prepared<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let text: Cow<'t, str> = if self.lowercase { text.to_lowercase().into() } else { text.into() };
        match self.accents {
            Accents::Ascii if !text.is_ascii() => to_ascii(&text).into(),
            Accents::Unicode if !text.is_ascii() => without_accents(&text).into(),
            _ => text,
        }
    }

    /// `_word_ngrams`: tokens that follow each other, with spaces between.
    fn phrases(&self, words: &[&str], mut found: impl FnMut(&str)) {
        let (least, most) = self.lengths;
        if least <= 1 {
            words.iter().for_each(|word| found(word));
        }
        let mut phrase = String::new();
        for n in least.max(2)..=most.min(words.len()) {
            for words in words.windows(n) {
                phrase.clear();
                for (at, word) in words.iter().enumerate() {
                    phrase.push_str(if at == 0 { "" } else { " " });
                    phrase.push_str(word);
                }
                found(&phrase);
            }
        }
    }

    /// `_char_wb_ngrams` of one word: one that is too short for a length is taken whole, once.
    fn within(&self, word: &str, found: &mut impl FnMut(&str)) {
        let (places, (least, most)) = (places(word), self.lengths);
        let length = places.len() - 1;
        for n in least.max(1)..=most {
            if n >= length {
                return found(word);
            }
            (0..=length - n).for_each(|at| found(&word[places[at]..places[at + n]]));
        }
    }
}

/// Where each character starts, and the end.
fn places(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

/// Two and more spaces as one (`\s\s+`); a single one stays what it is.
fn single_spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut kept = c;
        while is_space(c) && chars.next_if(|next| is_space(*next)).is_some() {
            kept = ' ';
        }
        out.push(kept);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pattern: &str, stop: &[&str]) -> Terms {
        let tokens = TokenPattern::parse(pattern).expect("a pattern");
        Terms::Words { tokens, stop_words: stop.iter().map(|word| (*word).into()).collect() }
    }

    /// Expected: `CountVectorizer(…).build_analyzer()(text)`, sorted.
    #[test]
    fn terms_are_scikit_learns() {
        let check = |terms: Terms, lengths, accents, text: &str, expected: &[&str]| {
            let mut found = vec![];
            let analyzer = Analyzer { lowercase: true, accents, terms, lengths };
            analyzer.each(text, |term| found.push(term.to_owned()));
            found.sort_unstable();
            assert_eq!(found, expected, "{analyzer:?}");
        };
        let usual = || words(r"(?u)\b\w\w+\b", &["the"]);
        check(usual(), (1, 1), Accents::Keep, "The Cat, the CAT é I", &["cat", "cat"]);
        check(usual(), (1, 2), Accents::Keep, "The big cat", &["big", "big cat", "cat"]);
        check(usual(), (2, 3), Accents::Unicode, "Été à la mer", &["ete la", "ete la mer", "la mer"]);
        check(usual(), (2, 2), Accents::Keep, "cat", &[]);
        check(Terms::Characters, (2, 3), Accents::Keep, "a \t b", &[" b", "a ", "a b"]);
        check(Terms::Characters, (1, 2), Accents::Ascii, "É\n", &["\n", "e", "e\n"]);
        check(Terms::Characters, (3, 3), Accents::Keep, "ab", &[]);
        check(
            Terms::CharactersOfWords,
            (2, 3),
            Accents::Keep,
            "ab c",
            &[" a", " ab", " c", " c ", "ab", "ab ", "b ", "c "],
        );
        check(Terms::CharactersOfWords, (5, 9), Accents::Keep, "ab c", &[" ab ", " c "]);
        check(Terms::CharactersOfWords, (3, 4), Accents::Keep, "c", &[" c "]);
    }
}

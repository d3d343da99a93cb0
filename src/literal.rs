//! Values as Python writes them in text: `None`, `0.5`, `1e-3`, `'auto'` or `auto`, `{0: 1, 1: 5}`, `(0, 1)`.
//!
//! Reads literals only; nothing is evaluated.

use std::fmt;

/// A Python literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    /// A tuple or a list: parameters do not tell them apart.
    Tuple(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

impl Literal {
    /// Reads `text` as Python would; what is no literal is the string itself, so that `auto` needs no quotes.
    ///
    /// `100` is a count and `1.0` a fraction, as in Python. `inf` and `nan` are numbers.
    pub fn parse(text: &str) -> Literal {
        let mut reader = Reader { rest: text.trim(), depth: 0 };
        match reader.value() {
            Some(value) if reader.rest.trim_start().is_empty() => value,
            _ => Literal::Str(text.trim().to_owned()),
        }
    }

    /// The number, if it is one; a bool is none.
    pub fn number(&self) -> Option<f64> {
        match self {
            Literal::Int(i) => Some(*i as f64),
            Literal::Float(x) => Some(*x),
            _ => None,
        }
    }
}

impl fmt::Display for Literal {
    /// As Python's `repr`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::None => f.write_str("None"),
            Literal::Bool(true) => f.write_str("True"),
            Literal::Bool(false) => f.write_str("False"),
            Literal::Int(i) => write!(f, "{i}"),
            Literal::Float(x) if x.is_infinite() => f.write_str(if *x > 0.0 { "inf" } else { "-inf" }),
            Literal::Float(x) if x.is_nan() => f.write_str("nan"),
            Literal::Float(x) => write!(f, "{x:?}"),
            Literal::Str(s) => write!(f, "'{}'", s.escape_debug()),
            Literal::Tuple(items) => {
                f.write_str("(")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
            Literal::Dict(pairs) => {
                f.write_str("{")?;
                for (i, (key, value)) in pairs.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
    depth: u8,
}

impl<'t> Reader<'t> {
    /// Parameters are flat: what is deeper than this is no parameter.
    const MAX_DEPTH: u8 = 4;

    fn value(&mut self) -> Option<Literal> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            quote @ ('\'' | '"') => self.quoted(quote),
            '{' => self.nested(|r| r.items('}', Reader::pair).map(Literal::Dict)),
            '(' => self.nested(|r| r.items(')', Reader::value).map(Literal::Tuple)),
            '[' => self.nested(|r| r.items(']', Reader::value).map(Literal::Tuple)),
            _ => self.word(),
        }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Option<Literal>) -> Option<Literal> {
        if self.depth == Self::MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Without escapes: no parameter holds a quote or a backslash.
    fn quoted(&mut self, quote: char) -> Option<Literal> {
        let (text, rest) = self.rest[1..].split_once(quote)?;
        self.rest = rest;
        (!text.contains('\\')).then(|| Literal::Str(text.to_owned()))
    }

    fn pair(&mut self) -> Option<(Literal, Literal)> {
        let key = self.value()?;
        self.take(':').then_some(())?;
        Some((key, self.value()?))
    }

    fn items<T>(&mut self, close: char, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.rest = &self.rest[1..];
        let mut items = Vec::new();
        while !self.take(close) {
            items.push(item(self)?);
            if !self.take(',') && !self.rest.trim_start().starts_with(close) {
                return None;
            }
        }
        Some(items)
    }

    fn take(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_start();
        let found = self.rest.strip_prefix(c);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn word(&mut self) -> Option<Literal> {
        let inside = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
        let end = self.rest.find(|c| !inside(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "None" => Some(Literal::None),
            "True" => Some(Literal::Bool(true)),
            "False" => Some(Literal::Bool(false)),
            "inf" => Some(Literal::Float(f64::INFINITY)),
            "-inf" => Some(Literal::Float(f64::NEG_INFINITY)),
            "nan" => Some(Literal::Float(f64::NAN)),
            _ => number(word),
        }
    }
}

/// An int or a float; Rust reads more spellings of infinity than Python's literals have.
fn number(word: &str) -> Option<Literal> {
    if !word.contains(|c: char| c.is_ascii_digit())
        || word.contains(|c: char| c.is_alphabetic() && c != 'e' && c != 'E')
    {
        return None;
    }
    word.parse().map(Literal::Int).or_else(|_| word.parse().map(Literal::Float)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Literal) {
        assert_eq!(Literal::parse(text), expected, "{text}");
    }

    #[test]
    fn literals_as_python_reads_them() {
        check("None", Literal::None);
        check("True", Literal::Bool(true));
        check("100", Literal::Int(100));
        check("-1", Literal::Int(-1));
        check("1.0", Literal::Float(1.0));
        check("1e-3", Literal::Float(1e-3));
        check(".5", Literal::Float(0.5));
        check("inf", Literal::Float(f64::INFINITY));
        check("auto", Literal::Str("auto".into()));
        check("'auto'", Literal::Str("auto".into()));
        check("k-means++", Literal::Str("k-means++".into()));
        check(
            "{0: 1, 1: 5}",
            Literal::Dict(vec![(Literal::Int(0), Literal::Int(1)), (Literal::Int(1), Literal::Int(5))]),
        );
        check("{'a': 2.5,}", Literal::Dict(vec![(Literal::Str("a".into()), Literal::Float(2.5))]));
        check("(0, 1)", Literal::Tuple(vec![Literal::Int(0), Literal::Int(1)]));
        check("[0.5]", Literal::Tuple(vec![Literal::Float(0.5)]));
        check("{}", Literal::Dict(vec![]));
    }

    #[test]
    fn what_is_no_literal_is_a_string() {
        for text in ["{0: 1", "(1, 2", "1 2", "{0}", "'a", "[[[[[1]]]]]", "é", "infinity", "0x10"] {
            check(text, Literal::Str(text.into()));
        }
    }

    #[test]
    fn shown_as_pythons_repr() {
        for text in ["None", "False", "3", "0.5", "1e-10", "'auto'", "{0: 1, 'b': 2.5}", "(0, 1)", "(1,)", "inf"] {
            assert_eq!(Literal::parse(text).to_string(), text);
        }
    }
}

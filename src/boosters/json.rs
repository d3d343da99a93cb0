//! JSON text as XGBoost writes it: in pickles of 1.3 to 1.5, and in the files of `save_model`.

use super::BoosterError;
use super::document::{Builder, Document, Expects, damaged};
use std::borrow::Cow;

/// Reads a document; text after its end is an error.
///
/// # Errors
/// When the text is not JSON, or is more deeply nested than any model.
pub fn read(text: &str) -> Result<Document<'_>, BoosterError> {
    let mut reader = Reader { text, at: 0, builder: Builder::new(text.len()) };
    match reader.run() {
        Ok(()) => Ok(reader.builder.finish()),
        Err(problem) => Err(damaged(reader.at, problem)),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    builder: Builder<'a>,
}

const CUT: &str = "it is cut off";

impl<'a> Reader<'a> {
    fn run(&mut self) -> Result<(), &'static str> {
        // Between two items of a list or object stands a comma.
        let mut first = true;
        loop {
            self.space();
            let expects = self.builder.expects();
            match (expects, self.peek()) {
                (Expects::End, None) => return Ok(()),
                (Expects::End, Some(_)) => return Err("text follows its end"),
                (_, None) => return Err(CUT),
                (Expects::Item, Some(b']')) => {
                    self.at += 1;
                    self.builder.end_list()?;
                    first = false;
                    continue;
                }
                (Expects::Key, Some(b'}')) => {
                    self.at += 1;
                    self.builder.end_object()?;
                    first = false;
                    continue;
                }
                (Expects::Item | Expects::Key, Some(b',')) if !first => {
                    self.at += 1;
                    self.space();
                }
                (Expects::Item | Expects::Key, Some(_)) if !first => return Err("there should be a comma"),
                _ => {}
            }
            if expects == Expects::Key {
                let key = self.string()?;
                self.builder.key(key)?;
                self.space();
                self.expect(b':')?;
                self.space();
            }
            first = self.value()?;
        }
    }

    /// Reads a value, or the beginning of one that holds others: then true.
    fn value(&mut self) -> Result<bool, &'static str> {
        match self.peek().ok_or(CUT)? {
            b'{' => {
                self.at += 1;
                self.builder.begin_object()?;
                return Ok(true);
            }
            b'[' => {
                self.at += 1;
                self.builder.begin_list()?;
                return Ok(true);
            }
            b'"' => {
                let text = self.string()?;
                self.builder.text(text)?;
            }
            _ => self.word()?,
        }
        Ok(false)
    }

    /// A number, `true`, `false`, `null`, or `NaN` and `Infinity` as XGBoost spells them.
    fn word(&mut self) -> Result<(), &'static str> {
        let rest = &self.text[self.at..];
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let word = &rest[..rest.find(|c| !part(c)).unwrap_or(rest.len())];
        self.at += word.len();
        match word {
            "null" => self.builder.null(),
            "true" => self.builder.number(1.0),
            "false" => self.builder.number(0.0),
            _ => {
                let number = word.parse().map_err(|_| "there is no such value")?;
                self.builder.number(number)
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, &'static str> {
        self.expect(b'"')?;
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let mut escaped = false;
        for (i, byte) in rest.iter().enumerate() {
            match byte {
                b'"' if !escaped => {
                    self.at = start + i + 1;
                    return unescaped(&self.text[start..start + i]);
                }
                b'\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        Err(CUT)
    }

    fn expect(&mut self, byte: u8) -> Result<(), &'static str> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err("there should be a quote or a colon"),
            None => Err(CUT),
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// The text between two quotes.
fn unescaped(raw: &str) -> Result<Cow<'_, str>, &'static str> {
    if !raw.contains('\\') {
        return Ok(Cow::Borrowed(raw));
    }
    let quoted = format!("\"{raw}\"");
    serde_json::from_str(&quoted).map(Cow::Owned).map_err(|_| "a text has an escape that JSON does not know")
}

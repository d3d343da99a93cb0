//! UBJSON as XGBoost writes it from 1.6 on: counted objects' keys, typed lists, big-endian numbers.

use super::BoosterError;
use super::document::{Builder, Document, Expects, Kind, damaged};
use std::borrow::Cow;

/// Reads a document; bytes after its end are an error.
///
/// # Errors
/// When the bytes are not UBJSON, or are more deeply nested than any model.
pub fn read(bytes: &[u8]) -> Result<Document<'_>, BoosterError> {
    let mut reader = Reader { bytes, at: 0, counts: vec![], builder: Builder::new(bytes.len()) };
    match reader.run() {
        Ok(()) => Ok(reader.builder.finish()),
        Err(problem) => Err(damaged(reader.at, problem)),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// For each open list or object, how many of its items are left where it says so; else it has an end marker.
    counts: Vec<Option<usize>>,
    builder: Builder<'a>,
}

const CUT: &str = "it is cut off";

impl<'a> Reader<'a> {
    fn run(&mut self) -> Result<(), &'static str> {
        loop {
            let expects = self.builder.expects();
            let between = matches!(expects, Expects::Item | Expects::Key);
            if between && self.counts.last() == Some(&Some(0)) {
                self.end()?;
                continue;
            }
            match expects {
                Expects::End if self.at == self.bytes.len() => return Ok(()),
                Expects::End => return Err("bytes follow its end"),
                Expects::Key if self.peek()? == b'}' => {
                    self.at += 1;
                    self.end()?;
                }
                Expects::Key => {
                    let key = self.string()?;
                    self.builder.key(Cow::Borrowed(key))?;
                    self.count();
                }
                Expects::Item if self.peek()? == b']' => {
                    self.at += 1;
                    self.end()?;
                }
                Expects::Item => {
                    self.count();
                    self.value()?;
                }
                Expects::Value => self.value()?,
            }
        }
    }

    /// Takes one off the items that are left of the innermost list or object.
    fn count(&mut self) {
        if let Some(Some(left)) = self.counts.last_mut() {
            *left -= 1;
        }
    }

    fn end(&mut self) -> Result<(), &'static str> {
        self.counts.pop();
        match self.builder.expects() {
            Expects::Item => self.builder.end_list(),
            _ => self.builder.end_object(),
        }
    }

    fn value(&mut self) -> Result<(), &'static str> {
        let marker = self.take(1)?[0];
        match marker {
            b'Z' | b'N' => self.builder.null(),
            b'T' => self.builder.number(1.0),
            b'F' => self.builder.number(0.0),
            b'S' => {
                let text = self.string()?;
                self.builder.text(Cow::Borrowed(text))
            }
            b'C' => {
                let text = text(self.take(1)?)?;
                self.builder.text(Cow::Borrowed(text))
            }
            b'[' => self.list(),
            b'{' => {
                let count = self.counted()?;
                self.counts.push(count);
                self.builder.begin_object()
            }
            marker => {
                let kind = kind(marker).ok_or("there is no such type")?;
                let number = kind.read(self.take(kind.width())?);
                self.builder.number(number)
            }
        }
    }

    fn list(&mut self) -> Result<(), &'static str> {
        if self.peek()? == b'$' {
            let kind = kind(self.take(2)?[1]).ok_or("a list of a type that no model has")?;
            let count = self.counted()?.ok_or("a typed list without a length")?;
            let bytes = self.take(count.checked_mul(kind.width()).ok_or(CUT)?)?;
            return self.builder.typed(kind, bytes);
        }
        let count = self.counted()?;
        self.counts.push(count);
        self.builder.begin_list()
    }

    /// The length of a list or object, where it stands at its beginning.
    fn counted(&mut self) -> Result<Option<usize>, &'static str> {
        if self.peek()? != b'#' {
            return Ok(None);
        }
        self.at += 1;
        self.length().map(Some)
    }

    fn string(&mut self) -> Result<&'a str, &'static str> {
        let length = self.length()?;
        text(self.take(length)?)
    }

    fn length(&mut self) -> Result<usize, &'static str> {
        let kind = kind(self.take(1)?[0]).ok_or("there should be a length")?;
        let length = kind.read(self.take(kind.width())?);
        match length.fract() == 0.0 && (0.0..9e15).contains(&length) {
            true => Ok(length as usize),
            false => Err("a length cannot be that"),
        }
    }

    fn peek(&self) -> Result<u8, &'static str> {
        self.bytes.get(self.at).copied().ok_or(CUT)
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], &'static str> {
        let end = self.at.checked_add(n).filter(|end| *end <= self.bytes.len()).ok_or(CUT)?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }
}

fn text(bytes: &[u8]) -> Result<&str, &'static str> {
    std::str::from_utf8(bytes).map_err(|_| "a text is not UTF-8")
}

fn kind(marker: u8) -> Option<Kind> {
    Some(match marker {
        b'i' => Kind::I8,
        b'U' => Kind::U8,
        b'I' => Kind::I16,
        b'l' => Kind::I32,
        b'L' => Kind::I64,
        b'd' => Kind::F32,
        b'D' => Kind::F64,
        _ => return None,
    })
}

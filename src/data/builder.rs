//! A column while its values arrive: what it holds is known from the first value that is not missing.
//!
//! A value that does not fit what came before, text among numbers, ends the column: its numbers are no longer the text
//! they were written as, so it has to be read again, as text from the start ([`Builder::as_text`]).

use super::cell::{self, Cell};
use super::{Column, NumberKind, Texts, Values};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

#[derive(Debug)]
pub(super) struct Builder {
    name: String,
    rows: usize,
    /// How many rows there will be, as far as is known.
    expected: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing but missing values so far.
    Unknown,
    Numbers(NumberKind, Vec<f64>),
    Times(Vec<i64>),
    Texts(Interner),
    /// Whatever comes is kept as its text.
    ForcedText(Interner),
    /// Values of several kinds came, so that nothing is kept.
    Mixed,
}

const NO_TIME: i64 = i64::MIN;

impl Builder {
    /// A column without rows.
    pub fn new(name: String) -> Builder {
        Builder { name, rows: 0, expected: 0, state: State::Unknown }
    }

    /// A column that is text, whatever its values look like.
    pub fn as_text(name: String) -> Builder {
        Builder { name, rows: 0, expected: 0, state: State::ForcedText(Interner::default()) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the column must be read again as text.
    pub fn is_mixed(&self) -> bool {
        matches!(self.state, State::Mixed)
    }

    /// Bytes of memory that the values take.
    pub fn held(&self) -> u64 {
        let bytes = match &self.state {
            State::Unknown | State::Mixed => 0,
            State::Numbers(_, values) => values.len() * 8,
            State::Times(values) => values.len() * 8,
            State::Texts(texts) | State::ForcedText(texts) => texts.held(),
        };
        bytes as u64
    }

    /// A cell of a text table: what it holds is seen from how it is written.
    pub fn push_cell(&mut self, text: &[u8]) {
        if let State::Numbers(kind, values) = &mut self.state
            && let Some((value, written)) = cell::number(text)
            && let Some(both) = common(*kind, written)
        {
            *kind = both;
            values.push(value);
            self.rows += 1;
            return;
        }
        if let State::Texts(texts) | State::ForcedText(texts) = &mut self.state {
            if cell::is_missing(text) {
                texts.push_missing();
            } else {
                texts.push(text);
            }
            self.rows += 1;
            return;
        }
        match cell::read(text) {
            Cell::Missing => self.push_missing(),
            Cell::Number(value, kind) => self.push_number(value, kind),
            Cell::Time(time) => self.push_time(time),
            Cell::Text => self.push_plain_text(text),
        }
    }

    /// A value that is known to be text; one that looks like a date is one, unless texts came before.
    pub fn push_text(&mut self, text: &str) {
        let time = match self.state {
            State::Unknown | State::Times(_) => cell::time(text.as_bytes()),
            _ => None,
        };
        match time {
            Some(time) => self.push_time(time),
            None => self.push_plain_text(text.as_bytes()),
        }
    }

    /// A value that is text and nothing else.
    pub fn push_plain_text(&mut self, text: &[u8]) {
        if matches!(self.state, State::Unknown) {
            self.state = State::Texts(Interner::missing(self.all_missing(Texts::MISSING)));
        }
        match &mut self.state {
            State::Texts(texts) | State::ForcedText(texts) => texts.push(text),
            state => *state = State::Mixed,
        }
        self.rows += 1;
    }

    pub fn push_number(&mut self, value: f64, written: NumberKind) {
        match &mut self.state {
            State::ForcedText(texts) => texts.push(number_text(value, written).as_bytes()),
            _ => self.numbers(written).into_iter().for_each(|values| values.push(value)),
        }
        self.rows += 1;
    }

    pub fn push_time(&mut self, micros: i64) {
        if matches!(self.state, State::Unknown) {
            self.state = State::Times(self.all_missing(NO_TIME));
        }
        match &mut self.state {
            State::Times(values) => values.push(micros),
            State::ForcedText(texts) => texts.push(cell::time_text(micros).as_bytes()),
            state => *state = State::Mixed,
        }
        self.rows += 1;
    }

    pub fn push_missing(&mut self) {
        match &mut self.state {
            State::Unknown | State::Mixed => {}
            State::Numbers(_, values) => values.push(f64::NAN),
            State::Times(values) => values.push(NO_TIME),
            State::Texts(texts) | State::ForcedText(texts) => texts.push_missing(),
        }
        self.rows += 1;
    }

    /// Missing values up to that many rows.
    pub fn fill(&mut self, rows: usize) {
        while self.rows < rows {
            self.push_missing();
        }
    }

    /// The values so far, when none is there; with room for all that are expected.
    fn all_missing<T: Clone>(&self, missing: T) -> Vec<T> {
        let mut values = Vec::with_capacity(self.expected.max(self.rows));
        values.resize(self.rows, missing);
        values
    }

    /// Says how many rows will come, so that memory is taken once.
    #[cfg(feature = "data")]
    pub fn expect(&mut self, rows: usize) {
        self.expected = self.rows.saturating_add(rows);
    }

    /// Many numbers at once, NaN for what is missing.
    #[cfg(feature = "data")]
    pub fn extend_numbers(&mut self, written: NumberKind, new: impl ExactSizeIterator<Item = f64>) {
        if matches!(self.state, State::ForcedText(_)) {
            for value in new {
                if value.is_nan() { self.push_missing() } else { self.push_number(value, written) }
            }
            return;
        }
        let count = new.len();
        if let Some(values) = self.numbers(written) {
            values.extend(new);
        }
        self.rows += count;
    }

    /// Texts of a dictionary by their codes. `known` holds their codes here, as far as they came before, else
    /// [`Texts::MISSING`]; one for each text.
    #[cfg(feature = "data")]
    pub fn extend_texts<'t>(
        &mut self,
        codes: impl ExactSizeIterator<Item = Option<usize>>,
        text: impl Fn(usize) -> &'t str,
        known: &mut [u32],
    ) {
        if matches!(self.state, State::Unknown) {
            self.state = State::Texts(Interner::missing(self.all_missing(Texts::MISSING)));
        }
        self.rows += codes.len();
        let (State::Texts(texts) | State::ForcedText(texts)) = &mut self.state else {
            self.state = State::Mixed;
            return;
        };
        for code in codes {
            let Some(code) = code else {
                texts.push_missing();
                continue;
            };
            if known[code] == Texts::MISSING {
                texts.push(text(code).as_bytes());
                known[code] = texts.texts.codes[texts.texts.codes.len() - 1];
            } else {
                texts.texts.codes.push(known[code]);
            }
        }
    }

    /// The numbers so far, to append to, with NaN for what was missing; none when something else came before.
    fn numbers(&mut self, written: NumberKind) -> Option<&mut Vec<f64>> {
        if matches!(self.state, State::Unknown) {
            self.state = State::Numbers(written, self.all_missing(f64::NAN));
        }
        let State::Numbers(kind, _) = &mut self.state else {
            self.state = State::Mixed;
            return None;
        };
        match common(*kind, written) {
            Some(both) => *kind = both,
            None => self.state = State::Mixed,
        }
        match &mut self.state {
            State::Numbers(_, values) => Some(values),
            _ => None,
        }
    }

    /// The column; one without a single value is of numbers, all missing. None when values of several kinds came.
    pub fn finish(self) -> Option<Column> {
        let values = match self.state {
            State::Unknown => Values::Numbers { kind: NumberKind::Float, values: vec![f64::NAN; self.rows] },
            State::Numbers(kind, mut values) => {
                values.shrink_to_fit();
                Values::Numbers { kind, values }
            }
            State::Times(mut values) => {
                values.shrink_to_fit();
                Values::Times(values)
            }
            State::Texts(texts) => texts.times().map_or_else(|| Values::Texts(texts.texts), Values::Times),
            State::ForcedText(texts) => Values::Texts(texts.texts),
            State::Mixed => return None,
        };
        Some(Column { name: self.name, values })
    }
}

/// What a column holds that has numbers of both kinds: booleans do not mix with numbers, as in pandas.
fn common(one: NumberKind, other: NumberKind) -> Option<NumberKind> {
    use NumberKind::{Boolean, Float, Integer};
    match (one, other) {
        (Boolean, Boolean) => Some(Boolean),
        (Boolean, _) | (_, Boolean) => None,
        (Integer, Integer) => Some(Integer),
        (Float | Integer, Float | Integer) => Some(Float),
    }
}

/// A number's text where numbers and texts share a column.
fn number_text(value: f64, written: NumberKind) -> String {
    match written {
        NumberKind::Boolean => if value == 0.0 { "False" } else { "True" }.to_owned(),
        NumberKind::Integer => format!("{value:.0}"),
        NumberKind::Float => format!("{value:?}"),
    }
}

/// Texts as they arrive, each kept once.
#[derive(Debug, Default)]
struct Interner {
    texts: Texts,
    /// Codes, found by the hash of their text.
    known: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// Bytes of the dictionary's texts.
    bytes: usize,
}

impl Interner {
    /// After these codes, of missing values.
    fn missing(codes: Vec<u32>) -> Interner {
        let texts = Texts { dictionary: Vec::new(), codes };
        Interner { texts, ..Interner::default() }
    }

    /// Bytes that are not UTF-8 are replaced; readers refuse them before.
    fn push(&mut self, text: &[u8]) {
        let Texts { dictionary, codes } = &mut self.texts;
        // Neighbours are often equal.
        if let Some(last) = codes.last().filter(|last| **last != Texts::MISSING)
            && dictionary[*last as usize].as_bytes() == text
        {
            return codes.push(*last);
        }
        let hash = self.hasher.hash_one(text);
        let found = self.known.find(hash, |code| dictionary[*code as usize].as_bytes() == text);
        let code = found.copied().unwrap_or_else(|| {
            let code = dictionary.len() as u32;
            dictionary.push(String::from_utf8_lossy(text).into_owned());
            self.bytes += text.len();
            let rehash = |code: &u32| self.hasher.hash_one(dictionary[*code as usize].as_bytes());
            self.known.insert_unique(hash, code, rehash);
            code
        });
        codes.push(code);
    }

    fn push_missing(&mut self) {
        self.texts.codes.push(Texts::MISSING);
    }

    /// The texts as times, when all of them are. Readers that hand over whole dictionaries do not look at each.
    fn times(&self) -> Option<Vec<i64>> {
        let Texts { dictionary, codes } = &self.texts;
        let times: Vec<i64> = dictionary.iter().map(|text| cell::time(text.as_bytes())).collect::<Option<_>>()?;
        Some(codes.iter().map(|code| if *code == Texts::MISSING { NO_TIME } else { times[*code as usize] }).collect())
    }

    fn held(&self) -> usize {
        self.texts.codes.len() * 4 + self.texts.dictionary.len() * (size_of::<String>() + 8) + self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &[&str]) -> Option<Values> {
        let mut builder = Builder::new("a".to_owned());
        cells.iter().for_each(|cell| builder.push_cell(cell.as_bytes()));
        assert_eq!(builder.rows(), cells.len());
        builder.finish().map(|column| column.values)
    }

    fn numbers(cells: &[&str], kind: NumberKind, expected: &[f64]) {
        let Some(Values::Numbers { kind: found, values }) = column(cells) else { panic!("{cells:?} are no numbers") };
        assert_eq!(found, kind, "{cells:?}");
        let bits = |values: &[f64]| values.iter().map(|v| if v.is_nan() { 1 } else { v.to_bits() }).collect::<Vec<_>>();
        assert_eq!(bits(&values), bits(expected), "{cells:?}");
    }

    #[test]
    fn a_column_is_what_its_values_are() {
        numbers(&["1", "", "-2"], NumberKind::Integer, &[1.0, f64::NAN, -2.0]);
        numbers(&["1", "2.5"], NumberKind::Float, &[1.0, 2.5]);
        numbers(&["NA", "1.5", " 2"], NumberKind::Float, &[f64::NAN, 1.5, 2.0]);
        numbers(&["True", "", "FALSE"], NumberKind::Boolean, &[1.0, f64::NAN, 0.0]);
        numbers(&["", "NaN"], NumberKind::Float, &[f64::NAN, f64::NAN]);
        let times = vec![i64::MIN, 86_400_000_000];
        assert_eq!(column(&["", "1970-01-02"]), Some(Values::Times(times)));
        let texts = Texts { dictionary: vec!["b".into(), "a".into()], codes: vec![Texts::MISSING, 0, 1, 0, 0] };
        assert_eq!(column(&["NA", "b", "a", "b", "b"]), Some(Values::Texts(texts)));
        let texts = Texts { dictionary: vec!["x".into(), "1".into()], codes: vec![0, 1] };
        assert_eq!(column(&["x", "1"]), Some(Values::Texts(texts)));
    }

    #[test]
    fn what_does_not_fit_is_seen() {
        for cells in [["1", "x"], ["True", "1"], ["1", "True"], ["1", "1970-01-01"], ["1970-01-01", "x"]] {
            assert_eq!(column(&cells), None, "{cells:?}");
        }
    }

    #[test]
    fn forced_text_is_kept_as_written() {
        let mut builder = Builder::as_text("a".to_owned());
        for text in ["1.50", "007", "", "x"] {
            builder.push_cell(text.as_bytes());
        }
        builder.push_number(3.0, NumberKind::Integer);
        builder.push_number(3.0, NumberKind::Float);
        builder.push_number(1.0, NumberKind::Boolean);
        builder.push_text("1970-01-01");
        let Some(Values::Texts(texts)) = builder.finish().map(|column| column.values) else { panic!("no text") };
        let found: Vec<_> = (0..8).map(|row| texts.get(row)).collect();
        let expected = ["1.50", "007", "", "x", "3", "3.0", "True", "1970-01-01"];
        assert_eq!(found, expected.map(|text| (!text.is_empty()).then_some(text)));
    }
}

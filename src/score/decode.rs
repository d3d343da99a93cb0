//! The body of a JSON request to a table: the top level, the choice of form, single values.
//!
//! One pass over the bytes for a list of records. What is wrong with the shape is kept until the text has been read to
//! its end, since a syntax error comes first and a second `input_data` replaces the first.

use super::error::{Code, ScoreError};
use super::json::{Fault, Parse, Scanner, What};
use super::number::{Decimal, python_float};
use super::schema::Schema;
use super::table::Table;
use super::{ReplyStyle, problem};
use crate::model::{Content, NULL, Vocabulary};

/// What a request asks for.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub table: Table,
    /// Names of the outputs asked for, in order; empty for the default.
    pub outputs: Vec<String>,
}

/// Reads one body.
pub(super) struct Decoder<'a> {
    pub schema: &'a Schema,
    pub table: Table,
    /// What is wrong with the shape of the last `input_data`.
    pub problem: Option<ScoreError>,
    /// Keys of the previous record, in its order.
    pub slots: Vec<Slot<'a>>,
    /// Only the forms that pandas reads, with its order of errors.
    pub style: ReplyStyle,
}

/// A key of a record, as its bytes stand in the body, and the column it names.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    pub raw: &'a [u8],
    pub column: Option<usize>,
    /// All that stood between the value before, or the bracket, and its own value; empty where nothing is known of it.
    pub gap: &'a [u8],
}

/// Decodes a JSON body.
///
/// # Errors
/// When it is not JSON, or makes no table of numbers with all columns of the schema.
pub(super) fn json(schema: &Schema, style: ReplyStyle, text: &str) -> Result<Request, ScoreError> {
    let mut decoder = Decoder::new(schema, style, text.len());
    let top = decoder.top_level(text).map_err(|fault| problem::fault(fault, text))?;
    let mut outputs = Vec::new();
    if style == ReplyStyle::Plain
        && let Some(at) = top.params
    {
        outputs = params(Scanner::new(text, at)).map_err(|fault| problem::fault(fault, text))??;
    }
    if !top.has_input {
        return Err(top.problem.unwrap_or_else(problem::no_input_data));
    }
    decoder.finish(text).map(|table| Request { table, outputs })
}

/// What the top level of a body holds.
#[derive(Default)]
struct TopLevel {
    has_input: bool,
    /// Where the value of the last `params` stands.
    params: Option<usize>,
    problem: Option<ScoreError>,
}

impl<'a> Decoder<'a> {
    pub fn new(schema: &'a Schema, style: ReplyStyle, body_len: usize) -> Self {
        let expected = if schema.plain_names { schema.names.as_slice() } else { &[] };
        let slot = |(column, name): (usize, &'a String)| Slot { raw: name.as_bytes(), column: Some(column), gap: &[] };
        Decoder {
            schema,
            table: Table::new(schema.width(), body_len),
            problem: None,
            slots: expected.iter().enumerate().map(slot).collect(),
            style,
        }
    }

    fn top_level(&mut self, text: &'a str) -> Parse<TopLevel> {
        let mut scan = Scanner::new(text, 0);
        let mut top = TopLevel::default();
        if text.starts_with('\u{feff}') {
            return scan.fault("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0);
        }
        scan.space();
        if scan.peek() == b'{' {
            scan.object(|scan, key| match &*key.bytes() {
                b"input_data" => {
                    top.has_input = true;
                    self.input_data(scan)
                }
                b"params" => {
                    top.params = Some(scan.at);
                    scan.skip(1)
                }
                _ => scan.skip(1),
            })?;
        } else {
            top.problem = Some(problem::no_object(&scan));
            scan.skip(0)?;
        }
        scan.end()?;
        Ok(top)
    }

    /// Reads the value of `input_data` in whichever form it has.
    fn input_data(&mut self, scan: &mut Scanner<'a>) -> Parse<()> {
        self.table.clear();
        self.problem = None;
        match scan.peek() {
            b'[' => {
                let mut first = scan.clone();
                first.at += 1;
                first.space();
                match first.peek() {
                    b'{' => {
                        self.expect(&first);
                        self.records(scan)
                    }
                    b'[' if self.style == ReplyStyle::Plain => self.rows(scan, None),
                    found => {
                        let rows = if found == b']' { Code::NoRows } else { Code::NotATable };
                        self.problem = Some(problem::no_records(rows, self.schema, &first));
                        scan.skip(1)
                    }
                }
            }
            b'{' => self.columns(scan),
            _ => {
                self.problem = Some(problem::no_table(self.schema, scan));
                scan.skip(1)
            }
        }
    }

    /// The table, when its shape is right, all columns are there and all values are numbers.
    pub fn finish(mut self, text: &str) -> Result<Table, ScoreError> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        let missing: Vec<usize> = self.table.unseen().collect();
        if !missing.is_empty() {
            return Err(problem::missing_columns(self.schema, &missing));
        }
        if self.table.rows == 0 {
            return Err(problem::no_rows(self.schema));
        }
        match self.table.first_bad(self.style == ReplyStyle::AzureMl) {
            Some((row, column, at)) => Err(problem::not_a_number(self.schema, row, column, &Scanner::new(text, at))),
            None => Ok(self.table),
        }
    }

    /// Reads one value into the cell of `column` in the row that starts at cell `row`.
    #[inline(always)]
    pub fn cell(&mut self, scan: &mut Scanner<'a>, row: usize, column: usize) -> Parse<()> {
        let start = scan.at;
        let number = self.schema.is_number(column);
        if number && let Some(value) = scan.short_number() {
            self.table.set(row, column, value);
            return Ok(());
        }
        let value = match scan.decimal() {
            Some(decimal) if number => match decimal.fast() {
                Some(value) => value,
                None => self.long_number(decimal, scan, start)?,
            },
            _ => {
                scan.at = start;
                self.other_value(scan, row, column)?
            }
        };
        self.table.set(row, column, value);
        Ok(())
    }

    /// The number that stands between `start` and the position.
    #[cold]
    fn long_number(&mut self, number: Decimal, scan: &Scanner<'a>, start: usize) -> Parse<f64> {
        number.check().map_err(|digits| Fault { what: What::Digits(digits), at: start })?;
        let value = number.value(scan.text().get(start..scan.at).unwrap_or_default());
        Ok(if number.integer && value.is_infinite() { self.table.bad(start) } else { value })
    }

    /// Reads any value but a number in a column of numbers.
    fn other_value(&mut self, scan: &mut Scanner<'a>, row: usize, column: usize) -> Parse<f64> {
        let start = scan.at;
        if !self.schema.is_number(column) {
            return self.text_value(scan, row, column);
        }
        if scan.peek() == b'"' {
            let text = scan.string()?;
            let number = str::from_utf8(&text.bytes()).ok().and_then(python_float);
            return Ok(number.unwrap_or_else(|| self.table.bad(start)));
        }
        let literal = LITERALS.iter().find(|(word, _)| scan.literal(word));
        if let Some((_, value)) = literal {
            return Ok(*value);
        }
        scan.skip(CELL_DEPTH)?;
        Ok(self.table.bad(start))
    }

    /// Reads the value of a column of texts or dates: NaN for null.
    fn text_value(&mut self, scan: &mut Scanner<'a>, row: usize, column: usize) -> Parse<f64> {
        let start = scan.at;
        let code = match scan.peek() {
            b'"' => {
                let text = scan.string()?;
                // A lone half of a surrogate is no text that a model could know.
                let bytes = text.bytes();
                let texts = &mut self.table.texts;
                let value = match (str::from_utf8(&bytes), self.schema.vocabulary.is_document(column)) {
                    (Err(_), true) => None,
                    (Err(_), false) => Some(UNKNOWN),
                    (Ok(text), _) => self.schema.value(column, text, texts),
                };
                value.unwrap_or_else(|| self.table.bad(start))
            }
            b'n' if scan.literal("null") => NULL,
            b'N' if scan.literal("NaN") => f64::NAN,
            b'{' | b'[' => {
                scan.skip(CELL_DEPTH)?;
                match self.schema.vocabulary.content(column) {
                    Content::Unused => f64::NAN,
                    _ => self.table.bad(start),
                }
            }
            _ => {
                scan.scalar()?;
                match self.schema.vocabulary.content(column) {
                    Content::Date | Content::Document(_) => self.table.bad(start),
                    _ => UNKNOWN,
                }
            }
        };
        if code == UNKNOWN {
            self.table.note_unknown(row, column, start);
        }
        Ok(code)
    }
}

/// Brackets around a value in the deepest form.
const CELL_DEPTH: usize = 3;
const UNKNOWN: f64 = Vocabulary::UNKNOWN;

/// Words that are numbers to Python.
const LITERALS: [(&str, f64); 6] = [
    ("null", NULL),
    ("true", 1.0),
    ("false", 0.0),
    ("NaN", f64::NAN),
    ("Infinity", f64::INFINITY),
    ("-Infinity", f64::NEG_INFINITY),
];

/// Reads `{"outputs": [names]}`; anything else in it is for others.
fn params(mut scan: Scanner<'_>) -> Parse<Result<Vec<String>, ScoreError>> {
    let mut outputs = Ok(Vec::new());
    match scan.peek() {
        b'{' => scan.object(|scan, key| {
            if &*key.bytes() != b"outputs" {
                return scan.skip(2);
            }
            outputs = Ok(Vec::new());
            match scan.peek() {
                b'[' => scan.elements(|scan| {
                    if scan.peek() == b'"' {
                        let name = String::from_utf8_lossy(&scan.string()?.bytes()).into_owned();
                        if let Ok(outputs) = &mut outputs {
                            outputs.push(name);
                        }
                        return Ok(());
                    }
                    outputs = Err(problem::bad_params());
                    scan.skip(3)
                }),
                b'n' => scan.skip(2),
                _ => {
                    outputs = Err(problem::bad_params());
                    scan.skip(2)
                }
            }
        })?,
        b'n' => {}
        _ => outputs = Err(problem::bad_params()),
    }
    Ok(outputs)
}

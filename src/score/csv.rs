//! Tables in CSV, as pandas' `read_csv` reads them: a header, RFC 4180 quotes, its spellings of a missing value.

use super::error::ScoreError;
use super::number::{Decimal, python_float};
use super::problem;
use super::schema::Schema;
use super::table::Table;
use crate::model::Texts;
use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

/// Reads a table. Rows may be short, but not longer than the header.
///
/// # Errors
/// When a column is missing, a value is no number, a row is too long, or nothing is there.
pub(super) fn read(schema: &Schema, text: &str) -> Result<Table, ScoreError> {
    let (mut reader, columns) = header(schema, text)?;
    let mut table = Table::new(schema.width(), text.len());
    columns.iter().flatten().for_each(|column| table.mark(*column));
    let missing: Vec<usize> = table.unseen().collect();
    if !missing.is_empty() {
        return Err(problem::missing_columns(schema, &missing));
    }
    let mut record = ByteRecord::new();
    while next(&mut reader, &mut record)? {
        if record.len() > columns.len() {
            let message = format!("a row has {} fields for {} columns", record.len(), columns.len());
            return Err(problem::malformed_csv(message, line(&record)));
        }
        let index = table.rows;
        let row = table.push_rows(1, 0).map_err(|fault| problem::fault(fault, text))?;
        for (field, column) in record.iter().zip(&columns) {
            if let Some(column) = *column {
                let value = value(schema, field, column, &mut table.texts);
                table.set(row, column, value.map_err(|text| problem::not_a_number_text(schema, index, column, &text))?);
            }
        }
    }
    if table.rows == 0 { Err(problem::no_rows(schema)) } else { Ok(table) }
}

/// The text of one field, for a message.
pub(super) fn field(schema: &Schema, text: &str, row: usize, column: usize) -> Option<String> {
    let (mut reader, columns) = header(schema, text).ok()?;
    let place = columns.iter().position(|found| *found == Some(column))?;
    let record = reader.byte_records().nth(row)?.ok()?;
    record.get(place).map(|field| String::from_utf8_lossy(field).into_owned())
}

/// The reader behind the header, and the feature of each column. Of two columns with one name the first counts, as
/// pandas renames the second.
fn header<'t>(schema: &Schema, text: &'t str) -> Result<(Reader<&'t [u8]>, Vec<Option<usize>>), ScoreError> {
    let bytes = text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes();
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut names = ByteRecord::new();
    if !next(&mut reader, &mut names)? {
        return Err(problem::malformed_csv("the body is empty: the first line must name the columns", 1));
    }
    let mut free = vec![true; schema.width()];
    let columns = names.iter().map(|name| schema.find(name).filter(|column| std::mem::take(&mut free[*column])));
    let columns = columns.collect();
    Ok((reader, columns))
}

fn next(reader: &mut Reader<&[u8]>, record: &mut ByteRecord) -> Result<bool, ScoreError> {
    reader.read_byte_record(record).map_err(|error| {
        let line = error.position().map_or(0, ::csv::Position::line);
        match error.kind() {
            ErrorKind::UnequalLengths { .. } => problem::malformed_csv("a row has the wrong number of fields", line),
            _ => problem::malformed_csv("the body is not CSV", line),
        }
    })
}

fn line(record: &ByteRecord) -> u64 {
    record.position().map_or(0, ::csv::Position::line)
}

/// The value of a field; its text when it is no number.
fn value(schema: &Schema, field: &[u8], column: usize, texts: &mut Texts) -> Result<f64, String> {
    if schema.is_number(column)
        && let Some((number, end)) = Decimal::scan(field, 0)
        && end == field.len()
        && let Some(value) = number.fast()
    {
        return Ok(value);
    }
    let text = String::from_utf8_lossy(field);
    if NA_VALUES.contains(&&*text) {
        return Ok(f64::NAN);
    }
    if !schema.is_number(column) {
        return schema.value(column, &text, texts).ok_or_else(|| text.into_owned());
    }
    match &*text {
        "True" | "TRUE" | "true" => Ok(1.0),
        "False" | "FALSE" | "false" => Ok(0.0),
        text => python_float(text).ok_or_else(|| text.to_owned()),
    }
}

/// `pandas._libs.parsers.STR_NA_VALUES`.
const NA_VALUES: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
];

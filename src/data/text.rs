//! CSV and JSON lines: rows of text, one after another, in memory that does not grow with their number.

use super::builder::Builder;
use super::frame::Frame;
use super::memory::Meter;
use super::sample::Selector;
use super::sniff::{self, Packing};
use super::source::Input;
use super::{DataError, NumberKind};
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes in which one row must end. More come of a quote that is never closed, or of a packed file made to fill memory.
const MAX_ROW: u64 = 64 << 20;

/// So many rows are taken at a time; then progress and memory are looked at.
const STEP: usize = 4096;
/// Or so many bytes, where rows are long.
const STEP_BYTES: usize = 8 << 20;

/// What a read of rows is done with.
pub(super) struct Rows<'a> {
    pub meter: &'a Meter<'a>,
    pub selector: &'a mut Selector,
    /// Rows that the selector keeps in all, if only some.
    pub wanted: Option<u64>,
    pub delimiter: Option<u8>,
}

impl Rows<'_> {
    fn check(&self, frame: &Frame) -> Result<(), DataError> {
        let share = self.wanted.map(|wanted| frame.rows as f64 / wanted.max(1) as f64);
        self.meter.check(frame.rows, frame.held(), share)
    }
}

/// Appends the rows of a CSV source. The first row names the columns; an unnamed one is called as pandas calls it.
///
/// # Errors
/// When it cannot be read, is no CSV, has other columns than sources before it, or becomes too large.
pub(super) fn read_csv(input: &Input, packing: Packing, frame: &mut Frame, rows: &mut Rows) -> Result<(), DataError> {
    let fuse = Fuse::default();
    let mut reader = csv_reader(input, packing, rows, &fuse)?;
    let names = header(input, packing, &mut reader, rows.delimiter)?;
    let places = frame.layout(&input.place, names)?;
    // Records are used again and again, so that their memory is taken once.
    let (mut records, mut used, mut bytes) = (vec![csv::ByteRecord::new(); STEP], 0, 0);
    while reader.read_byte_record(&mut records[used]).map_err(|error| csv_error(input, packing, error))? {
        fuse.renew();
        if !rows.selector.keeps() {
            continue;
        }
        let record = &records[used];
        if std::str::from_utf8(record.as_slice()).is_err() {
            let line = record.position().map_or(0, |position| line_of(input, packing, position));
            return Err(DataError::Encoding { place: input.place.clone(), line });
        }
        (used, bytes) = (used + 1, bytes + record.as_slice().len());
        if used == STEP || bytes >= STEP_BYTES {
            append(frame, &places, &records[..used]);
            rows.check(frame)?;
            (used, bytes) = (0, 0);
        }
    }
    append(frame, &places, &records[..used]);
    rows.check(frame)
}

/// Appends rows; the columns are shared out to as many threads as there are cores.
fn append(frame: &mut Frame, places: &[Option<usize>], records: &[csv::ByteRecord]) {
    let mut fields = vec![None; frame.builders.len()];
    for (field, to) in places.iter().enumerate() {
        to.iter().for_each(|to| fields[*to] = Some(field));
    }
    let threads = if records.len() < STEP / 8 { 1 } else { super::threads() };
    let mut shares: Vec<Vec<(usize, &mut Builder)>> = (0..threads).map(|_| Vec::new()).collect();
    for (at, (builder, field)) in frame.builders.iter_mut().zip(fields).enumerate() {
        shares[at % threads].extend(field.map(|field| (field, builder)));
    }
    let work = |share: Vec<(usize, &mut Builder)>| {
        for (field, builder) in share {
            records.iter().for_each(|record| builder.push_cell(&record[field]));
        }
    };
    std::thread::scope(|scope| {
        let own = shares.pop();
        shares.into_iter().for_each(|share| drop(scope.spawn(move || work(share))));
        own.into_iter().for_each(work);
    });
    frame.end_rows(records.len());
}

/// How many rows a CSV source has.
///
/// # Errors
/// As [`read_csv`].
pub(super) fn count_csv(input: &Input, packing: Packing, rows: &Rows) -> Result<u64, DataError> {
    let fuse = Fuse::default();
    let mut reader = csv_reader(input, packing, rows, &fuse)?;
    header(input, packing, &mut reader, rows.delimiter)?;
    let (mut count, mut record) = (0, csv::ByteRecord::new());
    while reader.read_byte_record(&mut record).map_err(|error| csv_error(input, packing, error))? {
        fuse.renew();
        count += 1;
    }
    Ok(count)
}

type Text<'a> = Box<dyn Read + Send + 'a>;

fn csv_reader<'a>(
    input: &Input,
    packing: Packing,
    rows: &Rows<'a>,
    fuse: &Fuse,
) -> Result<csv::Reader<Text<'a>>, DataError> {
    let text = open(input, packing, rows.meter, fuse)?;
    let mut builder = csv::ReaderBuilder::new();
    Ok(builder.delimiter(rows.delimiter.unwrap_or(b',')).buffer_capacity(1 << 17).from_reader(text))
}

fn header(
    input: &Input,
    packing: Packing,
    reader: &mut csv::Reader<Text>,
    delimiter: Option<u8>,
) -> Result<Vec<String>, DataError> {
    let header = reader.byte_headers().map_err(|error| csv_error(input, packing, error))?.clone();
    let mut names = Vec::new();
    for (at, name) in header.iter().enumerate() {
        let Ok(name) = std::str::from_utf8(name) else {
            return Err(DataError::Encoding { place: input.place.clone(), line: 1 });
        };
        names.push(if name.is_empty() { format!("Unnamed: {at}") } else { name.to_owned() });
    }
    let other = [(';', ";"), ('\t', "\\t"), ('|', "|")]
        .into_iter()
        .find(|(sign, _)| names.len() == 1 && names[0].contains(*sign));
    if let (None, Some((_, shown))) = (delimiter, other) {
        let problem = format!(
            "the header is one column with {shown:?} in its name\n  if that separates the columns, say so: --delimiter '{shown}'"
        );
        return Err(DataError::Header { place: input.place.clone(), problem });
    }
    Ok(names)
}

fn csv_error(input: &Input, packing: Packing, error: csv::Error) -> DataError {
    let place = || input.place.clone();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => input.failed(error),
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.map_or(0, |position| line_of(input, packing, &position));
            DataError::Ragged { place: place(), line, found: len, expected: expected_len }
        }
        other => DataError::Header { place: place(), problem: format!("{other:?}") },
    }
}

/// The line on which a record begins. Its position is where the one before it ended, with blank lines in between; so what
/// lies before it is read once more, for the sake of the message.
fn line_of(input: &Input, packing: Packing, position: &csv::Position) -> u64 {
    let text = input.open().ok().and_then(|bytes| sniff::text(bytes, packing).ok());
    let Some(text) = text else { return position.line() };
    let mut text = BufReader::new(text);
    let before = std::io::copy(&mut text.by_ref().take(position.byte()), &mut std::io::sink());
    let between = text.bytes().map_while(|byte| byte.ok().filter(|byte| matches!(byte, b'\n' | b'\r')));
    let blank = between.filter(|byte| *byte == b'\n').count() as u64;
    position.line() + before.map_or(0, |_| blank)
}

/// Appends the rows of JSON lines: each line an object, its keys the columns. A column that a row does not name is
/// missing there.
///
/// # Errors
/// When it cannot be read, is no such text, or becomes too large.
pub(super) fn read_json(input: &Input, packing: Packing, frame: &mut Frame, rows: &mut Rows) -> Result<(), DataError> {
    for_each_line(input, packing, rows.meter, |line, number| {
        if !rows.selector.keeps() {
            return Ok(());
        }
        let wrong = |problem: String| DataError::Json { place: input.place.clone(), line: number, problem };
        let mut row = serde_json::Deserializer::from_slice(line);
        Row(frame).deserialize(&mut row).and_then(|()| row.end()).map_err(|error| wrong(without_line(&error)))?;
        frame.end_rows(1);
        if frame.rows.is_multiple_of(STEP) { rows.check(frame) } else { Ok(()) }
    })?;
    rows.check(frame)
}

/// How many rows JSON lines have.
///
/// # Errors
/// When they cannot be read.
pub(super) fn count_json(input: &Input, packing: Packing, meter: &Meter) -> Result<u64, DataError> {
    let mut count = 0;
    for_each_line(input, packing, meter, |_, _| {
        count += 1;
        Ok(())
    })?;
    Ok(count)
}

fn for_each_line(
    input: &Input,
    packing: Packing,
    meter: &Meter,
    mut each: impl FnMut(&[u8], u64) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let fuse = Fuse::default();
    let mut text = BufReader::with_capacity(1 << 17, open(input, packing, meter, &fuse)?);
    let (mut line, mut number) = (Vec::new(), 0);
    while text.read_until(b'\n', &mut line).map_err(|error| input.failed(error))? > 0 {
        fuse.renew();
        number += 1;
        if !line.trim_ascii().is_empty() {
            each(&line, number)?;
        }
        line.clear();
    }
    Ok(())
}

/// serde_json counts lines within one object, which is one line here.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((problem, at)) => format!("{problem} at {}", at.split_once(' ').map_or(at, |(_, column)| column)),
        None => text,
    }
}

/// Pushes the values of one object into the columns of a frame.
struct Row<'a>(&'a mut Frame);

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(name) = map.next_key::<Name>()? {
            let Some(at) = self.0.column(&name.0) else {
                map.next_value::<serde::de::IgnoredAny>()?;
                continue;
            };
            if self.0.builders[at].rows() > self.0.rows {
                return Err(M::Error::custom(format_args!("{:?} stands twice", name.0)));
            }
            map.next_value_seed(Cell { frame: self.0, at })?;
        }
        Ok(())
    }
}

/// A key, borrowed where it needs no unescaping.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Pushes one value.
struct Cell<'a> {
    frame: &'a mut Frame,
    at: usize,
}

impl<'de> DeserializeSeed<'de> for Cell<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Cell<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a number, text, boolean or null for {:?}", self.frame.builders[self.at].name())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.frame.builders[self.at].push_missing();
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.frame.builders[self.at].push_number(f64::from(u8::from(value)), NumberKind::Boolean);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.frame.builders[self.at].push_number(value as f64, NumberKind::Integer);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.frame.builders[self.at].push_number(value as f64, NumberKind::Integer);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.frame.builders[self.at].push_number(value, NumberKind::Float);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.frame.builders[self.at].push_text(value);
        Ok(())
    }
}

/// Bytes left until a row must have ended.
#[derive(Debug, Clone)]
struct Fuse(Arc<AtomicU64>);

impl Default for Fuse {
    fn default() -> Fuse {
        Fuse(Arc::new(AtomicU64::new(MAX_ROW)))
    }
}

impl Fuse {
    fn renew(&self) {
        self.0.store(MAX_ROW, Ordering::Relaxed);
    }
}

fn open<'a>(input: &Input, packing: Packing, meter: &'a Meter, fuse: &Fuse) -> Result<Text<'a>, DataError> {
    let counted = Counted { bytes: input.open()?, meter };
    let text = sniff::text(counted, packing).map_err(|error| input.failed(error))?;
    Ok(Box::new(Fused { text, fuse: fuse.clone() }))
}

/// Tells the meter what was read.
struct Counted<'a> {
    bytes: Box<dyn Read + Send>,
    meter: &'a Meter<'a>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.meter.count(read as u64);
        Ok(read)
    }
}

/// Ends in an error when a row is endless.
struct Fused<'a> {
    text: Text<'a>,
    fuse: Fuse,
}

impl Read for Fused<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.text.read(buffer)?;
        let left = self.fuse.0.load(Ordering::Relaxed);
        if read as u64 > left {
            let what = format!("a row of more than {} MiB; is a quote never closed?", MAX_ROW >> 20);
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, what));
        }
        self.fuse.0.store(left - read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

//! Tables: where they lie, how they are read, and what a column holds. Knows nothing of models or of HTTP.
//!
//! `sources → inputs (files, objects) → format, by content → builders, column by column → Table`
//!
//! CSV and JSON lines are read in every build. Parquet and object stores come with the cargo feature `data`; this
//! folder is the home of its packages. Credentials are taken from the environment alone, and no message holds one.
//! `blobs` keeps bytes under keys, for the registry.

pub mod blobs;
mod builder;
mod cell;
mod error;
mod fingerprint;
mod frame;
mod memory;
mod names;
#[cfg(feature = "data")]
mod parquet;
mod sample;
pub mod schema;
mod sniff;
mod source;
#[cfg(feature = "data")]
mod store;
mod table;
mod text;

pub use error::DataError;
pub use memory::{PEAK, available};
pub use names::{NameError, plain};
pub use sample::Sample;
pub use source::shown;
pub use table::{Column, NumberKind, Table, Texts, Values};

use frame::{Frame, Want};
use memory::Meter;
use sample::Selector;
use sniff::{Format, Packing};
use source::Input;
use std::fmt;
use text::Rows;

/// How sources are read; by default all of them, as comma-separated values where they are CSV.
#[derive(Clone, Default)]
pub struct ReadOptions<'a> {
    /// What separates the values of CSV. Without it a comma, and a header that shows another separator is an error.
    pub delimiter: Option<u8>,
    /// Only these columns, matched by their [`plain`] names; names that no column has are passed over.
    pub columns: Option<Vec<String>>,
    /// These columns are text, matched likewise, though all their values may look like numbers.
    pub text: Vec<String>,
    /// Only some of the rows.
    pub sample: Option<Sample>,
    /// Bytes of memory that may be used; without it what the machine or the container has left.
    pub memory: Option<u64>,
    /// Told now and then how far the read is, from any thread.
    pub progress: Option<&'a (dyn Fn(Progress) + Sync)>,
}

impl fmt::Debug for ReadOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReadOptions { delimiter, columns, text, sample, memory, progress: _ } = self;
        write!(f, "ReadOptions {{ {delimiter:?}, {columns:?}, {text:?}, {sample:?}, {memory:?} }}")
    }
}

/// How far a read is. A second pass, over columns of mixed content or after counting for a sample, begins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that were read, of `total`, as they lie.
    pub bytes: u64,
    pub total: u64,
    /// Rows that were kept so far.
    pub rows: usize,
}

/// A table and where it came from.
#[derive(Debug)]
pub struct Loaded {
    pub table: Table,
    /// SHA-256 of the table's content in hexadecimal; the same however the rows are split or packed.
    pub fingerprint: String,
    /// Each file or object that was read, in that order. None holds a secret.
    pub sources: Vec<String>,
}

/// Reads files, folders, patterns and URLs as one table, their rows in that order.
///
/// # Errors
/// When a source cannot be found, reached or read, when sources have different columns, when there are no rows, and
/// when the table would not fit into memory.
pub fn read(sources: &[String], options: &ReadOptions) -> Result<Loaded, DataError> {
    let inputs = source::resolve(sources)?;
    let inputs = inputs.into_iter().map(|input| Ok((sniff::sniff(&input)?, input)));
    let read = Read { inputs: inputs.collect::<Result<_, DataError>>()?, options };
    let selector = match options.sample {
        Some(sample) => Selector::new(sample, read.count()?),
        None => Selector::all(),
    };
    let want = match &options.columns {
        Some(names) => Want::Named(names.iter().map(|name| plain(name)).collect()),
        None => Want::All,
    };
    let frame = read.pass(want, selector.clone())?;
    let mixed = frame.mixed();
    let again = if mixed.is_empty() { None } else { Some(read.pass(Want::AsText(mixed), selector)?) };
    let table = frame.finish(again);
    let sources: Vec<String> = read.inputs.into_iter().map(|(_, input)| input.place).collect();
    if table.rows == 0 {
        return Err(DataError::Empty { place: sources.join(", ") });
    }
    Ok(Loaded { fingerprint: fingerprint::of(&table), sources, table })
}

/// The fingerprint that [`read`] gives of a table, for one whose columns were chosen since.
pub fn fingerprint(table: &Table) -> String {
    fingerprint::of(table)
}

/// Cores that may be used.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// One call of [`read`].
struct Read<'a> {
    inputs: Vec<((Format, Packing), Input)>,
    options: &'a ReadOptions<'a>,
}

impl Read<'_> {
    fn bytes(&self) -> u64 {
        self.inputs.iter().map(|(_, input)| input.size).sum()
    }

    /// One pass over all inputs.
    fn pass(&self, want: Want, mut selector: Selector) -> Result<Frame, DataError> {
        let meter = Meter::new(self.options, self.bytes());
        let mut frame = Frame::new(want, &self.options.text);
        let wanted = selector.wanted();
        for ((format, packing), input) in &self.inputs {
            let mut rows = Rows { meter: &meter, selector: &mut selector, wanted, delimiter: self.options.delimiter };
            match format {
                Format::Csv => text::read_csv(input, *packing, &mut frame, &mut rows)?,
                Format::JsonLines => text::read_json(input, *packing, &mut frame, &mut rows)?,
                Format::Parquet => parquet::read(input, &mut frame, &mut rows)?,
            }
        }
        Ok(frame)
    }

    /// How many rows there are.
    fn count(&self) -> Result<u64, DataError> {
        let meter = Meter::new(self.options, self.bytes());
        let (mut selector, mut count) = (Selector::all(), 0);
        for ((format, packing), input) in &self.inputs {
            let rows = Rows { meter: &meter, selector: &mut selector, wanted: None, delimiter: self.options.delimiter };
            count += match format {
                Format::Csv => text::count_csv(input, *packing, &rows)?,
                Format::JsonLines => text::count_json(input, *packing, &meter)?,
                Format::Parquet => parquet::count(input)?,
            };
        }
        Ok(count)
    }
}

/// Stands in for the reader in a build without it.
#[cfg(not(feature = "data"))]
mod parquet {
    use super::{DataError, Frame, Input, Rows};

    pub fn read(input: &Input, _: &mut Frame, _: &mut Rows) -> Result<(), DataError> {
        count(input).map(|_| ())
    }

    pub fn count(input: &Input) -> Result<u64, DataError> {
        Err(DataError::NeedsFeature { place: input.place.clone(), what: "reading Parquet" })
    }
}

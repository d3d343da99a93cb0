//! Parquet: columns are decoded side by side, on as many threads as there are cores, and only those that are wanted.
//!
//! The decoder asks for parts of the file and never reads itself, so files and objects take the same way.

use super::builder::Builder;
use super::frame::Frame;
use super::memory::Meter;
use super::source::Input;
use super::text::Rows;
use super::{DataError, NumberKind, Texts};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::DecodeResult;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection};
use parquet::arrow::push_decoder::ParquetPushDecoderBuilder;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataPushDecoder};
use std::sync::Arc;

/// Rows that are decoded at a time.
const BATCH: usize = 16_384;

/// Bytes from the end that nearly always hold all that the file says of itself.
const FOOTER: u64 = 64 << 10;

/// Appends the rows of a Parquet source.
///
/// # Errors
/// When it cannot be read, is damaged, has other columns than sources before it, holds what is neither number, text nor
/// time, or becomes too large.
pub(super) fn read(input: &Input, frame: &mut Frame, rows: &mut Rows) -> Result<(), DataError> {
    let footer = footer(input)?;
    let types = types(input, &footer)?;
    let wanted = wanted(input, &types, frame)?;
    let total = number_of_rows(&footer);
    rows.meter.expect(rows.wanted.map_or(0, |_| total / 8))?;
    let kept: Option<BooleanArray> = rows.wanted.map(|_| (0..total).map(|_| Some(rows.selector.keeps())).collect());
    let count = kept.as_ref().map_or(total as usize, BooleanArray::true_count);
    let size = wanted.iter().map(|column| column.expected(&footer, count)).fold(0, u64::saturating_add);
    rows.meter.expect(frame.held().saturating_add(size))?;
    let file = Source { input, types, meter: rows.meter, kept: kept.map(|kept| RowSelection::from_filters(&[kept])) };
    file.decode(frame, &wanted, &footer)?;
    let whole = frame.rows.saturating_add(count);
    if wanted.iter().any(|column| frame.builders[column.to].rows() != whole) {
        return Err(broken(input, "its columns differ in length"));
    }
    frame.end_rows(count);
    Ok(())
}

/// A column that is read.
struct Wanted {
    /// Where it stands in the file: among its columns, and among the leaves of its nested columns.
    root: usize,
    leaf: usize,
    /// Where it goes in the frame.
    to: usize,
    is_text: bool,
}

/// The columns that are read. What pandas keeps of a table's index is none.
fn wanted(input: &Input, types: &ArrowReaderMetadata, frame: &mut Frame) -> Result<Vec<Wanted>, DataError> {
    let fields = || types.schema().fields().iter().enumerate().filter(|(_, field)| !is_index(field.name()));
    let places = frame.layout(&input.place, fields().map(|(_, field)| field.name().clone()).collect())?;
    let mut wanted = Vec::new();
    for ((root, field), to) in fields().zip(places) {
        let Some(to) = to else { continue };
        if !is_read(field.data_type()) {
            let found = field.data_type().to_string();
            return Err(DataError::Type { place: input.place.clone(), column: field.name().clone(), found });
        }
        let leaves = types.parquet_schema();
        let leaf = (0..leaves.num_columns()).find(|leaf| leaves.get_column_root_idx(*leaf) == root);
        let is_text = matches!(field.data_type(), DataType::Dictionary(..));
        wanted.push(Wanted { root, leaf: leaf.unwrap_or(root), to, is_text });
    }
    Ok(wanted)
}

fn is_index(name: &str) -> bool {
    name.starts_with("__index_level_") && name.ends_with("__")
}

impl Wanted {
    /// Bytes of its pages when unpacked.
    fn unpacked(&self, footer: &ParquetMetaData) -> u64 {
        let chunks = footer.row_groups().iter().filter_map(|group| group.columns().get(self.leaf));
        chunks.map(|chunk| chunk.uncompressed_size().max(0) as u64).fold(0, u64::saturating_add)
    }

    /// Bytes that `count` of its rows will take. Texts are at most what lies in the file.
    fn expected(&self, footer: &ParquetMetaData, count: usize) -> u64 {
        let share = count as f64 / number_of_rows(footer).max(1) as f64;
        match self.is_text {
            true => count as u64 * 4 + (self.unpacked(footer) as f64 * share) as u64,
            false => count as u64 * 8,
        }
    }
}

/// How many rows a Parquet source has.
///
/// # Errors
/// When it cannot be read.
pub(super) fn count(input: &Input) -> Result<u64, DataError> {
    footer(input).map(|footer| number_of_rows(&footer))
}

fn number_of_rows(footer: &ParquetMetaData) -> u64 {
    u64::try_from(footer.file_metadata().num_rows()).unwrap_or(0)
}

/// What the file says of itself.
fn footer(input: &Input) -> Result<Arc<ParquetMetaData>, DataError> {
    let failed = |error| damaged(input, &error);
    let mut decoder = ParquetMetaDataPushDecoder::try_new(input.size).map_err(failed)?;
    let end = input.size.saturating_sub(FOOTER)..input.size;
    let mut ranges: Vec<_> = std::iter::once(end).collect();
    loop {
        let data = input.ranges(&ranges)?;
        decoder.push_ranges(ranges, data).map_err(failed)?;
        match decoder.try_decode().map_err(failed)? {
            DecodeResult::NeedsData(more) => ranges = more,
            DecodeResult::Data(footer) => return Ok(Arc::new(footer)),
            DecodeResult::Finished => return Err(failed(ParquetError::EOF("the footer".to_owned()))),
        }
    }
}

fn damaged(input: &Input, error: &ParquetError) -> DataError {
    broken(input, &error.to_string())
}

fn broken(input: &Input, problem: &str) -> DataError {
    DataError::Parquet { place: input.place.clone(), problem: problem.to_owned() }
}

/// The threads that decode. A damaged file can make the decoder panic, which ends there and becomes an error.
const DECODER: &str = "parquet decoder";

/// Keeps a decoder's panic from being printed beside the error that it becomes; all others are printed as before.
fn quiet_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() != Some(DECODER) {
                before(panic);
            }
        }));
    });
}

/// The file's columns, texts as dictionaries: the decoder then gives each text once, not once for each row.
fn types(input: &Input, footer: &Arc<ParquetMetaData>) -> Result<ArrowReaderMetadata, DataError> {
    let load = |options| ArrowReaderMetadata::try_new(Arc::clone(footer), options).map_err(|e| damaged(input, &e));
    let own = load(ArrowReaderOptions::new())?;
    let field = |field: &Arc<Field>| field.as_ref().clone().with_data_type(read_as(field.data_type()));
    let fields: Vec<Field> = own.schema().fields().iter().map(field).collect();
    load(ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields))))
}

fn read_as(found: &DataType) -> DataType {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
        }
        DataType::Dictionary(_, values) => read_as(values),
        other => other.clone(),
    }
}

/// Whether [`append`] knows the type.
fn is_read(found: &DataType) -> bool {
    use DataType::{Boolean, Date32, Date64, Decimal128, Decimal256, Dictionary, Null, Timestamp};
    found.is_integer()
        || found.is_floating()
        || matches!(found, Null | Boolean | Date32 | Date64 | Timestamp(..) | Dictionary(..))
        || matches!(found, Decimal128(..) | Decimal256(..))
}

/// One file that is being read.
struct Source<'a> {
    input: &'a Input,
    types: ArrowReaderMetadata,
    meter: &'a Meter<'a>,
    kept: Option<RowSelection>,
}

impl Source<'_> {
    /// Appends each wanted column to its builder.
    fn decode(&self, frame: &mut Frame, wanted: &[Wanted], footer: &ParquetMetaData) -> Result<(), DataError> {
        let mut shares = Vec::new();
        shares.resize_with(super::threads().min(wanted.len()).max(1), Share::default);
        for (to, builder) in frame.builders.iter_mut().enumerate() {
            let Some(column) = wanted.iter().find(|column| column.to == to) else { continue };
            builder.expect(self.room(footer));
            // The share with the least to do takes the next column.
            if let Some(share) = shares.iter_mut().min_by_key(|share| share.cost) {
                share.cost = share.cost.saturating_add(column.unpacked(footer)).saturating_add(number_of_rows(footer));
                share.columns.push((column.root, builder));
            }
        }
        quiet_panics();
        std::thread::scope(|scope| {
            let named = || std::thread::Builder::new().name(DECODER.to_owned());
            let start = |share| named().spawn_scoped(scope, move || self.columns(share));
            // All have begun before the first is waited for, and all have ended before one is judged.
            let threads: Vec<_> = shares.into_iter().map(start).collect();
            let ended: Vec<_> = threads.into_iter().map(|thread| thread.map(|thread| thread.join())).collect();
            ended.into_iter().try_for_each(|ended| match ended {
                Ok(Ok(result)) => result,
                Ok(Err(_panic)) => Err(broken(self.input, "its pages contradict themselves")),
                Err(error) => Err(self.input.failed(error)),
            })
        })
    }

    /// Rows to make room for: what the file says of itself, if that is not out of proportion to its size.
    fn room(&self, footer: &ParquetMetaData) -> usize {
        let rows = self.kept.as_ref().map_or(number_of_rows(footer), |kept| kept.row_count() as u64);
        rows.min(self.input.size.saturating_mul(8)) as usize
    }

    /// Decodes some columns, and appends each to its builder.
    fn columns(&self, share: Share) -> Result<(), DataError> {
        let failed = |error| damaged(self.input, &error);
        let mut columns = share.columns;
        // Batches have them in the order of the file.
        columns.sort_by_key(|(root, _)| *root);
        let mask = ProjectionMask::roots(self.types.parquet_schema(), columns.iter().map(|(root, _)| *root));
        let decoder = ParquetPushDecoderBuilder::new_with_metadata(self.types.clone());
        let mut decoder = decoder.with_batch_size(BATCH).with_projection(mask);
        if let Some(kept) = &self.kept {
            decoder = decoder.with_row_selection(kept.clone());
        }
        let mut decoder = decoder.build().map_err(failed)?;
        let mut known: Vec<Known> = columns.iter().map(|_| Known::default()).collect();
        loop {
            match decoder.try_decode().map_err(failed)? {
                DecodeResult::Finished => return Ok(()),
                DecodeResult::NeedsData(ranges) => {
                    self.meter.count(ranges.iter().map(|range| range.end.saturating_sub(range.start)).sum());
                    let data = self.input.ranges(&ranges)?;
                    decoder.push_ranges(ranges, data).map_err(failed)?;
                }
                DecodeResult::Data(batch) => {
                    for ((array, (_, builder)), known) in batch.columns().iter().zip(&mut columns).zip(&mut known) {
                        append(array, builder, known).map_err(failed)?;
                    }
                    self.meter.check(columns.first().map_or(0, |(_, builder)| builder.rows()), 0, None)?;
                }
            }
        }
    }
}

/// What one thread decodes.
#[derive(Default)]
struct Share<'b> {
    cost: u64,
    /// Where each column stands in the file, and where its values go.
    columns: Vec<(usize, &'b mut Builder)>,
}

/// The codes that texts of a dictionary have in a builder, while batches share that dictionary.
#[derive(Default)]
struct Known {
    dictionary: Option<ArrayRef>,
    codes: Vec<u32>,
}

fn append(array: &ArrayRef, builder: &mut Builder, known: &mut Known) -> Result<(), ParquetError> {
    use NumberKind::{Boolean, Float, Integer};
    match array.data_type() {
        DataType::Null => builder.fill(builder.rows() + array.len()),
        DataType::Boolean => {
            let value = |value: Option<bool>| value.map_or(f64::NAN, |value| f64::from(u8::from(value)));
            builder.extend_numbers(Boolean, array.as_boolean().iter().map(value));
        }
        DataType::Int8 => numbers::<Int8Type>(array, builder, Integer, f64::from),
        DataType::Int16 => numbers::<Int16Type>(array, builder, Integer, f64::from),
        DataType::Int32 => numbers::<Int32Type>(array, builder, Integer, f64::from),
        DataType::Int64 => numbers::<Int64Type>(array, builder, Integer, |value| value as f64),
        DataType::UInt8 => numbers::<UInt8Type>(array, builder, Integer, f64::from),
        DataType::UInt16 => numbers::<UInt16Type>(array, builder, Integer, f64::from),
        DataType::UInt32 => numbers::<UInt32Type>(array, builder, Integer, f64::from),
        DataType::UInt64 => numbers::<UInt64Type>(array, builder, Integer, |value| value as f64),
        DataType::Float16 => numbers::<Float16Type>(array, builder, Float, f64::from),
        DataType::Float32 => numbers::<Float32Type>(array, builder, Float, f64::from),
        DataType::Float64 => numbers::<Float64Type>(array, builder, Float, |value| value),
        DataType::Date32 => times::<Date32Type>(array, builder, |days| i64::from(days).checked_mul(86_400_000_000))?,
        DataType::Date64 => times::<Date64Type>(array, builder, |millis| millis.checked_mul(1_000))?,
        DataType::Timestamp(unit, _) => timestamps(*unit, array, builder)?,
        DataType::Decimal128(_, scale) => {
            let array = array.as_primitive::<arrow_array::types::Decimal128Type>();
            decimals(array, builder, *scale, |row| array.value_as_string(row))?;
        }
        DataType::Decimal256(_, scale) => {
            let array = array.as_primitive::<arrow_array::types::Decimal256Type>();
            decimals(array, builder, *scale, |row| array.value_as_string(row))?;
        }
        DataType::Dictionary(..) => texts(array, builder, known)?,
        other => return Err(ParquetError::NYI(other.to_string())),
    }
    Ok(())
}

fn numbers<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    builder: &mut Builder,
    kind: NumberKind,
    to: impl Fn(T::Native) -> f64,
) {
    let array = array.as_primitive::<T>();
    if array.null_count() == 0 {
        builder.extend_numbers(kind, array.values().iter().map(|value| to(*value)));
    } else {
        builder.extend_numbers(kind, array.iter().map(|value| value.map_or(f64::NAN, &to)));
    }
}

fn timestamps(unit: TimeUnit, array: &ArrayRef, builder: &mut Builder) -> Result<(), ParquetError> {
    match unit {
        TimeUnit::Second => times::<TimestampSecondType>(array, builder, |value| value.checked_mul(1_000_000)),
        TimeUnit::Millisecond => times::<TimestampMillisecondType>(array, builder, |value| value.checked_mul(1_000)),
        TimeUnit::Microsecond => times::<TimestampMicrosecondType>(array, builder, Some),
        TimeUnit::Nanosecond => times::<TimestampNanosecondType>(array, builder, |value| Some(value.div_euclid(1_000))),
    }
}

fn times<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    builder: &mut Builder,
    micros: impl Fn(T::Native) -> Option<i64>,
) -> Result<(), ParquetError> {
    for value in array.as_primitive::<T>().iter() {
        match value.map(&micros) {
            None => builder.push_missing(),
            Some(Some(micros)) => builder.push_time(micros),
            Some(None) => {
                return Err(ParquetError::General(format!("column {:?} has a time out of range", builder.name())));
            }
        }
    }
    Ok(())
}

/// The nearest doubles, by way of their text.
fn decimals(
    array: &dyn Array,
    builder: &mut Builder,
    scale: i8,
    text: impl Fn(usize) -> String,
) -> Result<(), ParquetError> {
    let kind = if scale > 0 { NumberKind::Float } else { NumberKind::Integer };
    for row in 0..array.len() {
        if array.is_null(row) {
            builder.push_missing();
        } else {
            let (value, _) = super::cell::number(text(row).as_bytes()).ok_or_else(|| {
                ParquetError::General(format!("column {:?} has a decimal that is no number", builder.name()))
            })?;
            builder.push_number(value, kind);
        }
    }
    Ok(())
}

fn texts(array: &ArrayRef, builder: &mut Builder, known: &mut Known) -> Result<(), ParquetError> {
    let array = array.as_dictionary::<Int32Type>();
    let Some(texts) = array.values().as_string_opt::<i32>() else {
        return Err(ParquetError::NYI(array.data_type().to_string()));
    };
    if !known.dictionary.as_ref().is_some_and(|before| Arc::ptr_eq(before, array.values())) {
        known.dictionary = Some(Arc::clone(array.values()));
        known.codes = vec![Texts::MISSING; texts.len()];
    }
    let codes = array.keys().iter().map(|code| code.map(|code| code as usize));
    builder.extend_texts(codes, |code| texts.value(code), &mut known.codes);
    Ok(())
}

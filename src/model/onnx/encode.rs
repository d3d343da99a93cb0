//! Preprocessing operators of ai.onnx.ml: scaling, imputing, encoding of categories and labels.

use super::reduce::floats;
use super::tensor::{Data, Op, Tensor, fail};

/// `Scaler`: `(x - offset) * scale`, each one for all columns or one for each.
pub(super) fn scaled(x: &Tensor, offset: &[f32], scale: &[f32]) -> Op<Tensor> {
    let (_, columns) = x.rows()?;
    if ![1, columns].contains(&offset.len()) || ![1, columns].contains(&scale.len()) {
        return fail(format!("{} offsets and {} scales for {columns} columns", offset.len(), scale.len()));
    }
    let at = |values: &[f32], place: usize| values[if values.len() == 1 { 0 } else { place % columns.max(1) }];
    let scaled = match &x.data {
        Data::F64(values) => {
            let one = |(i, x): (usize, &f64)| ((x - f64::from(at(offset, i))) * f64::from(at(scale, i))) as f32;
            values.iter().enumerate().map(one).collect()
        }
        _ => {
            let one = |(i, x): (usize, &f32)| (x - at(offset, i)) * at(scale, i);
            x.f32s()?.iter().enumerate().map(one).collect()
        }
    };
    Tensor::new(x.shape.clone(), Data::F32(scaled))
}

/// What a row is divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Norm {
    Max,
    L1,
    L2,
}

/// `Normalizer`: each row divided by its norm, unless that is 0. By L2 squares are divided, and roots taken then.
pub(super) fn normalized(x: &Tensor, norm: Norm) -> Op<Tensor> {
    let (_, columns) = x.rows()?;
    let mut values = x.f32s()?.into_owned();
    for row in values.chunks_exact_mut(columns.max(1)) {
        let by = match norm {
            Norm::Max => row.iter().copied().fold(f32::MIN, f32::max),
            Norm::L1 => row.iter().fold(0.0, |sum, x| sum + x.abs()),
            Norm::L2 => row.iter().fold(0.0, |sum, x| sum + x * x),
        };
        match norm {
            _ if by == 0.0 => {}
            Norm::L2 => row.iter_mut().for_each(|x| *x = (*x * *x / by).sqrt().copysign(*x)),
            _ => row.iter_mut().for_each(|x| *x /= by),
        }
    }
    Tensor::new(x.shape.clone(), Data::F32(values))
}

/// `Imputer`: this value replaced by one for all columns or one for each.
pub(super) fn imputed(x: &Tensor, replaced: f64, by: &[f64]) -> Op<Tensor> {
    let (_, columns) = x.rows()?;
    if by.len() != 1 && by.len() != columns {
        return fail(format!("{} values for {columns} columns", by.len()));
    }
    let missing = |value: f64| value == replaced || value.is_nan() && replaced.is_nan();
    let with = |i: usize| by[if by.len() == 1 { 0 } else { i % columns.max(1) }];
    let filled = x.f64s()?.into_iter().enumerate().map(|(i, value)| if missing(value) { with(i) } else { value });
    match &x.data {
        Data::I64(_) => Tensor::new(x.shape.clone(), Data::I64(filled.map(|value| value as i64).collect())),
        _ => floats(x, filled.collect()),
    }
}

/// `Binarizer`: 1 above the threshold, else 0.
pub(super) fn binarized(x: &Tensor, threshold: f32) -> Op<Tensor> {
    let above: Vec<bool> = x.f32s()?.iter().map(|value| *value > threshold).collect();
    let data = match &x.data {
        Data::F64(_) => Data::F64(above.into_iter().map(|above| f64::from(u8::from(above))).collect()),
        Data::I64(_) => Data::I64(above.into_iter().map(i64::from).collect()),
        _ => Data::F32(above.into_iter().map(|above| f32::from(u8::from(above))).collect()),
    };
    Tensor::new(x.shape.clone(), data)
}

/// `FeatureVectorizer`: columns of all inputs side by side, as floats.
pub(super) fn vectorized(parts: &[&Tensor]) -> Op<Tensor> {
    let floats = |part: &&Tensor| {
        let (rows, columns) = part.rows()?;
        Tensor::new(vec![rows, columns], Data::F32(part.f32s()?.into_owned()))
    };
    let parts: Vec<Tensor> = parts.iter().map(floats).collect::<Op<_>>()?;
    super::shapes::concat(&parts.iter().collect::<Vec<_>>(), 1)
}

/// A value that tables are searched for: floats by their bits, so that NaN is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Int(i64),
    Float(u64),
    Text(i32),
}

fn keys(data: &Data) -> Vec<Key> {
    let float = |value: f64| Key::Float(if value.is_nan() { f64::NAN } else { value + 0.0 }.to_bits());
    match data {
        Data::I64(values) => values.iter().map(|value| Key::Int(*value)).collect(),
        Data::Text(values) => values.iter().map(|value| Key::Text(*value)).collect(),
        Data::F32(values) => values.iter().map(|value| float(f64::from(*value))).collect(),
        Data::F64(values) => values.iter().map(|value| float(*value)).collect(),
        Data::Bool(values) => values.iter().map(|value| Key::Int(i64::from(*value))).collect(),
    }
}

/// Where values stand in a list; of equal ones the first.
#[derive(Debug, Clone, PartialEq)]
enum Places {
    /// Integers that are near each other: the place of each from `first` on.
    Dense { first: i64, at: Vec<Option<u32>> },
    /// Ascending by key.
    Sorted(Vec<(Key, u32)>),
}

impl Places {
    fn of(data: &Data) -> Places {
        let mut sorted: Vec<(Key, u32)> = keys(data).into_iter().zip(0..).collect();
        sorted.sort_unstable();
        sorted.dedup_by_key(|(key, _)| *key);
        let (Some((Key::Int(first), _)), Some((Key::Int(last), _))) = (sorted.first(), sorted.last()) else {
            return Places::Sorted(sorted);
        };
        let (first, span) = (*first, last.abs_diff(*first));
        if span / 4 > sorted.len() as u64 {
            return Places::Sorted(sorted);
        }
        let mut at = vec![None; span as usize + 1];
        for (key, place) in &sorted {
            if let Key::Int(key) = key {
                at[key.abs_diff(first) as usize] = Some(*place);
            }
        }
        Places::Dense { first, at }
    }

    fn find(&self, key: Key) -> Option<usize> {
        match (self, key) {
            (Places::Dense { first, at }, Key::Int(key)) => {
                let place = usize::try_from(key.checked_sub(*first)?).ok()?;
                at.get(place).copied().flatten().map(|at| at as usize)
            }
            (Places::Dense { .. }, _) => None,
            (Places::Sorted(sorted), key) => {
                sorted.binary_search_by_key(&key, |(key, _)| *key).ok().map(|at| sorted[at].1 as usize)
            }
        }
    }

    /// The texts among the values, in their order; `None` where values are numbers.
    fn texts(&self, like: &Data) -> Option<Vec<i32>> {
        let (Places::Sorted(sorted), Data::Text(_)) = (self, like) else { return None };
        let code = |(key, at): &(Key, u32)| if let Key::Text(code) = key { Some((*at, *code)) } else { None };
        let mut texts: Vec<(u32, i32)> = sorted.iter().filter_map(code).collect();
        texts.sort_unstable();
        Some(texts.into_iter().map(|(_, code)| code).collect())
    }
}

/// `LabelEncoder`, `CategoryMapper`: values by their keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    found: Places,
    /// Of the type of the keys, without any: what the input must have.
    like: Data,
    /// The values, and after them the one for all other keys.
    values: Data,
}

impl Table {
    /// As many keys as values; `default` is one value more, of the same type.
    pub fn new(from: &Data, to: &Data, default: &Data) -> Op<Table> {
        if from.elements() != to.elements() || default.elements() != 1 {
            return fail(format!("{} keys for {} values", from.elements(), to.elements()));
        }
        let mut values = to.clone();
        values.extend(default, 0..1)?;
        Ok(Table { found: Places::of(from), like: from.none(), values })
    }

    /// The texts among the keys, in their order; `None` where keys are numbers.
    pub fn texts(&self) -> Option<Vec<i32>> {
        self.found.texts(&self.like)
    }

    pub fn run(&self, x: &Tensor) -> Op<Tensor> {
        if self.like.kind() != x.data.kind() {
            return fail(format!("{} where {} belongs", x.data.kind(), self.like.kind()));
        }
        let last = self.values.elements() - 1;
        let places = keys(&x.data).into_iter().map(|key| self.found.find(key).unwrap_or(last));
        Tensor::new(x.shape.clone(), self.values.take(places))
    }
}

/// `OneHotEncoder`: a column for each category, in an axis of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct OneHot {
    found: Places,
    like: Data,
    width: usize,
    /// A category that is not known gives zeros, and is not refused.
    zeros: bool,
}

impl OneHot {
    pub fn new(categories: &Data, zeros: bool) -> OneHot {
        OneHot { found: Places::of(categories), like: categories.none(), width: categories.elements(), zeros }
    }

    /// The texts among the categories, in their order; `None` where categories are numbers.
    pub fn texts(&self) -> Option<Vec<i32>> {
        self.found.texts(&self.like)
    }

    /// `trial`: let through what is not known.
    pub(super) fn run(&self, x: &Tensor, trial: bool) -> Op<Tensor> {
        let own = match (&self.like, &x.data) {
            (Data::Text(_), Data::Text(_)) | (Data::I64(_), Data::I64(_)) => keys(&x.data),
            // Numbers are compared as integers.
            (Data::I64(_), Data::F32(_) | Data::F64(_)) => x.f64s()?.into_iter().map(|v| Key::Int(v as i64)).collect(),
            (known, other) => return fail(format!("{} where {} belongs", other.kind(), known.kind())),
        };
        let shape = [x.shape.as_slice(), &[self.width]].concat();
        let mut out = vec![0.0; super::tensor::count(&shape)?];
        for (row, key) in out.chunks_exact_mut(self.width.max(1)).zip(own) {
            match self.found.find(key) {
                Some(at) => row[at] = 1.0,
                None if self.zeros || trial => {}
                None => return fail("a category that the encoder does not know"),
            }
        }
        Tensor::new(shape, Data::F32(out))
    }
}

/// Labels from their positions.
pub(super) fn labelled(positions: &[u32], labels: &Data) -> Op<Tensor> {
    if let Some(stray) = positions.iter().find(|at| **at as usize >= labels.elements()) {
        return fail(format!("label {stray} of {}", labels.elements()));
    }
    Tensor::new(vec![positions.len()], labels.take(positions.iter().map(|at| *at as usize)))
}

//! Values between nodes: tensors of a few types, and how shapes are broadcast. Never allocates beyond [`MAX_ELEMENTS`].

/// Elements of one tensor. What a request needs stays far below; a crafted graph could ask for anything.
pub(super) const MAX_ELEMENTS: usize = 1 << 24;

/// Why a node gives no answer: its inputs do not fit each other, or a value that it refuses.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct OpError(pub String);

pub(super) type Op<T> = Result<T, OpError>;

pub(super) fn fail<T>(problem: impl Into<String>) -> Op<T> {
    Err(OpError(problem.into()))
}

/// A row-major tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub data: Data,
}

/// The elements of a tensor. Integers of all widths are computed with as `i64`; a text is its code.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
    /// Numbers of texts, as a session has met them, negative for one that the model does not know.
    Text(Vec<i32>),
}

/// One expression for whichever type the elements have, giving data of the same type.
macro_rules! map_data {
    ($data:expr, $values:ident => $made:expr) => {
        match $data {
            Data::F32($values) => Data::F32($made),
            Data::F64($values) => Data::F64($made),
            Data::I64($values) => Data::I64($made),
            Data::Bool($values) => Data::Bool($made),
            Data::Text($values) => Data::Text($made),
        }
    };
}
pub(super) use map_data;

impl Data {
    pub fn elements(&self) -> usize {
        match self {
            Data::F32(values) => values.len(),
            Data::F64(values) => values.len(),
            Data::I64(values) => values.len(),
            Data::Bool(values) => values.len(),
            Data::Text(values) => values.len(),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Data::F32(_) => "float",
            Data::F64(_) => "double",
            Data::I64(_) => "int64",
            Data::Bool(_) => "bool",
            Data::Text(_) => "string",
        }
    }

    /// The elements at `places`, all of which must be inside.
    pub fn take(&self, places: impl Iterator<Item = usize>) -> Data {
        map_data!(self, values => places.map(|at| values[at]).collect())
    }

    /// No element of the same type.
    pub fn none(&self) -> Data {
        map_data!(self, _values => Vec::new())
    }

    /// Adds a part of `other`, which must have the same type.
    pub fn extend(&mut self, other: &Data, part: std::ops::Range<usize>) -> Op<()> {
        match (self, other) {
            (Data::F32(own), Data::F32(other)) => own.extend_from_slice(&other[part]),
            (Data::F64(own), Data::F64(other)) => own.extend_from_slice(&other[part]),
            (Data::I64(own), Data::I64(other)) => own.extend_from_slice(&other[part]),
            (Data::Bool(own), Data::Bool(other)) => own.extend_from_slice(&other[part]),
            (Data::Text(own), Data::Text(other)) => own.extend_from_slice(&other[part]),
            (own, other) => return fail(format!("{} beside {}", own.kind(), other.kind())),
        }
        Ok(())
    }
}

/// How many elements a shape has.
pub(super) fn count(shape: &[usize]) -> Op<usize> {
    let count = shape.iter().try_fold(1usize, |count, extent| count.checked_mul(*extent));
    match count.filter(|count| *count <= MAX_ELEMENTS) {
        Some(count) => Ok(count),
        None => fail(format!("a tensor of shape {shape:?} is too large")),
    }
}

impl Tensor {
    /// A tensor whose data must fit `shape`.
    pub fn new(shape: Vec<usize>, data: Data) -> Op<Tensor> {
        match count(&shape)? == data.elements() {
            true => Ok(Tensor { shape, data }),
            false => fail(format!("{} elements do not have the shape {shape:?}", data.elements())),
        }
    }

    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Rows and columns: one row where there is one axis.
    pub fn rows(&self) -> Op<(usize, usize)> {
        match self.shape[..] {
            [columns] => Ok((1, columns)),
            [rows, columns] => Ok((rows, columns)),
            _ => fail(format!("an input of shape {:?} where rows and columns belong", self.shape)),
        }
    }

    /// Position of an axis, which may count from the end.
    pub fn axis(&self, axis: i64) -> Op<usize> {
        axis_of(axis, self.rank())
    }

    /// The extents before an axis, of it, and after it, multiplied.
    pub fn around(&self, axis: usize) -> (usize, usize, usize) {
        let before = self.shape[..axis].iter().product();
        let after = self.shape[axis + 1..].iter().product();
        (before, self.shape[axis], after)
    }

    pub fn ints(&self) -> Op<&[i64]> {
        match &self.data {
            Data::I64(values) => Ok(values),
            other => fail(format!("{} where integers belong", other.kind())),
        }
    }

    pub fn bools(&self) -> Op<&[bool]> {
        match &self.data {
            Data::Bool(values) => Ok(values),
            other => fail(format!("{} where bools belong", other.kind())),
        }
    }

    /// The numbers as `f32`, as the operators of ai.onnx.ml take all inputs.
    pub fn f32s(&self) -> Op<std::borrow::Cow<'_, [f32]>> {
        Ok(match &self.data {
            Data::F32(values) => values.into(),
            Data::F64(values) => values.iter().map(|value| *value as f32).collect(),
            Data::I64(values) => values.iter().map(|value| *value as f32).collect(),
            other => return fail(format!("{} where numbers belong", other.kind())),
        })
    }

    /// The numbers as `f64`.
    pub fn f64s(&self) -> Op<Vec<f64>> {
        Ok(match &self.data {
            Data::F64(values) => values.clone(),
            Data::F32(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Data::I64(values) => values.iter().map(|value| *value as f64).collect(),
            Data::Bool(values) => values.iter().map(|value| f64::from(u8::from(*value))).collect(),
            other @ Data::Text(_) => return fail(format!("{} where numbers belong", other.kind())),
        })
    }
}

/// Position of an axis of `rank`, which may count from the end.
pub(super) fn axis_of(axis: i64, rank: usize) -> Op<usize> {
    let at = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    match at.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < rank) {
        Some(at) => Ok(at),
        None => fail(format!("axis {axis} of a tensor with {rank}")),
    }
}

/// The shape that both are stretched to.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Op<Vec<usize>> {
    let rank = a.len().max(b.len());
    let extent = |shape: &[usize], at: usize| (at + shape.len()).checked_sub(rank).map_or(1, |at| shape[at]);
    let both = |at| match (extent(a, at), extent(b, at)) {
        (x, y) if x == y || y == 1 => Ok(x),
        (1, y) => Ok(y),
        _ => fail(format!("the shapes {a:?} and {b:?} do not fit each other")),
    };
    let shape: Vec<usize> = (0..rank).map(both).collect::<Op<_>>()?;
    count(&shape)?;
    Ok(shape)
}

/// For each element of `shape`, the place of its source in a tensor of shape `from` that is stretched to it.
pub(super) fn stretched(from: &[usize], shape: &[usize]) -> Vec<usize> {
    let skipped = shape.len() - from.len();
    let mut strides = vec![0; shape.len()];
    let mut stride = 1;
    for (at, extent) in from.iter().enumerate().rev() {
        strides[skipped + at] = if *extent == 1 { 0 } else { stride };
        stride *= extent;
    }
    places(shape, &strides, 0)
}

/// The places that a walk over `shape` in row-major order comes to, with these strides from `start`.
pub(super) fn places(shape: &[usize], strides: &[usize], start: usize) -> Vec<usize> {
    let mut found = vec![start];
    for (extent, stride) in shape.iter().zip(strides) {
        found = found.into_iter().flat_map(|from| (0..*extent).map(move |i| from + i * stride)).collect();
    }
    found
}

/// Row-major strides.
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for at in (1..shape.len()).rev() {
        strides[at - 1] = strides[at] * shape[at];
    }
    strides
}

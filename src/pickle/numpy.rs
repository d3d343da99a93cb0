//! numpy's arrays and scalars, as plain nodes.
//!
//! What numpy writes: an array is `_reconstruct(ndarray, (0,), b'b')` and a BUILD with shape, dtype and data (protocol
//! 5: `_frombuffer(…)`); a scalar is `scalar(dtype, bytes)`. The data must fit shape and dtype exactly; array bytes are
//! borrowed from the input.

use super::error::PickleError;
use super::machine::Machine;
use super::object::Pending;
use crate::value::{Array, ArrayData, DType, Id, Name, Node};
use std::borrow::Cow;

/// numpy's own limit until 2.0; scikit-learn uses up to 3.
const MAX_DIMENSIONS: usize = 32;

impl<'a> Machine<'a> {
    /// `_reconstruct(numpy.ndarray, (0,), b'b')`: an array that its BUILD fills.
    pub(super) fn numpy_reconstruct(&mut self, function: Name<'a>, args: &[Id]) -> Result<Id, PickleError> {
        match args {
            [subtype, _, _] if self.is_ndarray(*subtype) => self.reserve(Pending::Array),
            _ => Err(self.arguments(&function)),
        }
    }

    pub(super) fn is_ndarray(&self, id: Id) -> bool {
        matches!(self.arena.node(id), Node::Global(name) if name.module == "numpy" && name.name == "ndarray")
    }

    /// BUILD of an array: `(1, shape, dtype, is_fortran, data)`.
    pub(super) fn build_array(&mut self, target: Id, state: Id) -> Result<(), PickleError> {
        let [version, shape, dtype, fortran, data] = self.tuple_of::<5>(state)?;
        if !matches!(self.arena.node(version), Node::Int(0 | 1)) {
            return Err(self.malformed("an array state of another version than 1"));
        }
        let fortran = self.flag(fortran)?;
        let (shape, dtype) = (self.shape(shape)?, self.dtype(dtype)?);
        let data = match self.arena.node(data) {
            Node::Bytes(bytes) => ArrayData::Bytes(bytes.clone()),
            Node::List(items) => ArrayData::Objects(items.clone()),
            _ => return Err(self.malformed("array data that is neither bytes nor a list")),
        };
        let array = self.array(dtype, shape, fortran, data)?;
        let set = self.arena.set(target, array);
        self.paid(set)
    }

    /// `_frombuffer(bytes, dtype, shape, order)`.
    pub(super) fn numpy_from_buffer(&mut self, args: &[Id]) -> Result<Id, PickleError> {
        let [data, dtype, shape, order] = *args else {
            return Err(self.malformed("an array whose axes are permuted; copy it in C order before pickling"));
        };
        let fortran = self.order(order)?;
        let (shape, dtype) = (self.shape(shape)?, self.dtype(dtype)?);
        let Node::Bytes(bytes) = self.arena.node(data) else {
            return Err(self.malformed("array data that is no bytes"));
        };
        let data = ArrayData::Bytes(bytes.clone());
        let array = self.array(dtype, shape, fortran, data)?;
        self.add(array)
    }

    /// True for `'F'`, false for `'C'`.
    pub(super) fn order(&self, id: Id) -> Result<bool, PickleError> {
        match self.arena.node(id) {
            Node::Str(order) if order == "C" => Ok(false),
            Node::Str(order) if order == "F" => Ok(true),
            _ => Err(self.malformed("an array order other than C and F")),
        }
    }

    fn flag(&self, id: Id) -> Result<bool, PickleError> {
        match self.arena.node(id) {
            Node::Bool(flag) => Ok(*flag),
            Node::Int(flag @ (0 | 1)) => Ok(*flag == 1),
            _ => Err(self.malformed("a flag that is no bool")),
        }
    }

    pub(super) fn shape(&self, id: Id) -> Result<Vec<usize>, PickleError> {
        let Node::Tuple(extents) = self.arena.node(id) else {
            return Err(self.malformed("an array shape that is no tuple"));
        };
        if extents.len() > MAX_DIMENSIONS {
            return Err(self.input.limit("dimensions", MAX_DIMENSIONS));
        }
        let extent = |id: &Id| match self.arena.node(*id) {
            Node::Int(extent) => usize::try_from(*extent).ok(),
            _ => None,
        };
        let shape: Option<Vec<usize>> = extents.iter().map(extent).collect();
        shape.ok_or_else(|| self.malformed("an array shape that is not of integers from 0"))
    }

    pub(super) fn dtype(&self, id: Id) -> Result<DType, PickleError> {
        match self.arena.node(id) {
            Node::DType(dtype) => Ok((**dtype).clone()),
            _ => Err(self.malformed("a dtype that is none")),
        }
    }

    /// The array, if its data fit its shape and dtype.
    pub(super) fn array(
        &mut self,
        dtype: DType,
        shape: Vec<usize>,
        fortran: bool,
        data: ArrayData<'a>,
    ) -> Result<Node<'a>, PickleError> {
        let bytes = self.array_bytes(&dtype, &shape)?;
        let fits = match &data {
            ArrayData::Bytes(held) => dtype != DType::Object && held.len() == bytes,
            ArrayData::Objects(held) => dtype == DType::Object && held.len() * dtype.size() == bytes,
        };
        if !fits {
            let held = match &data {
                ArrayData::Bytes(held) => format!("{} bytes", held.len()),
                ArrayData::Objects(held) => format!("{} objects", held.len()),
            };
            return Err(self.malformed(format!("{held} of data for an array of {dtype} with shape {shape:?}")));
        }
        self.notes.array(bytes);
        Ok(Node::Array(Box::new(Array { dtype, shape, fortran, data })))
    }

    /// Bytes of data that shape and dtype ask for. Also refuses shapes that would overflow if no extent were 0, as
    /// numpy does, and elements without size, so that the number of elements never exceeds that of data bytes.
    pub(super) fn array_bytes(&self, dtype: &DType, shape: &[usize]) -> Result<usize, PickleError> {
        let nonzero = shape.iter().map(|extent| (*extent).max(1));
        let full = nonzero.chain([dtype.size().max(1)]).try_fold(1usize, |n, extent| n.checked_mul(extent));
        if full.is_none_or(|full| full > isize::MAX as usize) {
            return Err(self.malformed(format!("an array of shape {shape:?}, larger than any memory")));
        }
        let count: usize = shape.iter().product();
        if dtype.size() == 0 && count > 0 {
            return Err(self.malformed(format!("{count} array elements without size ({dtype})")));
        }
        Ok(count * dtype.size())
    }

    /// `scalar(dtype, bytes)`: folded into a plain value.
    pub(super) fn numpy_scalar(&mut self, function: Name<'a>, args: Vec<Id>) -> Result<Id, PickleError> {
        let [dtype, data] = *args else { return Err(self.arguments(&function)) };
        let dtype = self.dtype(dtype)?;
        let bytes = match self.arena.node(data) {
            _ if dtype == DType::Object => return Ok(data),
            Node::Bytes(bytes) if bytes.len() == dtype.size() => bytes.clone(),
            _ => return Err(self.malformed(format!("a scalar of {dtype} without its bytes"))),
        };
        let node = match &dtype {
            DType::Scalar { kind, size, big_endian } => {
                crate::value::read_scalar(&bytes, *kind, *size, *big_endian).into()
            }
            DType::Str { big_endian, .. } => crate::value::utf32(&bytes, *big_endian)
                .map(|text| Node::Str(Cow::Owned(text)))
                .ok_or_else(|| self.malformed("a string scalar that is not valid text"))?,
            DType::Bytes { .. } => Node::Bytes(bytes),
            DType::Object | DType::Struct { .. } | DType::Opaque { .. } => return self.record(function, args),
        };
        self.add(node)
    }
}

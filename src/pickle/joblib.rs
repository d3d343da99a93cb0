//! joblib's share of a stream: the raw bytes of arrays between the opcodes, and pickles nested in place of arrays.
//!
//! An array is an instance of `NumpyArrayWrapper` with a BUILD of its description; behind that BUILD stand a padding
//! length, that many bytes, and the data in memory order. Arrays of objects are a whole pickle of their own, which
//! runs on a level of its own. Written by `joblib.dump`, source: joblib/numpy_pickle.py, `NumpyArrayWrapper.read`.

use super::error::PickleError;
use super::machine::Machine;
use crate::value::{ArrayData, DType, Id, Node};
use std::borrow::Cow;

/// Nested pickles that are open at once. joblib itself nests one.
const MAX_NESTED: usize = 8;
/// Attributes of a wrapper; joblib 1.5 writes 6.
const MAX_ATTRIBUTES: usize = 16;

impl<'a> Machine<'a> {
    /// Fills `target` with the array that follows in the stream, or begins the pickle that holds it.
    pub(super) fn build_wrapper(&mut self, target: Id, state: Id) -> Result<(), PickleError> {
        if !self.is_ndarray(self.attribute(state, "subclass")?) {
            return Err(self.malformed("a joblib array of another class than numpy.ndarray"));
        }
        let dtype = self.dtype(self.attribute(state, "dtype")?)?;
        let shape = self.shape(self.attribute(state, "shape")?)?;
        let fortran = self.order(self.attribute(state, "order")?)?;
        self.notes.joblib_arrays += 1;
        if dtype == DType::Object {
            return self.begin_nested(target);
        }
        let aligned = match self.attribute(state, "numpy_array_alignment_bytes") {
            Ok(alignment) => !matches!(self.arena.node(alignment), Node::None),
            // joblib 1.1 and older do not align.
            Err(_) => false,
        };
        if aligned {
            self.input.counted(1)?;
        }
        let bytes = self.input.take(self.array_bytes(&dtype, &shape)? as u64)?;
        let array = self.array(dtype, shape, fortran, ArrayData::Bytes(Cow::Borrowed(bytes)))?;
        let set = self.arena.set(target, array);
        self.paid(set)
    }

    fn begin_nested(&mut self, target: Id) -> Result<(), PickleError> {
        if self.outer.len() >= MAX_NESTED {
            return Err(self.input.limit("nested pickles", MAX_NESTED));
        }
        self.notes.nested_pickles += 1;
        let outer = std::mem::take(&mut self.level);
        self.outer.push((outer, target));
        Ok(())
    }

    /// Puts the result of a nested pickle where its wrapper stands.
    pub(super) fn end_nested(&mut self, root: Id, target: Id) -> Result<(), PickleError> {
        match self.arena.node(root) {
            Node::Array(array) if array.dtype == DType::Object => {
                let copy = Node::Array(array.clone());
                let set = self.arena.set(target, copy);
                self.paid(set)
            }
            _ => Err(self.malformed("a nested pickle that is no array of objects")),
        }
    }

    /// An attribute of a wrapper's state.
    fn attribute(&self, state: Id, name: &str) -> Result<Id, PickleError> {
        let Node::Dict(pairs) = self.arena.node(state) else {
            return Err(self.malformed("a joblib array whose state is no dict"));
        };
        if pairs.len() > MAX_ATTRIBUTES {
            return Err(self.input.limit("attributes of a joblib array", MAX_ATTRIBUTES));
        }
        let is_name = |id: &Id| matches!(self.arena.node(*id), Node::Str(key) if key == name);
        let found = pairs.iter().rev().find(|(key, _)| is_name(key));
        found.map(|(_, value)| *value).ok_or_else(|| self.malformed(format!("a joblib array without its {name}")))
    }
}

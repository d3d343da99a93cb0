//! Records to graph. Trusts nothing: a file whose digest is right may still have been made by hand.
//!
//! Every count is bounded by the bytes that are left before memory is taken for it, so a file takes in memory a small
//! multiple of its size.

use super::wire::{Counts, DTypeRecord, FieldRecord, NameRecord, NodeRecord, Reader, ScalarCode};
use super::{NativeError, aligned, storable};
use crate::value::{Array, ArrayData, DType, Field, Graph, Id, Name, Node, Object, ScalarKind};
use std::borrow::Cow;

/// numpy has no more dimensions than this.
const MAX_DIMENSIONS: usize = 64;
/// Python integers of more bytes than this are nothing a model holds.
const MAX_INT_BYTES: usize = 64;
/// An empty array may have sides this long even in a small file.
const MIN_SIDE: usize = 1 << 16;
/// The shortest way to add a node: one byte of record and four bytes that refer to it.
const MIN_NODE_BYTES: usize = 5;

/// Reads the graph from its two sections.
pub(super) fn graph<'a>(records: &'a [u8], arrays: &'a [u8]) -> Result<Graph<'a>, NativeError> {
    let mut reader = Reader::new(records);
    let counts: Counts = reader.read().map_err(|problem| malformed("the counts", problem))?;
    let names = names(&mut reader, counts.names)?;
    let dtypes = dtypes(&mut reader, counts.dtypes)?;
    let count = counts.nodes as usize;
    if count == 0 || count > reader.left() / MIN_NODE_BYTES + 1 {
        return Err(malformed("the counts", format!("{count} nodes in {} bytes", reader.left())));
    }
    let referenced = vec![false; count];
    let mut decoder = Decoder { names, dtypes, arrays, arrays_at: 0, referenced, at: 0 };
    let mut nodes = Vec::with_capacity(count);
    for at in 0..count {
        decoder.at = at as u32;
        let node = reader.read().and_then(|record| decoder.node(record));
        nodes.push(node.map_err(|problem| malformed(&format!("node {at}"), problem))?);
    }
    if reader.left() != 0 {
        return Err(malformed("the records", format!("{} bytes follow the last node", reader.left())));
    }
    if decoder.arrays_at != arrays.len() {
        return Err(malformed("the arrays", "bytes follow the last array".into()));
    }
    Ok(Graph { nodes, root: Id(0) })
}

fn malformed(place: &str, problem: String) -> NativeError {
    NativeError::Malformed { place: place.to_owned(), problem }
}

fn names<'a>(reader: &mut Reader<'a>, count: u32) -> Result<Vec<Name<'a>>, NativeError> {
    let mut names = Vec::new();
    for at in 0..count {
        let record: NameRecord<'a> = reader.read().map_err(|problem| malformed(&format!("name {at}"), problem))?;
        if record.module.is_empty() || record.name.is_empty() {
            return Err(malformed(&format!("name {at}"), "it is empty".into()));
        }
        names.push(Name { module: Cow::Borrowed(record.module), name: Cow::Borrowed(record.name) });
    }
    Ok(names)
}

fn dtypes(reader: &mut Reader<'_>, count: u32) -> Result<Vec<DType>, NativeError> {
    let mut dtypes = Vec::new();
    for at in 0..count {
        let dtype = dtype(reader, &dtypes).map_err(|problem| malformed(&format!("element type {at}"), problem))?;
        dtypes.push(dtype);
    }
    Ok(dtypes)
}

/// One element type; `earlier` are those that the fields of a structure may have.
fn dtype(reader: &mut Reader<'_>, earlier: &[DType]) -> Result<DType, String> {
    let dtype = match reader.read()? {
        DTypeRecord::Scalar { kind, size, big_endian } => {
            let kind = match kind {
                ScalarCode::Bool => ScalarKind::Bool,
                ScalarCode::Int => ScalarKind::Int,
                ScalarCode::Uint => ScalarKind::Uint,
                ScalarCode::Float => ScalarKind::Float,
            };
            let sizes: &[u8] = match kind {
                ScalarKind::Bool => &[1],
                ScalarKind::Int | ScalarKind::Uint => &[1, 2, 4, 8],
                ScalarKind::Float => &[2, 4, 8],
            };
            if !sizes.contains(&size) {
                return Err(format!("a number of {size} bytes"));
            }
            DType::Scalar { kind, size, big_endian }
        }
        DTypeRecord::Str { chars, big_endian } => DType::Str { chars: element_size(chars)?, big_endian },
        DTypeRecord::Bytes { len } => DType::Bytes { len: element_size(len)? },
        DTypeRecord::Object => DType::Object,
        DTypeRecord::Struct { fields, itemsize } => structure(reader, earlier, fields, element_size(itemsize)?)?,
        DTypeRecord::Opaque { code, size } => DType::Opaque { code: code.to_owned(), size: element_size(size)? },
    };
    storable(&dtype)?;
    Ok(dtype)
}

/// Sizes stay far below where sums and products of them could overflow.
fn element_size(size: u64) -> Result<usize, String> {
    u32::try_from(size).map(|size| size as usize).map_err(|_| format!("elements of {size} bytes"))
}

fn structure(reader: &mut Reader<'_>, earlier: &[DType], count: u32, itemsize: usize) -> Result<DType, String> {
    let mut fields = Vec::new();
    for _ in 0..count {
        let record: FieldRecord<'_> = reader.read()?;
        let name = record.name.to_owned();
        let dtype = earlier.get(record.dtype as usize).ok_or("a field of an unknown type")?.clone();
        let offset = element_size(record.offset)?;
        if offset + dtype.size() > itemsize {
            return Err(format!("field {name} lies outside its structure"));
        }
        fields.push(Field { name, dtype, offset });
    }
    Ok(DType::Struct { fields: fields.into(), itemsize })
}

struct Decoder<'a> {
    names: Vec<Name<'a>>,
    dtypes: Vec<DType>,
    arrays: &'a [u8],
    /// End of the last array.
    arrays_at: usize,
    /// Which nodes an earlier node refers to.
    referenced: Vec<bool>,
    /// Number of the node being read.
    at: u32,
}

impl<'a> Decoder<'a> {
    fn node(&mut self, record: NodeRecord<'a>) -> Result<Node<'a>, String> {
        if self.at > 0 && !self.referenced[self.at as usize] {
            return Err("no earlier node refers to it".into());
        }
        Ok(match record {
            NodeRecord::None => Node::None,
            NodeRecord::Bool(value) => Node::Bool(value),
            NodeRecord::Int(value) => Node::Int(value),
            NodeRecord::BigInt(bytes) if bytes.len() > MAX_INT_BYTES => return Err("an integer too long".into()),
            NodeRecord::BigInt(bytes) => Node::BigInt(bytes.to_vec()),
            NodeRecord::Float(value) => Node::Float(value),
            NodeRecord::Str(text) => Node::Str(Cow::Borrowed(text)),
            NodeRecord::Bytes(bytes) => Node::Bytes(Cow::Borrowed(bytes)),
            NodeRecord::List(ids) => Node::List(self.ids(ids)?),
            NodeRecord::Tuple(ids) => Node::Tuple(self.ids(ids)?),
            NodeRecord::Set(ids) => Node::Set(self.ids(ids)?),
            NodeRecord::Dict(pairs) => Node::Dict(self.pairs(pairs)?),
            NodeRecord::Global(name) => Node::Global(Box::new(self.name(name)?)),
            NodeRecord::DType(dtype) => Node::DType(Box::new(self.dtype(dtype)?)),
            NodeRecord::Array { dtype, fortran, shape } => self.array(dtype, fortran, shape)?,
            NodeRecord::ObjectArray { dtype, fortran, shape, ids } => self.object_array(dtype, fortran, shape, ids)?,
            NodeRecord::Object { class, state, args, items, entries } => Node::Object(Box::new(Object {
                class: self.name(class)?,
                args: self.ids(args)?,
                state: state.map(|id| self.id(id)).transpose()?,
                items: self.ids(items)?,
                entries: self.pairs(entries)?,
                offset: 0,
            })),
        })
    }

    fn array(&mut self, dtype: u32, fortran: bool, shape: &[u8]) -> Result<Node<'a>, String> {
        let dtype = self.dtype(dtype)?;
        let shape = self.shape(shape)?;
        let count = count(&shape)?;
        if dtype == DType::Object || (dtype.size() == 0 && count > 0) {
            return Err(format!("an array of {dtype} has no bytes"));
        }
        let len = count.checked_mul(dtype.size()).filter(|len| *len <= self.arrays.len()).ok_or("an array too long")?;
        let from = aligned(self.arrays_at, len);
        let data = self.arrays.get(from..from + len).ok_or("an array reaches beyond the end")?;
        if self.arrays[self.arrays_at..from].iter().any(|byte| *byte != 0) {
            return Err("the gap before the array is not zero".into());
        }
        self.arrays_at = from + len;
        Ok(Node::Array(Box::new(Array { dtype, shape, fortran, data: ArrayData::Bytes(Cow::Borrowed(data)) })))
    }

    fn object_array(&mut self, dtype: u32, fortran: bool, shape: &[u8], ids: &[u8]) -> Result<Node<'a>, String> {
        let dtype = self.dtype(dtype)?;
        let shape = self.shape(shape)?;
        let ids = self.ids(ids)?;
        if count(&shape)? != ids.len() {
            return Err(format!("{} objects in an array of shape {shape:?}", ids.len()));
        }
        Ok(Node::Array(Box::new(Array { dtype, shape, fortran, data: ArrayData::Objects(ids) })))
    }

    fn dtype(&self, number: u32) -> Result<DType, String> {
        self.dtypes.get(number as usize).cloned().ok_or_else(|| "an unknown element type".into())
    }

    fn name(&self, number: u32) -> Result<Name<'a>, String> {
        self.names.get(number as usize).cloned().ok_or_else(|| "an unknown name".into())
    }

    /// Extents. An empty array may not claim any side it likes: readers make room for sides.
    fn shape(&self, packed: &[u8]) -> Result<Vec<usize>, String> {
        let (extents, rest) = packed.as_chunks::<8>();
        if !rest.is_empty() || extents.len() > MAX_DIMENSIONS {
            return Err(format!("a shape of {} bytes", packed.len()));
        }
        let longest = self.arrays.len().max(MIN_SIDE);
        let extent = |bytes: &[u8; 8]| {
            let extent = u64::from_le_bytes(*bytes);
            usize::try_from(extent).ok().filter(|n| *n <= longest).ok_or_else(|| format!("a side of {extent} elements"))
        };
        extents.iter().map(extent).collect()
    }

    /// A reference: to a later node, which rules out cycles.
    fn id(&mut self, id: u32) -> Result<Id, String> {
        if id <= self.at {
            return Err(format!("it refers back to node {id}"));
        }
        *self.referenced.get_mut(id as usize).ok_or_else(|| format!("it refers to node {id}, which is not there"))? =
            true;
        Ok(Id(id))
    }

    fn ids(&mut self, packed: &[u8]) -> Result<Vec<Id>, String> {
        let (ids, rest) = packed.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(format!("a list of {} bytes", packed.len()));
        }
        ids.iter().map(|id| self.id(u32::from_le_bytes(*id))).collect()
    }

    fn pairs(&mut self, packed: &[u8]) -> Result<Vec<(Id, Id)>, String> {
        let (pairs, rest) = packed.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(format!("a dict of {} bytes", packed.len()));
        }
        let half = |pair: &[u8; 8], at: usize| u32::from_le_bytes([pair[at], pair[at + 1], pair[at + 2], pair[at + 3]]);
        pairs.iter().map(|pair| Ok((self.id(half(pair, 0))?, self.id(half(pair, 4))?))).collect()
    }
}

/// Number of elements of an array of this shape.
fn count(shape: &[usize]) -> Result<usize, String> {
    let product = shape.iter().try_fold(1usize, |product, extent| product.checked_mul(*extent));
    product.ok_or_else(|| format!("an array of shape {shape:?}"))
}

//! Graph to records: numbers the nodes that the root reaches, writes each as one flat record.

use super::wire::{Counts, DTypeRecord, FieldRecord, NameRecord, NodeRecord, ScalarCode, write};
use super::{NativeError, aligned, storable};
use crate::value::{Array, ArrayData, DType, Graph, Id, Name, Node, Object, ScalarKind};
use std::collections::HashMap;

/// What a file is put together from.
pub(super) struct Parts<'g> {
    pub records: Vec<u8>,
    /// The elements of the arrays, in the order of their nodes.
    pub arrays: Vec<&'g [u8]>,
    /// Length of all arrays with the gaps between them.
    pub arrays_len: usize,
}

/// Encodes all that the root reaches.
pub(super) fn parts<'g>(graph: &'g Graph<'_>) -> Result<Parts<'g>, NativeError> {
    let order = order(graph)?;
    let mut number = vec![u32::MAX; graph.nodes.len()];
    for (new, old) in order.iter().enumerate() {
        number[old.0 as usize] = new as u32;
    }
    let mut encoder = Encoder { number, ..Encoder::default() };
    for id in &order {
        encoder.node(graph.node(*id))?;
    }
    let counts = Counts {
        names: encoder.names.list.len() as u32,
        dtypes: encoder.dtypes.list.len() as u32,
        nodes: order.len() as u32,
    };
    let mut records = Vec::with_capacity(encoder.nodes.len() + 1024);
    write(&counts, &mut records);
    for name in &encoder.names.list {
        write(&NameRecord { module: &name.module, name: &name.name }, &mut records);
    }
    for dtype in &encoder.dtypes.list {
        write_dtype(dtype, &encoder.dtypes.number, &mut records);
    }
    records.extend_from_slice(&encoder.nodes);
    Ok(Parts { records, arrays: encoder.arrays, arrays_len: encoder.arrays_len })
}

/// All nodes that the root reaches, each before all that it refers to (reverse postorder, without recursion).
fn order(graph: &Graph<'_>) -> Result<Vec<Id>, NativeError> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Open,
        Done,
    }
    let mut seen = vec![Seen::Not; graph.nodes.len()];
    let mut order = Vec::new();
    let mut stack = vec![(graph.root, graph.node(graph.root).children())];
    seen[graph.root.0 as usize] = Seen::Open;
    while let Some((id, children)) = stack.last_mut() {
        // From the last child to the first: the reversal below then lists children in their own order.
        let Some(child) = children.pop() else {
            seen[id.0 as usize] = Seen::Done;
            order.push(*id);
            stack.pop();
            continue;
        };
        match seen[child.0 as usize] {
            Seen::Done => {}
            Seen::Open => return Err(NativeError::Cyclic { what: graph.view(child).kind() }),
            Seen::Not => {
                seen[child.0 as usize] = Seen::Open;
                stack.push((child, graph.node(child).children()));
            }
        }
    }
    order.reverse();
    Ok(order)
}

/// Values that are written once and referred to by number.
struct Table<'g, T> {
    list: Vec<&'g T>,
    number: HashMap<&'g T, u32>,
}

impl<T> Default for Table<'_, T> {
    fn default() -> Self {
        Table { list: Vec::new(), number: HashMap::new() }
    }
}

impl<'g, T: Eq + std::hash::Hash> Table<'g, T> {
    fn intern(&mut self, value: &'g T) -> u32 {
        *self.number.entry(value).or_insert_with(|| {
            self.list.push(value);
            self.list.len() as u32 - 1
        })
    }
}

#[derive(Default)]
struct Encoder<'g, 'a> {
    /// New number of each node of the graph.
    number: Vec<u32>,
    names: Table<'g, Name<'a>>,
    dtypes: Table<'g, DType>,
    nodes: Vec<u8>,
    arrays: Vec<&'g [u8]>,
    arrays_len: usize,
}

impl<'g, 'a> Encoder<'g, 'a> {
    fn node(&mut self, node: &'g Node<'a>) -> Result<(), NativeError> {
        match node {
            Node::None => self.write(&NodeRecord::None),
            Node::Bool(value) => self.write(&NodeRecord::Bool(*value)),
            Node::Int(value) => self.write(&NodeRecord::Int(*value)),
            Node::BigInt(bytes) => self.write(&NodeRecord::BigInt(bytes)),
            Node::Float(value) => self.write(&NodeRecord::Float(*value)),
            Node::Str(text) => self.write(&NodeRecord::Str(text)),
            Node::Bytes(bytes) => self.write(&NodeRecord::Bytes(bytes)),
            Node::List(ids) => self.write(&NodeRecord::List(&self.ids(ids))),
            Node::Tuple(ids) => self.write(&NodeRecord::Tuple(&self.ids(ids))),
            Node::Set(ids) => self.write(&NodeRecord::Set(&self.ids(ids))),
            Node::Dict(pairs) => self.write(&NodeRecord::Dict(&self.pairs(pairs))),
            Node::Global(name) => {
                let name = self.names.intern(name);
                self.write(&NodeRecord::Global(name));
            }
            Node::DType(dtype) => {
                let dtype = self.dtype(dtype)?;
                self.write(&NodeRecord::DType(dtype));
            }
            Node::Array(array) => self.array(array)?,
            Node::Object(object) => self.object(object),
        }
        Ok(())
    }

    fn write(&mut self, record: &NodeRecord<'_>) {
        write(record, &mut self.nodes);
    }

    fn array(&mut self, array: &'g Array<'a>) -> Result<(), NativeError> {
        let dtype = self.dtype(&array.dtype)?;
        let shape: Vec<u8> = array.shape.iter().flat_map(|extent| (*extent as u64).to_le_bytes()).collect();
        let (shape, fortran) = (shape.as_slice(), array.fortran);
        match &array.data {
            ArrayData::Objects(ids) => {
                self.write(&NodeRecord::ObjectArray { dtype, fortran, shape, ids: &self.ids(ids) });
            }
            ArrayData::Bytes(bytes) => {
                self.write(&NodeRecord::Array { dtype, fortran, shape });
                self.arrays_len = aligned(self.arrays_len, bytes.len()) + bytes.len();
                self.arrays.push(bytes);
            }
        }
        Ok(())
    }

    fn object(&mut self, object: &'g Object<'a>) {
        let class = self.names.intern(&object.class);
        let record = NodeRecord::Object {
            class,
            state: object.state.map(|id| self.number[id.0 as usize]),
            args: &self.ids(&object.args),
            items: &self.ids(&object.items),
            entries: &self.pairs(&object.entries),
        };
        write(&record, &mut self.nodes);
    }

    fn dtype(&mut self, dtype: &'g DType) -> Result<u32, NativeError> {
        storable(dtype).map_err(|what| NativeError::Unstorable { what: format!("an array of {what}") })?;
        if let DType::Struct { fields, .. } = dtype {
            for field in fields.iter() {
                self.dtype(&field.dtype)?;
            }
        }
        Ok(self.dtypes.intern(dtype))
    }

    fn ids(&self, ids: &[Id]) -> Vec<u8> {
        ids.iter().flat_map(|id| self.number[id.0 as usize].to_le_bytes()).collect()
    }

    fn pairs(&self, pairs: &[(Id, Id)]) -> Vec<u8> {
        pairs.iter().flat_map(|(key, value)| self.ids(&[*key, *value])).collect()
    }
}

/// Writes one entry of the table of element types; `number` knows the types of its fields.
fn write_dtype(dtype: &DType, number: &HashMap<&DType, u32>, out: &mut Vec<u8>) {
    let record = match dtype {
        DType::Scalar { kind, size, big_endian } => {
            let kind = match kind {
                ScalarKind::Bool => ScalarCode::Bool,
                ScalarKind::Int => ScalarCode::Int,
                ScalarKind::Uint => ScalarCode::Uint,
                ScalarKind::Float => ScalarCode::Float,
            };
            DTypeRecord::Scalar { kind, size: *size, big_endian: *big_endian }
        }
        DType::Str { chars, big_endian } => DTypeRecord::Str { chars: *chars as u64, big_endian: *big_endian },
        DType::Bytes { len } => DTypeRecord::Bytes { len: *len as u64 },
        DType::Object => DTypeRecord::Object,
        DType::Struct { fields, itemsize } => {
            DTypeRecord::Struct { fields: fields.len() as u32, itemsize: *itemsize as u64 }
        }
        DType::Opaque { code, size } => DTypeRecord::Opaque { code, size: *size as u64 },
    };
    write(&record, out);
    if let DType::Struct { fields, .. } = dtype {
        for field in fields.iter() {
            let record = FieldRecord { name: &field.name, dtype: number[&field.dtype], offset: field.offset as u64 };
            write(&record, out);
        }
    }
}

//! A value graph as a pickle (protocol 4), for Python to load: scikit-learn gets back the objects that it would have
//! pickled itself. Only names that this reader would take are written. Never does I/O.
//!
//! What was folded into a plain value when it was read stays one: a numpy scalar is written as the Python number that it
//! equals, and a frozenset as a set. scikit-learn computes the same with them.

mod emit;
#[cfg(test)]
mod tests;

use super::allow::{self, Call, Role};
use crate::value::{Array, ArrayData, DType, Field, Graph, Id, Name, Node, Object};
use emit::{bytes, get, integer, long, text};
use std::collections::HashMap;

/// numpy's flags of Python objects: counted, and pickled as a list.
const OBJECT_FLAGS: i64 = 63;

/// Why a graph has no pickle that Python could load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("{0} is scorelet's own step: Python has no such class")]
    Own(String),
    #[error("{0} is not written as pickle")]
    Name(String),
    #[error("an array of {0} is not written as pickle")]
    DType(String),
    #[error("a value contains itself: {0}")]
    Cyclic(String),
    #[error("{what} of {bytes} bytes is more than a pickle of protocol 4 holds in one piece here")]
    TooLong { what: &'static str, bytes: usize },
}

/// Writes all that the root reaches. Values that several others refer to are written once, so that Python shares them,
/// too.
///
/// # Errors
/// When the graph holds what Python would not know or this reader would not take back.
pub fn write(graph: &Graph<'_>) -> Result<Vec<u8>, WriteError> {
    let mut writer = Writer {
        graph,
        shared: references(graph),
        memo: HashMap::new(),
        names: HashMap::new(),
        dtypes: HashMap::new(),
        memoized: 0,
        open: vec![false; graph.nodes.len()],
        tasks: vec![Task::Node(graph.root)],
        out: vec![0x80, 4],
    };
    while let Some(task) = writer.tasks.pop() {
        writer.run(task)?;
    }
    writer.out.push(b'.');
    Ok(writer.out)
}

/// Which nodes are referred to more than once from what the root reaches.
fn references(graph: &Graph<'_>) -> Vec<bool> {
    let (mut seen, mut shared) = (vec![false; graph.nodes.len()], vec![false; graph.nodes.len()]);
    let mut open = vec![graph.root];
    while let Some(id) = open.pop() {
        let at = id.0 as usize;
        if std::mem::replace(&mut seen[at], true) {
            shared[at] = true;
            continue;
        }
        open.extend(graph.node(id).children());
    }
    shared
}

/// What is still to be written; the last comes first.
enum Task {
    Node(Id),
    /// These bytes.
    Bytes(Vec<u8>),
    /// The value that now is on top of Python's stack, if others refer to it.
    Memoize(Id),
    /// All of the node is written.
    Close(Id),
}

struct Writer<'g, 'a> {
    graph: &'g Graph<'a>,
    shared: Vec<bool>,
    memo: HashMap<Id, u32>,
    names: HashMap<&'g Name<'a>, u32>,
    dtypes: HashMap<&'g DType, u32>,
    memoized: u32,
    /// Nodes that are being written: whoever meets one of them is in a circle.
    open: Vec<bool>,
    tasks: Vec<Task>,
    out: Vec<u8>,
}

impl<'g, 'a> Writer<'g, 'a> {
    fn run(&mut self, task: Task) -> Result<(), WriteError> {
        match task {
            Task::Node(id) => self.node(id),
            Task::Bytes(bytes) => {
                self.out.extend(bytes);
                Ok(())
            }
            Task::Memoize(id) => {
                if self.shared[id.0 as usize] {
                    let number = self.memoize();
                    self.memo.insert(id, number);
                }
                Ok(())
            }
            Task::Close(id) => {
                self.open[id.0 as usize] = false;
                Ok(())
            }
        }
    }

    fn node(&mut self, id: Id) -> Result<(), WriteError> {
        if self.open[id.0 as usize] {
            return Err(WriteError::Cyclic(self.graph.view(id).kind()));
        }
        if let Some(number) = self.memo.get(&id) {
            get(*number, &mut self.out);
            return Ok(());
        }
        let graph = self.graph;
        match graph.node(id) {
            Node::None => self.out.push(b'N'),
            Node::Bool(value) => self.out.push(if *value { 0x88 } else { 0x89 }),
            Node::Int(value) => integer(*value, &mut self.out),
            Node::BigInt(bytes) => long(bytes, &mut self.out)?,
            Node::Float(value) => {
                self.out.push(b'G');
                self.out.extend(value.to_be_bytes());
            }
            Node::Str(value) => {
                text(value, &mut self.out)?;
                return self.run(Task::Memoize(id));
            }
            Node::Bytes(value) => {
                bytes(value, &mut self.out)?;
                return self.run(Task::Memoize(id));
            }
            Node::Global(name) => return self.global(name),
            Node::DType(dtype) => return self.dtype(dtype),
            Node::List(_) | Node::Tuple(_) | Node::Set(_) | Node::Dict(_) | Node::Array(_) | Node::Object(_) => {
                return self.container(id);
            }
        }
        Ok(())
    }

    /// Plans what a container is written by; its parts follow from the tasks.
    fn container(&mut self, id: Id) -> Result<(), WriteError> {
        self.open[id.0 as usize] = true;
        let graph = self.graph;
        let mut plan = match graph.node(id) {
            Node::List(items) => several(b"](", items, b"e", Some(id)),
            Node::Set(items) => several(b"\x8f(", items, b"\x90", Some(id)),
            Node::Tuple(items) => tuple(items, Some(id)),
            Node::Dict(pairs) => several(b"}(", &flat(pairs), b"u", Some(id)),
            Node::Array(array) => self.array(id, array)?,
            Node::Object(object) => self.object(id, object)?,
            _ => Vec::new(),
        };
        plan.push(Task::Close(id));
        self.tasks.extend(plan.into_iter().rev());
        Ok(())
    }

    /// `_reconstruct(ndarray, (0,), b'b')` and a BUILD, as numpy pickles arrays itself.
    fn array(&mut self, id: Id, array: &'g Array<'a>) -> Result<Vec<Task>, WriteError> {
        self.name("numpy._core.multiarray", "_reconstruct")?;
        self.name("numpy", "ndarray")?;
        self.out.extend(b"K\0\x85C\x01b\x87R");
        self.run(Task::Memoize(id))?;
        self.out.extend(b"(K\x01(");
        array.shape.iter().for_each(|extent| integer(*extent as i64, &mut self.out));
        self.out.push(b't');
        self.dtype(&array.dtype)?;
        self.out.push(if array.fortran { 0x88 } else { 0x89 });
        Ok(match &array.data {
            ArrayData::Bytes(data) => {
                bytes(data, &mut self.out)?;
                self.out.extend(b"tb");
                Vec::new()
            }
            ArrayData::Objects(items) => several(b"](", items, b"etb", None),
        })
    }

    /// An instance of a class (NEWOBJ), or what a function makes of its arguments or of the class (REDUCE); then items, entries and state
    /// in Python's own order.
    fn object(&mut self, id: Id, object: &'g Object<'a>) -> Result<Vec<Task>, WriteError> {
        let name = &object.class;
        let (make, through): (&[u8], _) = match allow::find(&name.module, &name.name) {
            Some((_, _, Role::Class)) => (b"\x81", None),
            Some((_, _, Role::Call(Call::Record | Call::Partial | Call::NumpyScalar | Call::Bytes))) => (b"R", None),
            Some((_, _, Role::Value)) if object.args.is_empty() && makes_extensions(&name.module) => (b"R", Some(NEW)),
            _ if name.module.starts_with("scorelet.") => return Err(WriteError::Own(name.name.to_string())),
            _ => return Err(WriteError::Name(name.to_string())),
        };
        if let Some(function) = through {
            self.name(&name.module, function)?;
            self.out.push(b'(');
        }
        self.global(name)?;
        let mut plan = match through {
            Some(_) => vec![Task::Bytes(b"t".to_vec())],
            None => tuple(&self.arguments(object), None),
        };
        plan.extend([Task::Bytes(make.to_vec()), Task::Memoize(id)]);
        if !object.items.is_empty() {
            plan.extend(several(b"(", &object.items, b"e", None));
        }
        if !object.entries.is_empty() {
            plan.extend(several(b"(", &flat(&object.entries), b"u", None));
        }
        plan.extend(object.state.into_iter().flat_map(|state| [Task::Node(state), Task::Bytes(b"b".to_vec())]));
        Ok(plan)
    }

    /// A partial is made of the function that its state names first.
    fn arguments(&self, object: &Object<'_>) -> Vec<Id> {
        match (object.class.name.as_ref(), object.state.map(|state| self.graph.node(state))) {
            ("partial", Some(Node::Tuple(parts))) if object.args.is_empty() => {
                parts.first().copied().into_iter().collect()
            }
            _ => object.args.clone(),
        }
    }

    fn global(&mut self, name: &'g Name<'a>) -> Result<(), WriteError> {
        if let Some(number) = self.names.get(name) {
            get(*number, &mut self.out);
            return Ok(());
        }
        if allow::find(&name.module, &name.name).is_none() {
            return Err(WriteError::Name(name.to_string()));
        }
        self.name(&name.module, &name.name)?;
        let number = self.memoize();
        self.names.insert(name, number);
        Ok(())
    }

    fn name(&mut self, module: &str, name: &str) -> Result<(), WriteError> {
        text(module, &mut self.out)?;
        text(name, &mut self.out)?;
        self.out.push(0x93);
        Ok(())
    }

    /// `dtype(code, False, True)` and a BUILD of version 3.
    fn dtype(&mut self, dtype: &'g DType) -> Result<(), WriteError> {
        if let Some(number) = self.dtypes.get(dtype) {
            get(*number, &mut self.out);
            return Ok(());
        }
        let (code, order, size) = code(dtype)?;
        self.name("numpy", "dtype")?;
        text(&code, &mut self.out)?;
        self.out.extend(b"\x89\x88\x87R(K\x03");
        text(order, &mut self.out)?;
        self.out.push(b'N');
        match dtype {
            DType::Struct { fields, .. } => self.fields(fields)?,
            _ => self.out.extend(b"NN"),
        }
        let alignment = if size < 0 { -1 } else { 1 };
        let flags = if *dtype == DType::Object { OBJECT_FLAGS } else { 0 };
        [size, alignment, flags].into_iter().for_each(|number| integer(number, &mut self.out));
        self.out.extend(b"tb");
        let number = self.memoize();
        self.dtypes.insert(dtype, number);
        Ok(())
    }

    /// The names in order, and a dict of each one's type and offset.
    fn fields(&mut self, fields: &'g [Field]) -> Result<(), WriteError> {
        self.out.push(b'(');
        fields.iter().try_for_each(|field| text(&field.name, &mut self.out))?;
        self.out.extend(b"t}(");
        for field in fields {
            text(&field.name, &mut self.out)?;
            self.dtype(&field.dtype)?;
            integer(field.offset as i64, &mut self.out);
            self.out.push(0x86);
        }
        self.out.push(b'u');
        Ok(())
    }

    fn memoize(&mut self) -> u32 {
        self.out.push(0x94);
        self.memoized += 1;
        self.memoized - 1
    }
}

/// What scikit-learn makes objects of its extension types by: the trees of neighbours, and distances.
const NEW: &str = "newObj";

fn makes_extensions(module: &str) -> bool {
    matches!(allow::find(module, NEW), Some((_, _, Role::Call(_))))
}

/// numpy's code, byte order and size of a dtype; the size is -1 where the code says it.
fn code(dtype: &DType) -> Result<(String, &'static str, i64), WriteError> {
    let order = |big: bool| if big { ">" } else { "<" };
    // The code without the byte order that stands before it.
    let code = |dtype: &DType| dtype.to_string()[1..].to_owned();
    match dtype {
        DType::Scalar { size: 1, .. } => Ok((code(dtype), "|", -1)),
        DType::Scalar { big_endian, .. } => Ok((code(dtype), order(*big_endian), -1)),
        DType::Str { chars, big_endian } => Ok((code(dtype), order(*big_endian), 4 * *chars as i64)),
        DType::Bytes { len } => Ok((code(dtype), "|", *len as i64)),
        DType::Object => Ok(("O8".to_owned(), "|", -1)),
        DType::Struct { itemsize, .. } => Ok((format!("V{itemsize}"), "|", *itemsize as i64)),
        DType::Opaque { code, .. } => Err(WriteError::DType(code.clone())),
    }
}

fn flat(pairs: &[(Id, Id)]) -> Vec<Id> {
    pairs.iter().flat_map(|(key, value)| [*key, *value]).collect()
}

/// An empty container that is memoized before it is filled, then its items, up to the opcode that puts them in.
fn several(begin: &[u8], items: &[Id], end: &[u8], id: Option<Id>) -> Vec<Task> {
    let (make, mark) = begin.split_at(begin.len() - 1);
    let mut plan = vec![Task::Bytes(make.to_vec())];
    plan.extend(id.map(Task::Memoize));
    plan.push(Task::Bytes(mark.to_vec()));
    plan.extend(items.iter().map(|item| Task::Node(*item)));
    plan.push(Task::Bytes(end.to_vec()));
    plan
}

fn tuple(items: &[Id], id: Option<Id>) -> Vec<Task> {
    let mut plan = vec![Task::Bytes(b"(".to_vec())];
    plan.extend(items.iter().map(|item| Task::Node(*item)));
    plan.push(Task::Bytes(b"t".to_vec()));
    plan.extend(id.map(Task::Memoize));
    plan
}

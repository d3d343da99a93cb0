//! The value graph: what a pickle, a joblib file or a native bundle says, as plain data.
//!
//! Produced by `pickle` and by the native codec, read by `sklearn`. A node refers to others by index, so that
//! shared and cyclic references cost nothing, dropping is flat, and no reader of the graph needs recursion.
//! Never does I/O, never interprets an estimator.

mod builder;
mod column;
mod dtype;
mod scalar;
mod view;

pub use builder::Builder;
pub use column::Column;
pub use dtype::{DType, Field, ScalarKind};
pub(crate) use scalar::{read_scalar, utf32};
pub use view::{ValueError, View};

use std::borrow::Cow;
use std::fmt;

/// Index of a node in its [`Graph`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Id(pub u32);

/// A dotted Python name: where a class or function is imported from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Name<'a> {
    pub module: Cow<'a, str>,
    pub name: Cow<'a, str>,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}

/// One value. Containers hold the ids of their items. At most 32 bytes, because hostile files are full of nodes.
#[derive(Clone, PartialEq, Debug)]
pub enum Node<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer outside `i64`: little-endian two's complement, at most 64 bytes.
    BigInt(Vec<u8>),
    /// A Python float, or a numpy scalar of any float width.
    Float(f64),
    Str(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Set(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function that is stored as a value and never called.
    Global(Box<Name<'a>>),
    DType(Box<DType>),
    Array(Box<Array<'a>>),
    Object(Box<Object<'a>>),
}

impl Node<'_> {
    /// The nodes that this one refers to directly, in the order in which they stand.
    pub fn children(&self) -> Vec<Id> {
        let pairs = |pairs: &[(Id, Id)]| pairs.iter().flat_map(|(key, value)| [*key, *value]).collect::<Vec<_>>();
        match self {
            Node::List(ids) | Node::Tuple(ids) | Node::Set(ids) => ids.clone(),
            Node::Dict(entries) => pairs(entries),
            Node::Array(array) => match &array.data {
                ArrayData::Objects(ids) => ids.clone(),
                ArrayData::Bytes(_) => Vec::new(),
            },
            Node::Object(object) => {
                let own = object.args.iter().chain(&object.state).chain(&object.items);
                own.copied().chain(pairs(&object.entries)).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Node<'_> {
    /// As [`Node::children`], to renumber them.
    pub(crate) fn children_mut(&mut self) -> Vec<&mut Id> {
        fn pairs(pairs: &mut [(Id, Id)]) -> impl Iterator<Item = &mut Id> {
            pairs.iter_mut().flat_map(|(key, value)| [key, value])
        }
        match self {
            Node::List(ids) | Node::Tuple(ids) | Node::Set(ids) => ids.iter_mut().collect(),
            Node::Dict(entries) => pairs(entries).collect(),
            Node::Array(array) => match &mut array.data {
                ArrayData::Objects(ids) => ids.iter_mut().collect(),
                ArrayData::Bytes(_) => Vec::new(),
            },
            Node::Object(object) => {
                let own = object.args.iter_mut().chain(&mut object.state).chain(&mut object.items);
                own.chain(pairs(&mut object.entries)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// An instance of a class: what NEWOBJ or REDUCE would have made, recorded and never run.
#[derive(Clone, PartialEq, Debug)]
pub struct Object<'a> {
    pub class: Name<'a>,
    /// Positional arguments of the constructor.
    pub args: Vec<Id>,
    /// What BUILD set: usually a dict of attributes.
    pub state: Option<Id>,
    /// What APPENDS added (subclasses of list).
    pub items: Vec<Id>,
    /// What SETITEMS added (subclasses of dict).
    pub entries: Vec<(Id, Id)>,
    /// Byte offset in the (decompressed) stream of the opcode that made it; 0 in native bundles.
    pub offset: u64,
}

/// A numpy array. Invariant, checked where it is made: the length of `data` fits `shape` and `dtype`.
#[derive(Clone, PartialEq, Debug)]
pub struct Array<'a> {
    pub dtype: DType,
    pub shape: Vec<usize>,
    /// Column-major data.
    pub fortran: bool,
    pub data: ArrayData<'a>,
}

impl Array<'_> {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The elements of an [`Array`], in memory order.
#[derive(Clone, PartialEq, Debug)]
pub enum ArrayData<'a> {
    Bytes(Cow<'a, [u8]>),
    Objects(Vec<Id>),
}

/// All values of one file.
#[derive(Clone, PartialEq, Debug)]
pub struct Graph<'a> {
    pub nodes: Vec<Node<'a>>,
    pub root: Id,
}

impl<'a> Graph<'a> {
    /// The node of `id`.
    ///
    /// # Panics
    /// When `id` is not of this graph. Readers check every id before they build a graph.
    pub fn node(&self, id: Id) -> &Node<'a> {
        &self.nodes[id.0 as usize]
    }

    /// A cursor on the outermost value.
    pub fn root(&self) -> View<'_, 'a> {
        self.view(self.root)
    }

    /// A cursor on the value of `id`, whose path starts there.
    pub fn view(&self, id: Id) -> View<'_, 'a> {
        View::new(self, id)
    }
}

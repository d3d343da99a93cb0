//! A cursor over a [`Graph`]: typed access to attributes with errors that name the path, the class and the offset.
//!
//! Readers of estimators use nothing else. Each accessor accepts what numpy and scikit-learn have written for the
//! same attribute over the years (a Python number, a numpy scalar, a 0-d array).

use super::scalar::{Scalar, c_order, read_scalar, utf32};
use super::{Array, ArrayData, DType, Graph, Id, Name, Node, Object};
use std::fmt;
use std::rc::Rc;

/// A value is not what its reader needs.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct ValueError {
    /// Where: `model.estimators_[3].tree_`.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

/// One step from the root.
enum Step<'g> {
    Root,
    Attr(&'g str),
    Item(usize),
}

/// The way from the root to a view; kept as a chain so that following an attribute does not allocate text.
struct Path<'g> {
    parent: Option<Rc<Path<'g>>>,
    step: Step<'g>,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps = vec![&self.step];
        let mut at = self.parent.as_deref();
        while let Some(path) = at {
            steps.push(&path.step);
            at = path.parent.as_deref();
        }
        let mut first = true;
        for step in steps.into_iter().rev() {
            match step {
                Step::Root => continue,
                Step::Attr(name) if first => f.write_str(name)?,
                Step::Attr(name) => write!(f, ".{name}")?,
                Step::Item(i) => write!(f, "[{i}]")?,
            }
            first = false;
        }
        if first {
            f.write_str("the bundle")?;
        }
        Ok(())
    }
}

/// A value and where it stands.
#[derive(Clone)]
pub struct View<'g, 'a> {
    graph: &'g Graph<'a>,
    id: Id,
    path: Rc<Path<'g>>,
}

impl fmt::Debug for View<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View({}, {})", self.path, self.kind())
    }
}

type Result<T> = std::result::Result<T, ValueError>;

impl<'g, 'a> View<'g, 'a> {
    pub(super) fn new(graph: &'g Graph<'a>, id: Id) -> Self {
        View { graph, id, path: Rc::new(Path { parent: None, step: Step::Root }) }
    }

    fn step(&self, id: Id, step: Step<'g>) -> Self {
        View { graph: self.graph, id, path: Rc::new(Path { parent: Some(self.path.clone()), step }) }
    }

    /// The node itself.
    pub fn node(&self) -> &'g Node<'a> {
        self.graph.node(self.id)
    }

    pub fn id(&self) -> Id {
        self.id
    }

    pub fn graph(&self) -> &'g Graph<'a> {
        self.graph
    }

    /// Where it stands, for messages: `model.estimators_[3]`.
    pub fn path(&self) -> String {
        self.path.to_string()
    }

    /// An error about this value.
    pub fn error(&self, problem: impl Into<String>) -> ValueError {
        ValueError { path: self.path(), problem: problem.into() }
    }

    pub(super) fn expected(&self, what: &str) -> ValueError {
        self.error(format!("expected {what}, found {}", self.kind()))
    }

    /// What it is, in words for messages.
    pub fn kind(&self) -> String {
        match self.node() {
            Node::None => "None".into(),
            Node::Bool(_) => "a bool".into(),
            Node::Int(_) | Node::BigInt(_) => "an int".into(),
            Node::Float(_) => "a float".into(),
            Node::Str(_) => "a string".into(),
            Node::Bytes(_) => "bytes".into(),
            Node::List(_) => "a list".into(),
            Node::Tuple(_) => "a tuple".into(),
            Node::Set(_) => "a set".into(),
            Node::Dict(_) => "a dict".into(),
            Node::Global(name) => format!("the name {name}"),
            Node::DType(_) => "a dtype".into(),
            Node::Array(a) => format!("an array of {} with shape {:?}", a.dtype, a.shape),
            Node::Object(o) => format!("a {}", o.class),
        }
    }

    pub fn is_none(&self) -> bool {
        matches!(self.node(), Node::None)
    }

    /// The object, if it is one.
    pub fn object(&self) -> Option<&'g Object<'a>> {
        match self.node() {
            Node::Object(o) => Some(o),
            _ => None,
        }
    }

    /// Arguments that an object was constructed with; none for other values.
    pub fn args(&self) -> Vec<View<'g, 'a>> {
        let args = self.object().map_or(&[][..], |o| &o.args);
        args.iter().enumerate().map(|(i, id)| self.step(*id, Step::Item(i))).collect()
    }

    /// Class of an object, or the class or function that is the value itself.
    pub fn class(&self) -> Option<&'g Name<'a>> {
        match self.node() {
            Node::Object(o) => Some(&o.class),
            Node::Global(name) => Some(name),
            _ => None,
        }
    }

    /// An attribute of an object or an entry of a dict; `None` when absent.
    pub fn get(&self, key: &'g str) -> Option<View<'g, 'a>> {
        let found = match self.node() {
            Node::Dict(pairs) => self.find(pairs, key),
            Node::Object(o) => o
                .state
                .and_then(|state| match self.graph.node(state) {
                    Node::Dict(pairs) => self.find(pairs, key),
                    _ => None,
                })
                .or_else(|| self.find(&o.entries, key)),
            _ => None,
        };
        found.map(|id| self.step(id, Step::Attr(key)))
    }

    /// The last entry of that name, as assignment in order would leave it.
    fn find(&self, pairs: &[(Id, Id)], key: &str) -> Option<Id> {
        let is_key = |id: &Id| matches!(self.graph.node(*id), Node::Str(s) if s == key);
        pairs.iter().rev().find(|(k, _)| is_key(k)).map(|(_, v)| *v)
    }

    /// Like [`View::get`], and `None` also where the value is Python's `None`.
    pub fn some(&self, key: &'g str) -> Option<View<'g, 'a>> {
        self.get(key).filter(|v| !v.is_none())
    }

    /// An attribute that must be there.
    ///
    /// # Errors
    /// Names the attribute that is missing and the class it is missing from.
    pub fn attr(&self, key: &'g str) -> Result<View<'g, 'a>> {
        self.get(key).ok_or_else(|| match self.class() {
            Some(class) => self.error(format!("{class} has no attribute {key}; was it fitted?")),
            None => self.error(format!("no entry {key:?} in {}", self.kind())),
        })
    }

    /// Pairs of a dict (or of an object's state) whose keys are strings, in order.
    ///
    /// # Errors
    /// When it is neither, or has a key that is not a string.
    pub fn entries(&self) -> Result<Vec<(&'g str, View<'g, 'a>)>> {
        let pairs = match self.node() {
            Node::Dict(pairs) => pairs,
            Node::Object(o) => match o.state.map(|s| self.graph.node(s)) {
                Some(Node::Dict(pairs)) => pairs,
                _ => &o.entries,
            },
            _ => return Err(self.expected("a dict")),
        };
        let entry = |(k, v): &(Id, Id)| match self.graph.node(*k) {
            Node::Str(key) => Ok((key.as_ref(), self.step(*v, Step::Attr(key)))),
            _ => Err(self.error("a key is not a string")),
        };
        pairs.iter().map(entry).collect()
    }

    /// Items of a list, tuple, set or object array of any shape (C order).
    ///
    /// # Errors
    /// When it is none of these.
    pub fn items(&self) -> Result<Vec<View<'g, 'a>>> {
        let ids = match self.node() {
            Node::List(ids) | Node::Tuple(ids) | Node::Set(ids) => ids.clone(),
            Node::Object(o) if !o.items.is_empty() => o.items.clone(),
            Node::Array(a) => match &a.data {
                ArrayData::Objects(ids) if a.fortran && a.shape.len() > 1 => c_order(ids, &a.shape),
                ArrayData::Objects(ids) => ids.clone(),
                ArrayData::Bytes(_) => return Err(self.expected("a list of objects")),
            },
            _ => return Err(self.expected("a list")),
        };
        Ok(ids.into_iter().enumerate().map(|(i, id)| self.step(id, Step::Item(i))).collect())
    }

    /// The only element of a 0-d or one-element array, else the value itself.
    fn scalar_node(&self) -> Result<Scalar<'g>> {
        match self.node() {
            Node::Bool(b) => Ok(Scalar::Bool(*b)),
            Node::Int(i) => Ok(Scalar::Int(*i)),
            Node::Float(x) => Ok(Scalar::Float(*x)),
            Node::Str(s) => Ok(Scalar::Str(s)),
            Node::Array(a) if a.len() == 1 => match (&a.data, &a.dtype) {
                (ArrayData::Bytes(bytes), DType::Scalar { kind, size, big_endian }) => {
                    Ok(read_scalar(bytes, *kind, *size, *big_endian))
                }
                (ArrayData::Objects(ids), _) => View::new(self.graph, ids[0]).plain_scalar(),
                _ => Err(self.expected("a number")),
            },
            _ => Err(self.expected("a number or a string")),
        }
    }

    /// Never looks into arrays: ends the possible chain of arrays in arrays.
    fn plain_scalar(&self) -> Result<Scalar<'g>> {
        match self.node() {
            Node::Array(_) => Err(self.expected("a number")),
            _ => self.scalar_node(),
        }
    }

    /// A number as `f64`.
    ///
    /// # Errors
    /// When it is not a number.
    pub fn f64(&self) -> Result<f64> {
        match self.scalar_node()? {
            Scalar::Bool(b) => Ok(f64::from(u8::from(b))),
            Scalar::Int(i) => Ok(i as f64),
            Scalar::Float(x) => Ok(x),
            Scalar::Str(_) => Err(self.expected("a number")),
        }
    }

    /// An integer; floats without fraction are taken.
    ///
    /// # Errors
    /// When it is not an integer.
    pub fn i64(&self) -> Result<i64> {
        match self.scalar_node()? {
            Scalar::Bool(b) => Ok(i64::from(b)),
            Scalar::Int(i) => Ok(i),
            Scalar::Float(x) if x.fract() == 0.0 && x.abs() < 9e15 => Ok(x as i64),
            _ => Err(self.expected("an integer")),
        }
    }

    /// An integer from 0.
    ///
    /// # Errors
    /// When it is not an integer, or negative.
    pub fn usize(&self) -> Result<usize> {
        usize::try_from(self.i64()?).map_err(|_| self.expected("an integer from 0"))
    }

    /// Exactly a bool (Python's or numpy's): a string such as `'deprecated'` is an error, not true.
    ///
    /// # Errors
    /// When it is not a bool.
    pub fn bool(&self) -> Result<bool> {
        match self.scalar_node()? {
            Scalar::Bool(b) => Ok(b),
            _ => Err(self.expected("a bool")),
        }
    }

    /// A string.
    ///
    /// # Errors
    /// When it is not a string.
    pub fn str(&self) -> Result<&'g str> {
        match self.node() {
            Node::Str(s) => Ok(s),
            _ => Err(self.expected("a string")),
        }
    }

    /// Bytes, or a bytearray.
    ///
    /// # Errors
    /// When it is neither.
    pub fn bytes(&self) -> Result<&'g [u8]> {
        match self.node() {
            Node::Bytes(bytes) => Ok(bytes),
            Node::Object(object) if object.class.name == "bytearray" => match object.args[..] {
                [bytes] if matches!(self.graph.node(bytes), Node::Bytes(_)) => self.step(bytes, Step::Item(0)).bytes(),
                _ => Err(self.expected("bytes")),
            },
            _ => Err(self.expected("bytes")),
        }
    }

    /// The array, if it is one.
    pub fn array(&self) -> Option<&'g Array<'a>> {
        match self.node() {
            Node::Array(a) => Some(a),
            _ => None,
        }
    }

    /// Shape of an array; `[]` for a number, `[n]` for a list.
    pub fn shape(&self) -> Vec<usize> {
        match self.node() {
            Node::Array(a) => a.shape.clone(),
            Node::List(ids) | Node::Tuple(ids) => vec![ids.len()],
            _ => vec![],
        }
    }

    /// All numbers of an array of any shape in C order, of a list of numbers, or the single number.
    ///
    /// # Errors
    /// When it holds anything but numbers.
    pub fn f64s(&self) -> Result<Vec<f64>> {
        self.numbers(|scalar| match scalar {
            Scalar::Bool(b) => Some(f64::from(u8::from(b))),
            Scalar::Int(i) => Some(i as f64),
            Scalar::Float(x) => Some(x),
            Scalar::Str(_) => None,
        })
    }

    /// All integers of an array of any shape in C order, of a list, or the single integer.
    ///
    /// # Errors
    /// When it holds anything but integers and bools.
    pub fn i64s(&self) -> Result<Vec<i64>> {
        self.numbers(|scalar| match scalar {
            Scalar::Bool(b) => Some(i64::from(b)),
            Scalar::Int(i) => Some(i),
            _ => None,
        })
    }

    fn numbers<T: Copy>(&self, convert: impl Fn(Scalar<'g>) -> Option<T>) -> Result<Vec<T>> {
        let numeric = || self.expected("numbers");
        match self.node() {
            Node::Array(a) => match (&a.data, &a.dtype) {
                (ArrayData::Bytes(bytes), DType::Scalar { kind, size, big_endian }) => {
                    let mut flat = Vec::with_capacity(a.len());
                    for chunk in bytes.chunks_exact(usize::from(*size)) {
                        flat.push(convert(read_scalar(chunk, *kind, *size, *big_endian)).ok_or_else(numeric)?);
                    }
                    Ok(if a.fortran && a.shape.len() > 1 { c_order(&flat, &a.shape) } else { flat })
                }
                (ArrayData::Objects(_), _) => self
                    .items()?
                    .iter()
                    .map(|item| item.plain_scalar().and_then(|s| convert(s).ok_or_else(numeric)))
                    .collect(),
                _ => Err(numeric()),
            },
            Node::List(_) | Node::Tuple(_) => self
                .items()?
                .iter()
                .map(|item| item.scalar_node().and_then(|s| convert(s).ok_or_else(numeric)))
                .collect(),
            _ => Ok(vec![convert(self.scalar_node()?).ok_or_else(numeric)?]),
        }
    }

    /// All strings of an array or a list.
    ///
    /// # Errors
    /// When it holds anything else.
    pub fn strings(&self) -> Result<Vec<String>> {
        match self.array() {
            Some(Array { data: ArrayData::Bytes(bytes), dtype: DType::Str { chars, big_endian }, .. }) => {
                if *chars == 0 {
                    return Ok(vec![String::new(); self.shape().iter().product()]);
                }
                let text = |chunk: &[u8]| utf32(chunk, *big_endian).ok_or_else(|| self.expected("valid text"));
                bytes.chunks_exact(4 * chars).map(text).collect()
            }
            _ => self.items()?.iter().map(|item| item.str().map(str::to_owned)).collect(),
        }
    }
}

//! Schema nodes to a value graph: each kind of node becomes what a pickle of the same value would have held.
//!
//! Names are looked up on the pickle reader's allow-list and never resolved. Source: skops/io, protocols 0 to 2.

use super::archive::Archive;
use super::schema::{self, Entries, State};
use super::{Refused, SkopsError, npy};
use crate::pickle::known_name;
use crate::value::{Array, ArrayData, Builder, DType, Graph, Id, Name, Node, Object, read_scalar, utf32};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// Nodes in nodes. A pipeline in a pipeline takes four, and each level reads the text below it once more.
const MAX_DEPTH: usize = 100;
/// The newest layout that is known.
const PROTOCOL: i64 = 2;

/// Reads the graph of `schema` (the text of `schema.json`), whose arrays are members of `archive`.
///
/// # Errors
/// When a node is malformed or nests too deeply, an array is damaged, or a name is on no allow-list.
pub(super) fn graph(archive: Archive<'_>, schema: &RawValue) -> Result<Graph<'static>, SkopsError> {
    let mut maker = Maker { archive, nodes: Builder::new(), arrays: HashMap::new(), path: vec![], refused: vec![] };
    let root: State = schema::read(schema).map_err(|problem| maker.wrong(problem))?;
    if !root.protocol.is_some_and(|protocol| (0..=PROTOCOL).contains(&protocol)) {
        return Err(SkopsError::Protocol { newest: PROTOCOL });
    }
    let root = maker.node(&root)?;
    match maker.refused.is_empty() {
        true => Ok(maker.nodes.finish(root)),
        false => Err(SkopsError::Refused(maker.refused)),
    }
}

struct Maker<'f> {
    archive: Archive<'f>,
    nodes: Builder,
    /// Members that are nodes already: an array that two objects share stands once.
    arrays: HashMap<String, Id>,
    /// Where the reader is, for messages.
    path: Vec<String>,
    refused: Vec<Refused>,
}

impl Maker<'_> {
    fn value(&mut self, step: impl Into<String>, text: &RawValue) -> Result<Id, SkopsError> {
        if self.path.len() == MAX_DEPTH {
            return Err(self.wrong(format!("more than {MAX_DEPTH} values in each other")));
        }
        self.path.push(step.into());
        let state = schema::read(text).map_err(|problem| self.wrong(problem))?;
        let id = self.node(&state)?;
        self.path.pop();
        Ok(id)
    }

    fn node(&mut self, state: &State) -> Result<Id, SkopsError> {
        match state.loader.as_ref() {
            "JsonNode" => self.plain(state),
            "ListNode" | "TupleNode" | "SetNode" => self.sequence(state),
            "DictNode" => self.dict(state),
            "DefaultDictNode" | "_DictWithDeprecatedKeysNode" => {
                let content: Entries = self.read(state.content, "content")?;
                let main = content.0.iter().find(|(name, _)| name == "main").map(|(_, main)| *main);
                let main = main.ok_or_else(|| self.wrong("a dict without its entries".to_owned()))?;
                self.value("main", main)
            }
            "ObjectNode" => self.object(state),
            "TreeNode" | "LossNode" | "ConstructorFromReduceNode" => self.call(state),
            "NdArrayNode" => self.array(state),
            "SparseMatrixNode" => self.sparse(state),
            "DTypeNode" => self.dtype(state),
            "FunctionNode" | "TypeNode" => self.global(state),
            "BytesNode" | "BytearrayNode" => {
                let bytes = self.archive.read(state.file.as_deref().unwrap_or_default())?;
                Ok(self.nodes.push(Node::Bytes(Cow::Owned(bytes))))
            }
            "SliceNode" => self.slice(state),
            "PartialNode" => self.partial(state),
            // Masked arrays are tables of a search's results, generators were used in training: no prediction needs them.
            "MaskedArrayNode" => Ok(self.nodes.object("numpy.ma.core", "MaskedArray", vec![])),
            "RandomStateNode" => Ok(self.nodes.object("numpy.random.mtrand", "RandomState", vec![])),
            "RandomGeneratorNode" => Ok(self.nodes.object("numpy.random._generator", "Generator", vec![])),
            _ => Ok(self.refuse(state)),
        }
    }

    /// Text, a number, a bool or None, as JSON inside a JSON string.
    fn plain(&mut self, state: &State) -> Result<Id, SkopsError> {
        let text: Cow<str> = self.read(state.content, "content")?;
        let node = match text.as_ref() {
            quoted if quoted.starts_with('"') => {
                serde_json::from_str(quoted).ok().map(|text: String| Node::Str(Cow::Owned(text)))
            }
            number => plain(number),
        };
        let node = node.ok_or_else(|| self.wrong(format!("{text:.40?} is no plain value")))?;
        Ok(self.nodes.push(node))
    }

    fn sequence(&mut self, state: &State) -> Result<Id, SkopsError> {
        let items: Vec<&RawValue> = self.read(state.content, "content")?;
        let ids = self.all(&items)?;
        Ok(match (state.module.as_deref(), state.class.as_deref()) {
            (Some("builtins"), Some("list")) => self.nodes.list(ids),
            (Some("builtins"), Some("tuple")) => self.nodes.tuple(ids),
            (Some("builtins"), Some("set" | "frozenset")) => self.nodes.push(Node::Set(ids)),
            // A named tuple, or a list with more to it.
            _ => self.instance(state, ids, None),
        })
    }

    fn all(&mut self, items: &[&RawValue]) -> Result<Vec<Id>, SkopsError> {
        items.iter().enumerate().map(|(at, item)| self.value(format!("[{at}]"), item)).collect()
    }

    fn dict(&mut self, state: &State) -> Result<Id, SkopsError> {
        let content: Entries = self.read(state.content, "content")?;
        let types: State = self.read(state.key_types, "key_types")?;
        let types: Vec<State> = self.read(types.content, "the content of key_types")?;
        if types.len() != content.0.len() {
            let problem = format!("{} types for {} keys", types.len(), content.0.len());
            return Err(self.wrong(problem));
        }
        let mut entries = Vec::with_capacity(types.len());
        for ((text, value), kind) in content.0.into_iter().zip(types) {
            let value = self.value(format!(".{text:.40}"), value)?;
            let kind = kind.class.unwrap_or_default();
            let key = key(&kind, text).ok_or_else(|| self.wrong(format!("a key that is no {kind}")))?;
            entries.push((self.nodes.push(key), value));
        }
        if (state.module.as_deref(), state.class.as_deref()) == (Some("builtins"), Some("dict")) {
            return Ok(self.nodes.push(Node::Dict(entries)));
        }
        let Some(class) = self.named(state) else { return Ok(self.nodes.none()) };
        let object = Object { class, args: vec![], state: None, items: vec![], entries, offset: 0 };
        Ok(self.nodes.push(Node::Object(Box::new(object))))
    }

    fn object(&mut self, state: &State) -> Result<Id, SkopsError> {
        let attributes = match state.content {
            Some(content) => Some(self.value("", content)?),
            None => None,
        };
        Ok(self.instance(state, vec![], attributes))
    }

    /// An extension type: what its constructor was given, and a state.
    fn call(&mut self, state: &State) -> Result<Id, SkopsError> {
        let (args, attributes) = match &state.reduce {
            Some(reduce) => (Some(reduce.args), state.content),
            None => (state.content, None),
        };
        let args: State = self.read(args, "the constructor's arguments")?;
        let args: Vec<&RawValue> = self.read(args.content, "the constructor's arguments")?;
        let args = self.all(&args)?;
        let attributes = attributes.map(|content| self.value("", content)).transpose()?;
        Ok(self.instance(state, args, attributes))
    }

    /// An object of the class that `state` names. Search trees are made by a function in a pickle: so they are here.
    fn instance(&mut self, state: &State, mut args: Vec<Id>, attributes: Option<Id>) -> Id {
        let Some(mut class) = self.named(state) else { return self.nodes.none() };
        if let Some(maker) = known_name(&class.module, "newObj") {
            args.insert(0, self.nodes.push(Node::Global(Box::new(class))));
            class = maker;
        }
        let object = Object { class, args, state: attributes, items: vec![], entries: vec![], offset: 0 };
        self.nodes.push(Node::Object(Box::new(object)))
    }

    fn array(&mut self, state: &State) -> Result<Id, SkopsError> {
        if state.kind.as_deref() == Some("json") {
            return self.objects(state);
        }
        let member = state.file.as_deref().ok_or_else(|| self.wrong("an array without a file".to_owned()))?;
        if let Some(id) = self.arrays.get(member) {
            return Ok(*id);
        }
        let damaged = |problem| SkopsError::Member { member: member.to_owned(), problem };
        let array = npy::read(self.archive.read(member)?).map_err(damaged)?;
        let is_array = (state.module.as_deref(), state.class.as_deref()) == (Some("numpy"), Some("ndarray"));
        let node = match is_array {
            true => Node::Array(Box::new(array)),
            false => match scalar(&array).filter(|_| state.module.as_deref() == Some("numpy")) {
                Some(node) => node,
                None => return Ok(self.refuse(state)),
            },
        };
        let id = self.nodes.push(node);
        self.arrays.insert(member.to_owned(), id);
        Ok(id)
    }

    /// A sparse matrix, whose arrays are an archive of their own.
    fn sparse(&mut self, state: &State) -> Result<Id, SkopsError> {
        let member = state.file.as_deref().ok_or_else(|| self.wrong("a sparse matrix without a file".to_owned()))?;
        if let Some(id) = self.arrays.get(member) {
            return Ok(*id);
        }
        let mut entries = vec![];
        for (name, file) in self.archive.unpack(member)? {
            let name = name.trim_end_matches(".npy");
            let key = if name == "shape" { "_shape" } else { name };
            if ["_shape", "data", "indices", "indptr", "offsets"].contains(&key) {
                let damaged = |problem| SkopsError::Member { member: format!("{name} of {member}"), problem };
                let array = npy::read(file).map_err(damaged)?;
                let key = self.nodes.push(Node::Str(Cow::Owned(key.to_owned())));
                entries.push((key, self.nodes.push(Node::Array(Box::new(array)))));
            }
        }
        let attributes = self.nodes.push(Node::Dict(entries));
        let id = self.instance(state, vec![], Some(attributes));
        self.arrays.insert(member.to_owned(), id);
        Ok(id)
    }

    /// An array of objects: nested lists, as `tolist` gives them.
    fn objects(&mut self, state: &State) -> Result<Id, SkopsError> {
        let items: Vec<&RawValue> = self.read(state.content, "content")?;
        let shape: State = self.read(state.shape, "shape")?;
        let shape: Vec<State> = self.read(shape.content, "the content of shape")?;
        let extent = |state: &State| schema::read::<Cow<str>>(state.content?).ok()?.parse::<usize>().ok();
        let shape: Option<Vec<usize>> = shape.iter().map(extent).collect();
        let mut ids = self.all(&items)?;
        for _ in 1..shape.as_ref().map_or(1, Vec::len) {
            let inner = ids.iter().map(|id| match self.nodes.node(*id) {
                Node::List(items) => Some(items.as_slice()),
                _ => None,
            });
            let inner: Option<Vec<&[Id]>> = inner.collect();
            let Some(inner) = inner else { return Err(self.wrong("an array whose rows are no lists".to_owned())) };
            ids = inner.concat();
        }
        let count = |shape: &Vec<usize>| shape.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent));
        let Some(shape) = shape.filter(|shape| !shape.is_empty() && count(shape) == Some(ids.len())) else {
            let problem = format!("{} objects in an array of another shape", ids.len());
            return Err(self.wrong(problem));
        };
        let array = Array { dtype: DType::Object, shape, fortran: false, data: ArrayData::Objects(ids) };
        Ok(self.nodes.push(Node::Array(Box::new(array))))
    }

    /// A dtype stands as an empty array that has it.
    fn dtype(&mut self, state: &State) -> Result<Id, SkopsError> {
        let content = self.read::<&RawValue>(state.content, "content")?;
        let array = self.value("", content)?;
        let Node::Array(array) = self.nodes.node(array) else {
            return Err(self.wrong("a dtype that is none".to_owned()));
        };
        let dtype = Node::DType(Box::new(array.dtype.clone()));
        Ok(self.nodes.push(dtype))
    }

    fn global(&mut self, state: &State) -> Result<Id, SkopsError> {
        let Some(name) = self.named(state) else { return Ok(self.nodes.none()) };
        Ok(self.nodes.push(Node::Global(Box::new(name))))
    }

    fn slice(&mut self, state: &State) -> Result<Id, SkopsError> {
        let content: Entries = self.read(state.content, "content")?;
        let mut args = Vec::new();
        for part in ["start", "stop", "step"] {
            let bound = content.0.iter().find(|(name, _)| name == part).and_then(|(_, bound)| plain(bound.get()));
            let bound = bound.ok_or_else(|| self.wrong(format!("a slice without its {part}")))?;
            args.push(self.nodes.push(bound));
        }
        Ok(self.instance(&State { module: Some("builtins".into()), class: Some("slice".into()), ..bare() }, args, None))
    }

    /// Only the one that histogram gradient boosting binds, `check_array` with keywords.
    fn partial(&mut self, state: &State) -> Result<Id, SkopsError> {
        let content: Entries = self.read(state.content, "content")?;
        let part = |name: &str| {
            let text = content.0.iter().find(|(key, _)| key == name).map(|(_, text)| *text)?;
            schema::read::<State>(text).ok()
        };
        let keyword = |name: &str| ["dtype", "force_all_finite", "ensure_all_finite"].contains(&name);
        let keywords =
            |text| schema::read::<Entries>(text).is_ok_and(|all| all.0.iter().all(|(name, _)| keyword(name)));
        let known = part("func").is_some_and(|func| func.class.as_deref() == Some("check_array"))
            && part("args").and_then(|args| args.content).is_some_and(|args| args.get().trim() == "[]")
            && part("kwds").and_then(|kwds| kwds.content).is_some_and(keywords);
        match known {
            true => Ok(self.nodes.object("functools", "partial", vec![])),
            false => Ok(self.refuse(state)),
        }
    }

    /// The name that `state` gives, if it is on the allow-list; else it is noted as refused.
    fn named(&mut self, state: &State) -> Option<Name<'static>> {
        let (module, class) = (state.module.as_deref()?, state.class.as_deref()?);
        let known = known_name(module, class);
        if known.is_none() {
            self.refuse(state);
        }
        known
    }

    /// Notes what may not be used, and goes on to find all of them.
    fn refuse(&mut self, state: &State) -> Id {
        let part = |part: &Option<String>| part.as_deref().unwrap_or("?").to_owned();
        let name = format!("{}.{}", part(&state.module), part(&state.class));
        self.refused.push(Refused { name, loader: state.loader.to_string(), path: self.path.concat() });
        self.nodes.none()
    }

    fn read<'s, T: serde::Deserialize<'s>>(&self, text: Option<&'s RawValue>, what: &str) -> Result<T, SkopsError> {
        let text = text.ok_or_else(|| self.wrong(format!("{what} is missing")))?;
        schema::read(text).map_err(|problem| self.wrong(format!("{what}: {problem}")))
    }

    fn wrong(&self, problem: String) -> SkopsError {
        SkopsError::Schema { path: self.path.concat(), problem }
    }
}

/// A state that says nothing.
fn bare() -> State<'static> {
    State {
        loader: Cow::Borrowed(""),
        class: None,
        module: None,
        content: None,
        key_types: None,
        file: None,
        kind: None,
        shape: None,
        reduce: None,
        protocol: None,
    }
}

/// JSON as Python writes it, but for text.
fn plain(text: &str) -> Option<Node<'static>> {
    Some(match text {
        "null" => Node::None,
        "true" => Node::Bool(true),
        "false" => Node::Bool(false),
        "NaN" => Node::Float(f64::NAN),
        "Infinity" => Node::Float(f64::INFINITY),
        "-Infinity" => Node::Float(f64::NEG_INFINITY),
        number => match number.parse::<i64>() {
            Ok(integer) => Node::Int(integer),
            Err(_) if number.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => Node::Float(number.parse().ok()?),
            Err(_) => return None,
        },
    })
}

/// The key that JSON made a string, of the type that it had.
fn key(kind: &str, text: String) -> Option<Node<'static>> {
    match kind {
        "str" | "str_" => Some(Node::Str(Cow::Owned(text))),
        "bool" | "bool_" | "NoneType" => plain(&text),
        "float" | "float16" | "float32" | "float64" => text.parse().ok().map(Node::Float),
        kind if kind.contains("int") => text.parse().ok().map(Node::Int),
        _ => None,
    }
}

/// The plain value of an array without dimensions.
fn scalar(array: &Array<'_>) -> Option<Node<'static>> {
    let ArrayData::Bytes(bytes) = &array.data else { return None };
    match (&array.dtype, array.shape.as_slice()) {
        (DType::Scalar { kind, size, big_endian }, []) => Some(read_scalar(bytes, *kind, *size, *big_endian).into()),
        (DType::Str { big_endian, .. }, []) => utf32(bytes, *big_endian).map(|text| Node::Str(Cow::Owned(text))),
        _ => None,
    }
}

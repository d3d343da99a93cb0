//! The messages of ONNX to a value graph: a model is an object, each node of its graph one whose class is the operator.
//!
//! Numbers become arrays, text is borrowed from the file and stands once however often it is named. Knows the layout
//! of the messages, not what operators mean.

use super::wire::{Fields, Malformed, Value, Wire};
use super::{GRAPH, MODEL, MODULE, OnnxError, STANDARD};
use crate::value::{Array, ArrayData, DType, Graph, Id, Name, Node, Object, ScalarKind};
use std::borrow::Cow;
use std::collections::HashMap;

/// Graphs in graphs: a scan has one.
const MAX_DEPTH: usize = 4;
/// An object takes some hundred bytes for the eight that a file needs for it, so their number has a bound of its own.
const MAX_NODES: usize = 1 << 15;

/// Reads an ONNX file; text is borrowed from `file`.
///
/// # Errors
/// When it is damaged, or its tensors lie in other files.
pub fn read(file: &[u8]) -> Result<Graph<'_>, OnnxError> {
    let mut maker = Maker { nodes: vec![], texts: HashMap::new(), left: MAX_NODES };
    let root = maker.model(file)?;
    Ok(Graph { nodes: maker.nodes, root })
}

struct Maker<'a> {
    nodes: Vec<Node<'a>>,
    texts: HashMap<&'a str, Id>,
    /// Graph nodes that may still come.
    left: usize,
}

type Made = Result<Id, OnnxError>;

fn in_message<T>(place: &'static str, wire: Wire<T>) -> Result<T, OnnxError> {
    wire.map_err(|Malformed(problem)| OnnxError::Malformed { place, problem: problem.to_owned() })
}

impl<'a> Maker<'a> {
    fn push(&mut self, node: Node<'a>) -> Id {
        self.nodes.push(node);
        Id(self.nodes.len() as u32 - 1)
    }

    fn text(&mut self, text: &'a str) -> Id {
        if let Some(id) = self.texts.get(text) {
            return *id;
        }
        let id = self.push(Node::Str(Cow::Borrowed(text)));
        self.texts.insert(text, id);
        id
    }

    fn dict(&mut self, entries: Vec<(&'a str, Id)>) -> Id {
        let pairs = entries.into_iter().map(|(key, value)| (self.text(key), value)).collect();
        self.push(Node::Dict(pairs))
    }

    fn object(&mut self, module: &'a str, name: &'a str, entries: Vec<(&'a str, Id)>) -> Id {
        let class = Name { module: Cow::Borrowed(module), name: Cow::Borrowed(name) };
        let state = Some(self.dict(entries));
        let object = Object { class, args: vec![], state, items: vec![], entries: vec![], offset: 0 };
        self.push(Node::Object(Box::new(object)))
    }

    fn array(&mut self, dtype: DType, shape: Vec<usize>, bytes: Cow<'a, [u8]>) -> Id {
        self.push(Node::Array(Box::new(Array { dtype, shape, fortran: false, data: ArrayData::Bytes(bytes) })))
    }

    fn ints(&mut self, values: Vec<i64>) -> Id {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.array(DType::I64, vec![values.len()], Cow::Owned(bytes))
    }

    fn strings(&mut self, values: &[&'a str]) -> Vec<Id> {
        values.iter().map(|text| self.text(text)).collect()
    }

    fn model(&mut self, message: &'a [u8]) -> Made {
        const PLACE: &str = "the model";
        let (mut entries, mut opsets, mut metadata) = (vec![], vec![], vec![]);
        for field in Fields::of(message) {
            let (number, value) = in_message(PLACE, field)?;
            match number {
                1 | 5 => {
                    let int = in_message(PLACE, value.int())?;
                    let id = self.push(Node::Int(int));
                    entries.push((if number == 1 { "ir_version" } else { "model_version" }, id));
                }
                2 | 3 | 4 | 6 => {
                    let key = ["producer_name", "producer_version", "domain", "", "doc_string"][number as usize - 2];
                    let id = self.text(in_message(PLACE, value.text())?);
                    entries.push((key, id));
                }
                7 => {
                    let graph = self.graph(in_message(PLACE, value.bytes())?, 0)?;
                    entries.push(("graph", graph));
                }
                8 => opsets.push(self.opset(in_message(PLACE, value.bytes())?)?),
                14 => metadata.push(self.entry(in_message(PLACE, value.bytes())?)?),
                _ => {}
            }
        }
        let opsets = self.dict(opsets);
        let metadata = self.dict(metadata);
        entries.extend([("opset_import", opsets), ("metadata_props", metadata)]);
        Ok(self.object(MODULE, MODEL, entries))
    }

    fn opset(&mut self, message: &'a [u8]) -> Result<(&'a str, Id), OnnxError> {
        const PLACE: &str = "the list of operator sets";
        let (mut domain, mut version) = ("", 0);
        for field in Fields::of(message) {
            match in_message(PLACE, field)? {
                (1, value) => domain = in_message(PLACE, value.text())?,
                (2, value) => version = in_message(PLACE, value.int())?,
                _ => {}
            }
        }
        Ok((if domain.is_empty() { STANDARD } else { domain }, self.push(Node::Int(version))))
    }

    fn entry(&mut self, message: &'a [u8]) -> Result<(&'a str, Id), OnnxError> {
        const PLACE: &str = "the metadata";
        let (mut key, mut text) = ("", "");
        for field in Fields::of(message) {
            match in_message(PLACE, field)? {
                (1, value) => key = in_message(PLACE, value.text())?,
                (2, value) => text = in_message(PLACE, value.text())?,
                _ => {}
            }
        }
        Ok((key, self.text(text)))
    }

    fn graph(&mut self, message: &'a [u8], depth: usize) -> Made {
        const PLACE: &str = "a graph";
        if depth == MAX_DEPTH {
            let problem = format!("more than {MAX_DEPTH} graphs in each other");
            return Err(OnnxError::Malformed { place: PLACE, problem });
        }
        let (mut nodes, mut tensors, mut inputs, mut outputs) = (vec![], vec![], vec![], vec![]);
        let mut entries = vec![];
        for field in Fields::of(message) {
            let (number, value) = in_message(PLACE, field)?;
            match number {
                1 => nodes.push(self.node(in_message(PLACE, value.bytes())?, depth)?),
                2 => {
                    let name = self.text(in_message(PLACE, value.text())?);
                    entries.push(("name", name));
                }
                5 => tensors.push(self.tensor(in_message(PLACE, value.bytes())?)?),
                11 => inputs.push(self.value_info(in_message(PLACE, value.bytes())?)?),
                12 => outputs.push(self.value_info(in_message(PLACE, value.bytes())?)?),
                15 => {
                    let problem = "sparse initializers; save the model with dense ones".to_owned();
                    return Err(OnnxError::Graph { place: PLACE.to_owned(), problem });
                }
                _ => {}
            }
        }
        let lists = [("node", nodes), ("input", inputs), ("output", outputs)];
        entries.extend(lists.map(|(key, ids)| (key, self.push(Node::List(ids)))));
        let tensors = self.dict(tensors);
        entries.push(("initializer", tensors));
        Ok(self.object(MODULE, GRAPH, entries))
    }

    fn node(&mut self, message: &'a [u8], depth: usize) -> Made {
        const PLACE: &str = "a node";
        let malformed = |problem: String| OnnxError::Malformed { place: PLACE, problem };
        self.left = self.left.checked_sub(1).ok_or_else(|| malformed(format!("more than {MAX_NODES} of them")))?;
        let (mut inputs, mut outputs, mut attributes) = (vec![], vec![], vec![]);
        let (mut name, mut operator, mut domain) = ("", "", "");
        for field in Fields::of(message) {
            let (number, value) = in_message(PLACE, field)?;
            match number {
                1 => inputs.push(in_message(PLACE, value.text())?),
                2 => outputs.push(in_message(PLACE, value.text())?),
                3 => name = in_message(PLACE, value.text())?,
                4 => operator = in_message(PLACE, value.text())?,
                5 => attributes.push(self.attribute(in_message(PLACE, value.bytes())?, depth)?),
                7 => domain = in_message(PLACE, value.text())?,
                _ => {}
            }
        }
        if operator.is_empty() || outputs.is_empty() {
            return Err(malformed("no operator or no output".to_owned()));
        }
        let lists = [("input", self.strings(&inputs)), ("output", self.strings(&outputs))];
        let mut entries: Vec<_> = lists.map(|(key, ids)| (key, self.push(Node::List(ids)))).into();
        if !name.is_empty() {
            entries.push(("name", self.text(name)));
        }
        if !attributes.is_empty() {
            entries.push(("attribute", self.dict(attributes)));
        }
        Ok(self.object(if domain.is_empty() { STANDARD } else { domain }, operator, entries))
    }

    fn attribute(&mut self, message: &'a [u8], depth: usize) -> Result<(&'a str, Id), OnnxError> {
        const PLACE: &str = "an attribute";
        let (mut name, mut kind, mut one) = ("", 0, None);
        let (mut floats, mut ints, mut texts) = (vec![], vec![], vec![]);
        for field in Fields::of(message) {
            let (number, value) = in_message(PLACE, field)?;
            match number {
                1 => name = in_message(PLACE, value.text())?,
                2 => one = Some(self.float(in_message(PLACE, value.float())?)),
                3 => one = Some(self.push(Node::Int(in_message(PLACE, value.int())?))),
                4 => one = Some(self.text(in_message(PLACE, value.text())?)),
                5 => one = Some(self.tensor(in_message(PLACE, value.bytes())?)?.1),
                6 => one = Some(self.graph(in_message(PLACE, value.bytes())?, depth + 1)?),
                7 => in_message(PLACE, value.fixed::<4>(&mut floats))?,
                8 => in_message(PLACE, value.ints(&mut ints))?,
                9 => texts.push(in_message(PLACE, value.text())?),
                20 => kind = in_message(PLACE, value.int())?,
                13 | 21 => {}
                _ => return Err(OnnxError::graph(name, "an attribute of a kind that no operator here takes")),
            }
        }
        let id = match (one, kind) {
            (Some(one), _) => one,
            // Proto3 leaves out a number that is zero and a text that is empty.
            (None, 1) => self.float(0.0),
            (None, 2) => self.push(Node::Int(0)),
            (None, 3) => self.text(""),
            (None, 8) => {
                let texts = self.strings(&texts);
                self.push(Node::List(texts))
            }
            (None, 7) => self.ints(ints),
            (None, 6) => self.array(DType::F32, vec![floats.len() / 4], Cow::Owned(floats)),
            _ => return Err(OnnxError::graph(name, "an attribute without a value")),
        };
        Ok((name, id))
    }

    fn float(&mut self, value: f32) -> Id {
        self.push(Node::Float(f64::from(value)))
    }

    /// A tensor as an array, with its name.
    fn tensor(&mut self, message: &'a [u8]) -> Result<(&'a str, Id), OnnxError> {
        const PLACE: &str = "a tensor";
        let (mut name, mut kind, mut raw, mut external) = ("", 0, None, false);
        let (mut dims, mut ints, mut floats, mut texts) = (vec![], vec![], vec![], vec![]);
        for field in Fields::of(message) {
            let (number, value) = in_message(PLACE, field)?;
            match number {
                1 => in_message(PLACE, value.ints(&mut dims))?,
                2 => kind = in_message(PLACE, value.int())?,
                4 => in_message(PLACE, value.fixed::<4>(&mut floats))?,
                5 | 7 | 11 => in_message(PLACE, value.ints(&mut ints))?,
                6 => texts.push(in_message(PLACE, value.text())?),
                8 => name = in_message(PLACE, value.text())?,
                9 => raw = Some(in_message(PLACE, value.bytes())?),
                10 => in_message(PLACE, value.fixed::<8>(&mut floats))?,
                13 => external = true,
                14 => external |= in_message(PLACE, value.int())? == 1,
                _ => {}
            }
        }
        if external {
            return Err(OnnxError::External { name: name.to_owned() });
        }
        let wrong = |problem: &str| OnnxError::graph(format!("tensor {name:?}"), problem);
        let shape: Option<Vec<usize>> = dims.iter().map(|dim| usize::try_from(*dim).ok()).collect();
        let shape = shape.ok_or_else(|| wrong("a negative extent"))?;
        let count = shape.iter().try_fold(1usize, |count, extent| count.checked_mul(*extent));
        let count = count.ok_or_else(|| wrong("a shape beyond all memory"))?;
        if kind == 8 {
            let ids = self.strings(&texts);
            if ids.len() != count {
                return Err(wrong("its shape does not fit its data"));
            }
            let array = Array { dtype: DType::Object, shape, fortran: false, data: ArrayData::Objects(ids) };
            return Ok((name, self.push(Node::Array(Box::new(array)))));
        }
        let dtype = dtype(kind).ok_or_else(|| wrong("a type of elements that is not read"))?;
        let bytes = match raw {
            Some(raw) => Cow::Borrowed(raw),
            None if matches!(kind, 1 | 11) => Cow::Owned(floats),
            None => Cow::Owned(ints.iter().flat_map(|int| int.to_le_bytes().into_iter().take(dtype.size())).collect()),
        };
        if count.checked_mul(dtype.size()) != Some(bytes.len()) {
            return Err(wrong("its shape does not fit its data"));
        }
        Ok((name, self.array(dtype, shape, bytes)))
    }

    /// An input or output: name, type of elements (0 where it is no tensor), and extents, -1 where they are open.
    fn value_info(&mut self, message: &'a [u8]) -> Made {
        const PLACE: &str = "an input or output";
        let (mut name, mut kind, mut dims) = ("", 0, vec![]);
        for field in Fields::of(message) {
            match in_message(PLACE, field)? {
                (1, value) => name = in_message(PLACE, value.text())?,
                (2, value) => (kind, dims) = in_message(PLACE, tensor_type(value))?,
                _ => {}
            }
        }
        let kind = self.push(Node::Int(kind));
        let dims = self.ints(dims);
        let name = self.text(name);
        Ok(self.dict(vec![("name", name), ("elem_type", kind), ("shape", dims)]))
    }
}

/// Type of elements and extents of a `TypeProto`.
fn tensor_type(value: Value<'_>) -> Wire<(i64, Vec<i64>)> {
    let (mut kind, mut dims) = (0, vec![]);
    for field in Fields::of(value.bytes()?) {
        let (1, tensor) = field? else { continue };
        for field in Fields::of(tensor.bytes()?) {
            match field? {
                (1, value) => kind = value.int()?,
                (2, shape) => {
                    for field in Fields::of(shape.bytes()?) {
                        let (1, extent) = field? else { continue };
                        dims.push(known_extent(extent)?);
                    }
                }
                _ => {}
            }
        }
    }
    Ok((kind, dims))
}

fn known_extent(extent: Value<'_>) -> Wire<i64> {
    let mut known = -1;
    for field in Fields::of(extent.bytes()?) {
        if let (1, value) = field? {
            known = value.int()?;
        }
    }
    Ok(known)
}

/// The types of `TensorProto.DataType` that models are made of.
fn dtype(kind: i64) -> Option<DType> {
    let scalar = |kind, size| DType::Scalar { kind, size, big_endian: false };
    Some(match kind {
        1 => DType::F32,
        2 => scalar(ScalarKind::Uint, 1),
        3 => scalar(ScalarKind::Int, 1),
        6 => scalar(ScalarKind::Int, 4),
        7 => DType::I64,
        9 => DType::BOOL,
        11 => DType::F64,
        12 => scalar(ScalarKind::Uint, 4),
        13 => scalar(ScalarKind::Uint, 8),
        _ => return None,
    })
}

//! A JSON document as XGBoost writes it, from text or from UBJSON: flat nodes, lists of numbers without a node each.
//!
//! Knows no key of any model. Numbers of typed UBJSON lists stay in the input until they are asked for.

use super::BoosterError;
use std::borrow::Cow;
use std::str::FromStr;

const LIBRARY: &str = "XGBoost";

/// Objects in objects: XGBoost's own go nine deep.
const MAX_DEPTH: usize = 64;

/// One value.
#[derive(Debug)]
enum Node<'a> {
    Null,
    Number(f64),
    Text(Cow<'a, str>),
    Numbers(Numbers<'a>),
    List(Vec<u32>),
    Object(Vec<(Cow<'a, str>, u32)>),
}

/// A list of numbers; booleans are 0 and 1.
#[derive(Debug)]
enum Numbers<'a> {
    Read(Vec<f64>),
    /// Big-endian, each of the kind's width.
    Typed(Kind, &'a [u8]),
}

/// The types of numbers in UBJSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    I8,
    U8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

impl Kind {
    /// Bytes of one number.
    pub fn width(self) -> usize {
        match self {
            Kind::I8 | Kind::U8 => 1,
            Kind::I16 => 2,
            Kind::I32 | Kind::F32 => 4,
            Kind::I64 | Kind::F64 => 8,
        }
    }

    /// The number in exactly [`Kind::width`] bytes. Integers beyond 2^53 lose bits: no index of a model is that large.
    pub fn read(self, bytes: &[u8]) -> f64 {
        let raw = bytes.iter().fold(0u64, |raw, byte| raw << 8 | u64::from(*byte));
        match self {
            Kind::I8 => f64::from(raw as i8),
            Kind::U8 => f64::from(raw as u8),
            Kind::I16 => f64::from(raw as i16),
            Kind::I32 => f64::from(raw as i32),
            Kind::I64 => raw as i64 as f64,
            Kind::F32 => f64::from(f32::from_bits(raw as u32)),
            Kind::F64 => f64::from_bits(raw),
        }
    }
}

/// All values of one document; the last node is the outermost.
#[derive(Debug)]
pub struct Document<'a> {
    nodes: Vec<Node<'a>>,
}

impl<'a> Document<'a> {
    /// The outermost value.
    pub fn root(&self) -> Cursor<'_, 'a> {
        Cursor { document: self, node: self.nodes.len() - 1, name: "document" }
    }
}

/// A value and the key that it stands under.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'d, 'a> {
    document: &'d Document<'a>,
    node: usize,
    name: &'d str,
}

impl<'d, 'a> Cursor<'d, 'a> {
    fn node(&self) -> &'d Node<'a> {
        &self.document.nodes[self.node]
    }

    /// An error about this value.
    pub fn error(&self, problem: impl Into<String>) -> BoosterError {
        BoosterError::Invalid { library: LIBRARY, place: self.name.to_owned(), problem: problem.into() }
    }

    /// An entry of an object; `None` when absent or null.
    pub fn get(&self, key: &'d str) -> Option<Cursor<'d, 'a>> {
        let Node::Object(entries) = self.node() else { return None };
        let found = entries.iter().rev().find(|(name, _)| name == key)?;
        let found = Cursor { document: self.document, node: found.1 as usize, name: key };
        (!matches!(found.node(), Node::Null)).then_some(found)
    }

    /// An entry of an object.
    ///
    /// # Errors
    /// When it is not there.
    pub fn at(&self, key: &'d str) -> Result<Cursor<'d, 'a>, BoosterError> {
        self.get(key).ok_or_else(|| self.error(format!("there is no entry {key:?}")))
    }

    /// # Errors
    /// When it is no text.
    pub fn text(&self) -> Result<&'d str, BoosterError> {
        match self.node() {
            Node::Text(text) => Ok(text),
            _ => Err(self.error("it is no text")),
        }
    }

    /// A number, which XGBoost writes as text where it is a parameter.
    ///
    /// # Errors
    /// When it is no such number.
    pub fn parameter<T: FromStr>(&self) -> Result<T, BoosterError> {
        let parsed = match self.node() {
            Node::Text(text) => text.parse().ok(),
            Node::Number(number) => number.to_string().parse().ok(),
            _ => None,
        };
        parsed.ok_or_else(|| self.error("it is not the number that belongs there"))
    }

    /// Numbers as XGBoost keeps them.
    ///
    /// # Errors
    /// When it is no list of numbers.
    pub fn f32s(&self) -> Result<Vec<f32>, BoosterError> {
        self.numbers(|number| Some(number as f32))
    }

    /// Whole numbers.
    ///
    /// # Errors
    /// When it is no list of whole numbers of 32 bits.
    pub fn i32s(&self) -> Result<Vec<i32>, BoosterError> {
        self.numbers(|number| (number.fract() == 0.0 && number.abs() <= 2f64.powi(31)).then_some(number as i32))
    }

    fn numbers<T>(&self, convert: impl Fn(f64) -> Option<T>) -> Result<Vec<T>, BoosterError> {
        let numbers: Option<Vec<T>> = match self.node() {
            Node::Numbers(Numbers::Read(numbers)) => numbers.iter().map(|number| convert(*number)).collect(),
            Node::Numbers(Numbers::Typed(kind, bytes)) => {
                bytes.chunks_exact(kind.width()).map(|bytes| convert(kind.read(bytes))).collect()
            }
            _ => return Err(self.error("it is no list of numbers")),
        };
        numbers.ok_or_else(|| self.error("a number cannot stand there"))
    }

    /// Items of a list of objects, lists or texts.
    ///
    /// # Errors
    /// When it is none.
    pub fn items(&self) -> Result<Vec<Cursor<'d, 'a>>, BoosterError> {
        match self.node() {
            Node::List(items) => {
                let item = |node: &u32| Cursor { document: self.document, node: *node as usize, name: self.name };
                Ok(items.iter().map(item).collect())
            }
            Node::Numbers(Numbers::Read(numbers)) if numbers.is_empty() => Ok(vec![]),
            _ => Err(self.error("it is no list")),
        }
    }
}

/// A document under construction: what both parsers tell of their input, in its order.
#[derive(Debug)]
pub struct Builder<'a> {
    nodes: Vec<Node<'a>>,
    open: Vec<Open<'a>>,
    /// Nodes that a document of this length may have.
    most: usize,
}

/// A list or object that is not yet at its end.
#[derive(Debug)]
enum Open<'a> {
    List { numbers: Vec<f64>, items: Vec<u32> },
    Object { entries: Vec<(Cow<'a, str>, u32)>, key: Option<Cow<'a, str>> },
}

type Step = Result<(), &'static str>;

impl<'a> Builder<'a> {
    /// For an input of `length` bytes: it may take a few times that much memory.
    pub fn new(length: usize) -> Self {
        Builder { nodes: vec![], open: vec![], most: 1024 + length / 6 }
    }

    /// Whether the next thing is a value of a list, a key of an object, or nothing more.
    pub fn expects(&self) -> Expects {
        match self.open.last() {
            None if self.nodes.is_empty() => Expects::Value,
            None => Expects::End,
            Some(Open::List { .. }) => Expects::Item,
            Some(Open::Object { key: None, .. }) => Expects::Key,
            Some(Open::Object { .. }) => Expects::Value,
        }
    }

    pub fn key(&mut self, name: Cow<'a, str>) -> Step {
        match self.open.last_mut() {
            Some(Open::Object { key: key @ None, .. }) => {
                *key = Some(name);
                Ok(())
            }
            _ => Err("a key outside an object"),
        }
    }

    pub fn null(&mut self) -> Step {
        self.place(Node::Null)
    }

    pub fn text(&mut self, text: Cow<'a, str>) -> Step {
        self.place(Node::Text(text))
    }

    /// A number or a bool. In a list it takes no node of its own.
    pub fn number(&mut self, number: f64) -> Step {
        match self.open.last_mut() {
            Some(Open::List { numbers, items }) if items.is_empty() => {
                numbers.push(number);
                Ok(())
            }
            Some(Open::List { .. }) => Err(MIXED),
            _ => self.place(Node::Number(number)),
        }
    }

    /// A whole typed list.
    pub fn typed(&mut self, kind: Kind, bytes: &'a [u8]) -> Step {
        self.place(Node::Numbers(Numbers::Typed(kind, bytes)))
    }

    pub fn begin_list(&mut self) -> Step {
        self.begin(Open::List { numbers: vec![], items: vec![] })
    }

    pub fn begin_object(&mut self) -> Step {
        self.begin(Open::Object { entries: vec![], key: None })
    }

    fn begin(&mut self, open: Open<'a>) -> Step {
        if self.open.len() == MAX_DEPTH {
            return Err("lists and objects are nested too deep");
        }
        self.open.push(open);
        Ok(())
    }

    pub fn end_list(&mut self) -> Step {
        match self.open.pop() {
            Some(Open::List { numbers, items }) if items.is_empty() => {
                self.place(Node::Numbers(Numbers::Read(numbers)))
            }
            Some(Open::List { items, .. }) => self.place(Node::List(items)),
            _ => Err("a list ends that did not begin"),
        }
    }

    pub fn end_object(&mut self) -> Step {
        match self.open.pop() {
            Some(Open::Object { entries, key: None }) => self.place(Node::Object(entries)),
            _ => Err("an object ends that did not begin, or within an entry"),
        }
    }

    fn place(&mut self, node: Node<'a>) -> Step {
        if self.nodes.len() == self.most {
            return Err("more values than a model of this size has");
        }
        let id = self.nodes.len() as u32;
        match self.open.last_mut() {
            // The outermost value comes last; readers stop at `Expects::End`.
            None => {}
            Some(Open::List { numbers, items }) if numbers.is_empty() => items.push(id),
            Some(Open::List { .. }) => return Err(MIXED),
            Some(Open::Object { entries, key }) => match key.take() {
                Some(key) => entries.push((key, id)),
                None => return Err("a value without a key"),
            },
        }
        self.nodes.push(node);
        Ok(())
    }

    /// The document, once it is whole.
    pub fn finish(self) -> Document<'a> {
        Document { nodes: self.nodes }
    }
}

const MIXED: &str = "a list mixes numbers with other values";

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expects {
    Value,
    Item,
    Key,
    End,
}

/// An error about the bytes themselves.
pub fn damaged(at: usize, problem: &'static str) -> BoosterError {
    BoosterError::Damaged { library: LIBRARY, at, problem }
}

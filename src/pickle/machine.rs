//! The interpreter: executes opcodes on a stack of node ids. The only things it can do are build nodes and refuse.
//!
//! What a REDUCE, NEWOBJ or BUILD means stands in `object.rs`; numpy's and joblib's share in `numpy.rs`, `joblib.rs`.
//! No function here or there recurses, whatever the file nests.

use super::arena::{Arena, Spent};
use super::cursor::Cursor;
use super::error::{PickleError, Refusal};
use super::level::Level;
use super::object::Pending;
use super::opcode::*;
use super::survey::Notes;
use super::{Limits, allow, depth, text};
use crate::value::{Graph, Id, Name, Node};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Opcodes in one file. A forest needs about 170 for a tree, whatever the tree's size.
const MAX_OPCODES: u64 = 200_000_000;
const MAX_MARKS: usize = 100_000;
const MAX_PROTOCOL: u8 = 5;

pub(super) struct Machine<'a> {
    pub(super) input: Cursor<'a>,
    pub(super) arena: Arena<'a>,
    pub(super) level: Level,
    /// Pickles that wait for the nested one to end, outermost first, each with the node that it will fill.
    pub(super) outer: Vec<(Level, Id)>,
    /// Nodes that only a later BUILD makes whole.
    pub(super) pending: BTreeMap<Id, Pending>,
    /// Ids of the allowed names met so far.
    globals: BTreeMap<(&'static str, &'static str), Id>,
    pub(super) notes: Notes,
    /// Goes on past refused names, to list all of them: the graph is then not to be used.
    pub(super) lenient: bool,
}

impl<'a> Machine<'a> {
    pub(super) fn new(stream: &'a [u8], limits: &Limits, lenient: bool) -> Self {
        Machine {
            input: Cursor::new(stream, limits.compression),
            arena: Arena::new(limits.max_graph(stream)),
            level: Level::default(),
            outer: Vec::new(),
            pending: BTreeMap::new(),
            globals: BTreeMap::new(),
            notes: Notes::default(),
            lenient,
        }
    }

    /// Runs to the end of the outermost pickle and gives its value.
    pub(super) fn run(&mut self) -> Result<Id, PickleError> {
        loop {
            let code = self.input.opcode()?;
            self.notes.opcodes += 1;
            if self.notes.opcodes > MAX_OPCODES {
                return Err(self.input.limit("opcodes", MAX_OPCODES as usize));
            }
            if code == STOP {
                if let Some(root) = self.stop()? {
                    return Ok(root);
                }
            } else if let Some(node) = self.literal(code)? {
                self.push_node(node)?;
            } else if !self.structure(code)? && !self.memory(code)? && !self.object(code)? {
                return Err(self.forbidden(code));
            }
        }
    }

    /// The graph, once [`Machine::run`] is through.
    pub(super) fn finish(mut self, root: Id) -> Result<Graph<'a>, PickleError> {
        let charged = self.arena.charge_items::<u16>(self.arena.nodes().len());
        self.paid(charged)?;
        match depth::check(self.arena.nodes()) {
            Ok(()) => Ok(Graph { nodes: self.arena.into_nodes(), root }),
            Err(depth::Nesting::TooDeep) => Err(self.input.limit("values in values", depth::MAX_DEPTH)),
            Err(depth::Nesting::ContainsItself) => Err(self.malformed("a value contains itself")),
        }
    }

    /// Ends the innermost pickle; gives the root when it is the outermost.
    fn stop(&mut self) -> Result<Option<Id>, PickleError> {
        let Some(root) = self.level.finish() else {
            let (height, marks) = self.level.height();
            return Err(self.malformed(format!("{height} values and {marks} marks are left; one value must be")));
        };
        if let Some((level, target)) = self.outer.pop() {
            self.level = level;
            self.end_nested(root, target)?;
            return Ok(None);
        }
        if let Some(pending) = self.pending.values().next() {
            return Err(self.malformed(format!("{pending} was begun and never filled")));
        }
        match self.input.left() {
            0 => Ok(Some(root)),
            bytes => Err(PickleError::Trailing { at: self.input.end(), bytes }),
        }
    }

    /// Opcodes that push a plain value.
    fn literal(&mut self, code: u8) -> Result<Option<Node<'a>>, PickleError> {
        let input = &mut self.input;
        Ok(Some(match code {
            NONE => Node::None,
            NEWTRUE => Node::Bool(true),
            NEWFALSE => Node::Bool(false),
            BININT => Node::Int(i64::from(input.array().map(i32::from_le_bytes)?)),
            BININT1 => Node::Int(i64::from(input.u8()?)),
            BININT2 => Node::Int(i64::from(input.u16()?)),
            BINFLOAT => Node::Float(input.array().map(f64::from_be_bytes)?),
            LONG1 => return self.integer(|input| input.counted(1).map(text::binary_integer)).map(Some),
            LONG4 => return self.integer(|input| input.counted(4).map(text::binary_integer)).map(Some),
            INT => match input.line()? {
                b"00" => Node::Bool(false),
                b"01" => Node::Bool(true),
                line => return self.integer(|_| Ok(text::decimal_integer(line))).map(Some),
            },
            LONG => {
                let line = input.line()?;
                let digits = line.strip_suffix(b"L").unwrap_or(line);
                return self.integer(|_| Ok(text::decimal_integer(digits))).map(Some);
            }
            FLOAT => {
                let line = input.line()?;
                Node::Float(text::float(line).ok_or_else(|| input.malformed("not a float"))?)
            }
            BINBYTES => Node::Bytes(Cow::Borrowed(input.counted(4)?)),
            SHORT_BINBYTES => Node::Bytes(Cow::Borrowed(input.counted(1)?)),
            BINBYTES8 | BYTEARRAY8 => Node::Bytes(Cow::Borrowed(input.counted(8)?)),
            EMPTY_TUPLE => Node::Tuple(Vec::new()),
            EMPTY_LIST => Node::List(Vec::new()),
            EMPTY_DICT => Node::Dict(Vec::new()),
            EMPTY_SET => Node::Set(Vec::new()),
            _ => return self.string(code),
        }))
    }

    fn integer(
        &mut self,
        read: impl FnOnce(&mut Cursor<'a>) -> Result<Option<text::Integer>, PickleError>,
    ) -> Result<Node<'a>, PickleError> {
        match read(&mut self.input)? {
            Some(text::Integer::Small(value)) => Ok(Node::Int(value)),
            Some(text::Integer::Big(bytes)) => Ok(Node::BigInt(bytes)),
            None => Err(self.malformed(format!("not an integer of at most {} digits", text::MAX_DIGITS))),
        }
    }

    fn string(&mut self, code: u8) -> Result<Option<Node<'a>>, PickleError> {
        let input = &mut self.input;
        let read = match code {
            SHORT_BINUNICODE => std::str::from_utf8(input.counted(1)?).ok().map(Cow::Borrowed),
            BINUNICODE => std::str::from_utf8(input.counted(4)?).ok().map(Cow::Borrowed),
            BINUNICODE8 => std::str::from_utf8(input.counted(8)?).ok().map(Cow::Borrowed),
            UNICODE => text::raw_unicode(input.line()?),
            STRING => text::quoted(input.line()?),
            SHORT_BINSTRING => Some(text::latin1(input.counted(1)?)),
            BINSTRING => Some(text::latin1(input.counted(4)?)),
            _ => return Ok(None),
        };
        let text = read.ok_or_else(|| input.malformed("not valid text"))?;
        Ok(Some(Node::Str(text)))
    }

    /// Opcodes that make and fill containers. False when `code` is none of them.
    fn structure(&mut self, code: u8) -> Result<bool, PickleError> {
        match code {
            TUPLE => self.collect(Node::Tuple)?,
            LIST => self.collect(Node::List)?,
            FROZENSET => self.collect(Node::Set)?,
            TUPLE1 | TUPLE2 | TUPLE3 => {
                let mut items = vec![Id(0); usize::from(code - TUPLE1) + 1];
                for slot in items.iter_mut().rev() {
                    *slot = self.pop()?;
                }
                self.push_node(Node::Tuple(items))?;
            }
            DICT => {
                let items = self.pop_mark()?;
                let dict = self.add(Node::Dict(Vec::new()))?;
                self.set_items(dict, &items)?;
                self.push(dict)?;
            }
            APPEND => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            APPENDS => {
                let items = self.pop_mark()?;
                self.append(&items)?;
            }
            ADDITEMS => {
                let items = self.pop_mark()?;
                self.add_items(&items)?;
            }
            SETITEM => {
                let (value, key) = (self.pop()?, self.pop()?);
                let target = self.top()?;
                self.set_items(target, &[key, value])?;
            }
            SETITEMS => {
                let items = self.pop_mark()?;
                let target = self.top()?;
                self.set_items(target, &items)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn collect(&mut self, container: impl FnOnce(Vec<Id>) -> Node<'a>) -> Result<(), PickleError> {
        let items = self.pop_mark()?;
        self.push_node(container(items))
    }

    fn append(&mut self, items: &[Id]) -> Result<(), PickleError> {
        let target = self.top()?;
        let charged = self.arena.charge_items::<Id>(items.len());
        self.paid(charged)?;
        match self.arena.node_mut(target) {
            Node::List(list) => list.extend_from_slice(items),
            Node::Object(object) => object.items.extend_from_slice(items),
            _ => return Err(self.malformed("its target is no list")),
        }
        Ok(())
    }

    fn add_items(&mut self, items: &[Id]) -> Result<(), PickleError> {
        let target = self.top()?;
        let charged = self.arena.charge_items::<Id>(items.len());
        self.paid(charged)?;
        match self.arena.node_mut(target) {
            Node::Set(set) => set.extend_from_slice(items),
            _ => return Err(self.malformed("its target is no set")),
        }
        Ok(())
    }

    /// Adds alternating keys and values to a dict or to an object.
    pub(super) fn set_items(&mut self, target: Id, items: &[Id]) -> Result<(), PickleError> {
        let (pairs, []) = items.as_chunks::<2>() else {
            return Err(self.malformed("a key without a value"));
        };
        if pairs.iter().any(|[key, _]| !hashable(self.arena.node(*key))) {
            return Err(self.malformed("a key that Python cannot hash"));
        }
        let charged = self.arena.charge_items::<(Id, Id)>(pairs.len());
        self.paid(charged)?;
        let pairs = pairs.iter().map(|[key, value]| (*key, *value));
        match self.arena.node_mut(target) {
            Node::Dict(dict) => dict.extend(pairs),
            Node::Object(object) => object.entries.extend(pairs),
            _ => return Err(self.malformed("its target is no dict")),
        }
        Ok(())
    }

    /// Opcodes of the stack, the memo and the framing. False when `code` is none of them.
    fn memory(&mut self, code: u8) -> Result<bool, PickleError> {
        match code {
            MARK => self.mark()?,
            POP => {
                if self.level.pop().is_none() {
                    self.pop_mark()?;
                }
            }
            POP_MARK => drop(self.pop_mark()?),
            DUP => {
                let top = self.top()?;
                self.push(top)?;
            }
            PROTO => {
                let protocol = self.input.u8()?;
                if protocol > MAX_PROTOCOL {
                    return Err(self.malformed(format!("protocol {protocol} does not exist; 5 is the newest")));
                }
                self.notes.protocol = self.notes.protocol.max(protocol);
            }
            FRAME => self.input.frame()?,
            // Only says that the bytes on top are not to be changed, which nobody does.
            READONLY_BUFFER => drop(self.top()?),
            MEMOIZE => self.memoize(self.level.memoized() as u64)?,
            BINPUT => {
                let index = self.input.u8()?;
                self.memoize(u64::from(index))?;
            }
            LONG_BINPUT => {
                let index = self.input.u32()?;
                self.memoize(u64::from(index))?;
            }
            PUT => {
                let index = self.text_index()?;
                self.memoize(index)?;
            }
            BINGET => {
                let index = self.input.u8()?;
                self.recall(u64::from(index))?;
            }
            LONG_BINGET => {
                let index = self.input.u32()?;
                self.recall(u64::from(index))?;
            }
            GET => {
                let index = self.text_index()?;
                self.recall(index)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn text_index(&mut self) -> Result<u64, PickleError> {
        let line = self.input.line()?;
        match text::decimal_integer(line) {
            Some(text::Integer::Small(index)) => u64::try_from(index).ok(),
            _ => None,
        }
        .ok_or_else(|| self.malformed("not a memo index"))
    }

    fn mark(&mut self) -> Result<(), PickleError> {
        if self.level.height().1 >= MAX_MARKS {
            return Err(self.input.limit("open marks", MAX_MARKS));
        }
        self.level.mark().ok_or_else(|| self.input.limit("values on the stack", u32::MAX as usize))
    }

    /// A file of n bytes cannot fill more than n slots of the memo, so a larger index is hostile.
    fn memoize(&mut self, index: u64) -> Result<(), PickleError> {
        let limit = self.input.len();
        let index = usize::try_from(index).ok().filter(|index| *index < limit);
        let index = index.ok_or_else(|| self.input.limit("memo slots", limit))?;
        let charged = self.arena.charge_items::<Option<Id>>(self.level.memo_growth(index));
        self.paid(charged)?;
        self.level.memoize(index).ok_or_else(|| self.malformed("the stack is empty"))
    }

    fn recall(&mut self, index: u64) -> Result<(), PickleError> {
        let found = usize::try_from(index).ok().and_then(|index| self.level.recall(index));
        let id = found.ok_or_else(|| self.malformed(format!("memo slot {index} was never filled")))?;
        self.push(id)
    }

    fn forbidden(&self, code: u8) -> PickleError {
        let reason = match code {
            EXT1 | EXT2 | EXT4 => "it names a function by a number of a private registry",
            PERSID | BINPERSID => "it refers to an object outside the file",
            NEXT_BUFFER => "its data stands outside the file",
            INST | OBJ => "it calls a function, and Python 3 writes it nowhere",
            _ => "no pickle protocol has it; the file is damaged or no pickle",
        };
        PickleError::Opcode { code, at: self.input.offset(), reason }
    }

    /// A name as a value: the node of an allowed name, made once.
    pub(super) fn global(&mut self, module: &str, name: &str) -> Result<Id, PickleError> {
        let Some((module, name, _)) = allow::find(module, name) else {
            let full = format!("{module}.{name}");
            self.refuse(full, Refusal::Unknown)?;
            let name = Name { module: Cow::Owned(module.to_owned()), name: Cow::Owned(name.to_owned()) };
            return self.add(Node::Global(Box::new(name)));
        };
        self.notes.global(module, name);
        if let Some(id) = self.globals.get(&(module, name)) {
            return Ok(*id);
        }
        let class = Name { module: Cow::Borrowed(module), name: Cow::Borrowed(name) };
        let id = self.add(Node::Global(Box::new(class)))?;
        self.globals.insert((module, name), id);
        Ok(id)
    }

    /// Refuses a name, or notes it and lets a survey go on.
    pub(super) fn refuse(&mut self, name: String, refusal: Refusal) -> Result<(), PickleError> {
        if !self.lenient {
            return Err(self.input.refused(name, refusal));
        }
        let charged = self.arena.charge(name.len() + 256);
        self.paid(charged)?;
        self.notes.refuse(name, refusal, self.input.offset());
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Result<Id, PickleError> {
        self.level.pop().ok_or_else(|| self.malformed("the stack is empty"))
    }

    pub(super) fn top(&self) -> Result<Id, PickleError> {
        self.level.top().ok_or_else(|| self.malformed("the stack is empty"))
    }

    fn pop_mark(&mut self) -> Result<Vec<Id>, PickleError> {
        self.level.pop_mark().ok_or_else(|| self.malformed("there is no mark"))
    }

    pub(super) fn push(&mut self, id: Id) -> Result<(), PickleError> {
        let charged = self.arena.charge_items::<Id>(1);
        self.paid(charged)?;
        self.level.push(id);
        Ok(())
    }

    pub(super) fn push_node(&mut self, node: Node<'a>) -> Result<(), PickleError> {
        let id = self.add(node)?;
        self.push(id)
    }

    pub(super) fn add(&mut self, node: Node<'a>) -> Result<Id, PickleError> {
        let added = self.arena.push(node);
        self.paid(added)
    }

    /// Turns a refusal of the arena into an error at this opcode.
    pub(super) fn paid<T>(&self, result: Result<T, Spent>) -> Result<T, PickleError> {
        result.map_err(|Spent| self.input.limit("bytes of memory", self.arena.budget()))
    }

    pub(super) fn malformed(&self, problem: impl Into<String>) -> PickleError {
        self.input.malformed(problem)
    }
}

fn hashable(node: &Node<'_>) -> bool {
    !matches!(node, Node::List(_) | Node::Dict(_) | Node::Array(_) | Node::DType(_) | Node::Object(_))
}

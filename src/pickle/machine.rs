//! The interpreter: executes opcodes on a stack of node ids. The only things it can do are build nodes and refuse.
//!
//! Plain values stand in `literal.rs`, containers in `container.rs`, names, calls and objects in `object.rs`, and what
//! numpy and joblib write in `dtype.rs`, `numpy.rs` and `joblib.rs`.
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
            MEMOIZE | BINPUT | LONG_BINPUT | PUT => {
                let index = self.memo_index(code)?;
                self.memoize(index)?;
            }
            BINGET | LONG_BINGET | GET => {
                let index = self.memo_index(code)?;
                self.recall(index)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn memo_index(&mut self, code: u8) -> Result<u64, PickleError> {
        match code {
            MEMOIZE => return Ok(self.level.memoized() as u64),
            BINPUT | BINGET => return self.input.u8().map(u64::from),
            LONG_BINPUT | LONG_BINGET => return self.input.u32().map(u64::from),
            _ => {}
        }
        match text::decimal_integer(self.input.line()?) {
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
        let charged = self.arena.charge_items::<Id>(self.level.memo_growth(index));
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
            let used = self.place_of_next();
            return Err(PickleError::Refused { name, at: self.input.offset(), refusal, used });
        }
        let charged = self.arena.charge(name.len() + 256);
        self.paid(charged)?;
        self.notes.refuse(name, refusal, self.input.offset());
        Ok(())
    }

    /// What the next value will be used for: the attribute whose name is on top of the stack, and the object below it
    /// that waits for its attributes.
    fn place_of_next(&self) -> Option<String> {
        const NEAR: usize = 4096;
        const LONGEST: usize = 60;
        let Node::Str(attribute) = self.arena.node(self.level.newest().next()?) else { return None };
        let owner = self.level.newest().take(NEAR).find_map(|id| match self.arena.node(id) {
            Node::Object(object) if object.state.is_none() => Some(format!(" of a {}", object.class)),
            _ => None,
        });
        let attribute: String = attribute.chars().take(LONGEST).collect();
        Some(format!("{attribute:?}{}", owner.unwrap_or_default()))
    }

    pub(super) fn pop(&mut self) -> Result<Id, PickleError> {
        self.level.pop().ok_or_else(|| self.malformed("the stack is empty"))
    }

    pub(super) fn top(&self) -> Result<Id, PickleError> {
        self.level.top().ok_or_else(|| self.malformed("the stack is empty"))
    }

    pub(super) fn pop_mark(&mut self) -> Result<Vec<Id>, PickleError> {
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

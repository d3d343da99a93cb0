//! Opcodes that make tuples, lists, sets and dicts, and that fill them.

use super::error::PickleError;
use super::machine::Machine;
use super::opcode::*;
use crate::value::{Id, Node};

impl<'a> Machine<'a> {
    /// Opcodes that make and fill containers. False when `code` is none of them.
    pub(super) fn structure(&mut self, code: u8) -> Result<bool, PickleError> {
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
}

fn hashable(node: &Node<'_>) -> bool {
    !matches!(node, Node::List(_) | Node::Dict(_) | Node::Array(_) | Node::DType(_) | Node::Object(_))
}

//! The nodes under construction, and the account of what they cost.
//!
//! Everything that a file can make grow is charged before it grows: the budget, not the file, decides how much memory
//! reading takes. Values that cannot change (None, bools, small integers, the empty tuple) exist once.

use crate::value::{Id, Node};

/// The budget is spent: the caller says at which opcode.
#[derive(Debug)]
pub(super) struct Spent;

/// An id that no node has.
pub(super) const NO_NODE: Id = Id(u32::MAX);

pub(super) struct Arena<'a> {
    nodes: Vec<Node<'a>>,
    budget: usize,
    left: usize,
    none: Option<Id>,
    bools: [Option<Id>; 2],
    empty_tuple: Option<Id>,
    small: Box<[Option<Id>; 256]>,
}

/// What a node costs, with the unused capacity of the vector that holds it.
const NODE: usize = 3 * size_of::<Node<'_>>() / 2;

impl<'a> Arena<'a> {
    pub(super) fn new(budget: usize) -> Self {
        Arena {
            nodes: Vec::new(),
            budget,
            left: budget,
            none: None,
            bools: [None; 2],
            empty_tuple: None,
            small: Box::new([None; 256]),
        }
    }

    /// Bytes that may be spent in all.
    pub(super) fn budget(&self) -> usize {
        self.budget
    }

    /// Takes `bytes` from the budget.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Spent> {
        self.left = self.left.checked_sub(bytes).ok_or(Spent)?;
        Ok(())
    }

    /// Takes the cost of `n` more items of type `T` in a growing vector from the budget.
    pub(super) fn charge_items<T>(&mut self, n: usize) -> Result<(), Spent> {
        self.charge(n.checked_mul(2 * size_of::<T>()).ok_or(Spent)?)
    }

    /// Adds a node; what it owns on the heap is charged here too.
    pub(super) fn push(&mut self, node: Node<'a>) -> Result<Id, Spent> {
        let shared = match &node {
            Node::None => Some(&mut self.none),
            Node::Bool(value) => Some(&mut self.bools[usize::from(*value)]),
            Node::Int(value) => u8::try_from(*value).ok().map(|small| &mut self.small[usize::from(small)]),
            Node::Tuple(items) if items.is_empty() => Some(&mut self.empty_tuple),
            _ => None,
        };
        if let Some(Some(id)) = &shared {
            return Ok(*id);
        }
        let next = u32::try_from(self.nodes.len()).map(Id).ok().filter(|id| *id != NO_NODE).ok_or(Spent)?;
        if let Some(slot) = shared {
            *slot = Some(next);
        }
        self.charge(NODE + heap(&node))?;
        grow(&mut self.nodes);
        self.nodes.push(node);
        Ok(next)
    }

    /// A node that is filled later: it is no shared None.
    pub(super) fn reserve(&mut self) -> Result<Id, Spent> {
        let id = self.push(Node::List(Vec::new()))?;
        self.nodes[id.0 as usize] = Node::None;
        Ok(id)
    }

    /// Fills or replaces a node.
    pub(super) fn set(&mut self, id: Id, node: Node<'a>) -> Result<(), Spent> {
        self.charge(heap(&node))?;
        self.nodes[id.0 as usize] = node;
        Ok(())
    }

    pub(super) fn nodes(&self) -> &[Node<'a>] {
        &self.nodes
    }

    pub(super) fn node(&self, id: Id) -> &Node<'a> {
        &self.nodes[id.0 as usize]
    }

    /// For growing containers in place; the caller charges what it adds.
    pub(super) fn node_mut(&mut self, id: Id) -> &mut Node<'a> {
        &mut self.nodes[id.0 as usize]
    }

    pub(super) fn into_nodes(mut self) -> Vec<Node<'a>> {
        self.nodes.shrink_to_fit();
        self.nodes
    }
}

/// Grows by half instead of doubling, as [`NODE`] counts.
pub(super) fn grow<T>(items: &mut Vec<T>) {
    if items.len() == items.capacity() {
        items.reserve_exact((items.len() / 2).max(16));
    }
}

/// Bytes that a node owns besides itself.
fn heap(node: &Node<'_>) -> usize {
    /// What an allocation costs besides its bytes.
    const BLOCK: usize = 16;
    match node {
        Node::None | Node::Bool(_) | Node::Int(_) | Node::Float(_) => 0,
        Node::BigInt(bytes) => BLOCK + bytes.len(),
        Node::Str(std::borrow::Cow::Owned(text)) => BLOCK + text.len(),
        Node::Bytes(std::borrow::Cow::Owned(bytes)) => BLOCK + bytes.len(),
        Node::Str(_) | Node::Bytes(_) => 0,
        Node::List(ids) | Node::Tuple(ids) | Node::Set(ids) if ids.is_empty() => 0,
        Node::List(ids) | Node::Tuple(ids) | Node::Set(ids) => BLOCK + size_of_val(&**ids),
        Node::Dict(pairs) if pairs.is_empty() => 0,
        Node::Dict(pairs) => BLOCK + size_of_val(&**pairs),
        Node::Global(name) => BLOCK + size_of_val(&**name),
        Node::DType(dtype) => BLOCK + size_of_val(&**dtype),
        Node::Array(array) => {
            let data = match &array.data {
                crate::value::ArrayData::Bytes(std::borrow::Cow::Owned(bytes)) => BLOCK + bytes.len(),
                crate::value::ArrayData::Bytes(_) => 0,
                crate::value::ArrayData::Objects(ids) => BLOCK + size_of_val(&**ids),
            };
            2 * BLOCK + size_of_val(&**array) + size_of_val(&*array.shape) + data
        }
        Node::Object(object) => 2 * BLOCK + size_of_val(&**object) + size_of_val(&*object.args),
    }
}

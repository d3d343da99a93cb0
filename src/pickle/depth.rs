//! The last check of a graph: how deep its values nest, and that no value contains itself.
//!
//! Readers of the graph may then follow any path. Walks with a stack of its own that is never longer than the limit.

use crate::value::{ArrayData, Id, Node, Object};

/// Values in values. Pipelines of ensembles in searches reach 16.
pub(super) const MAX_DEPTH: usize = 1000;

/// Why a graph is refused.
#[derive(Debug, PartialEq)]
pub(super) enum Nesting {
    TooDeep,
    ContainsItself,
}

/// Height of a node that is not yet visited, and of one whose children are being visited.
const NEW: u16 = u16::MAX;
const OPEN: u16 = u16::MAX - 1;

/// Visits every node once.
pub(super) fn check(nodes: &[Node<'_>]) -> Result<(), Nesting> {
    let mut heights = vec![NEW; nodes.len()];
    let mut path: Vec<(usize, usize)> = Vec::new();
    for root in 0..nodes.len() {
        if heights[root] == NEW {
            path.push((root, 0));
        }
        while let Some((at, next)) = path.last_mut() {
            heights[*at] = OPEN;
            match child(&nodes[*at], *next) {
                Some(id) => {
                    *next += 1;
                    let id = id.0 as usize;
                    match heights[id] {
                        _ if is_linked(&nodes[id]) => {}
                        NEW if path.len() >= MAX_DEPTH => return Err(Nesting::TooDeep),
                        NEW => path.push((id, 0)),
                        OPEN => return Err(Nesting::ContainsItself),
                        height if path.len() + usize::from(height) > MAX_DEPTH => return Err(Nesting::TooDeep),
                        _ => {}
                    }
                }
                None => {
                    let at = *at;
                    heights[at] = height(&nodes[at], &heights);
                    path.pop();
                }
            }
        }
    }
    Ok(())
}

/// 1 for a value without children. All children are visited.
fn height(node: &Node<'_>, heights: &[u16]) -> u16 {
    let children = (0..).map_while(|i| child(node, i));
    let tallest = children.map(|id| heights[id.0 as usize]).filter(|height| *height < OPEN).max();
    1 + tallest.unwrap_or(0)
}

/// Nodes of Birch's tree hold their neighbours in both directions. Nothing that predicts follows these links.
fn is_linked(node: &Node<'_>) -> bool {
    matches!(node, Node::Object(object)
        if object.class.module == "sklearn.cluster._birch" && object.class.name == "_CFNode")
}

/// The `i`th of the nodes that a node refers to.
fn child(node: &Node<'_>, i: usize) -> Option<Id> {
    match node {
        Node::List(ids) | Node::Tuple(ids) | Node::Set(ids) => ids.get(i).copied(),
        Node::Dict(pairs) => of_pair(pairs, i),
        Node::Array(array) => match &array.data {
            ArrayData::Objects(ids) => ids.get(i).copied(),
            ArrayData::Bytes(_) => None,
        },
        Node::Object(object) => of_object(object, i),
        _ => None,
    }
}

fn of_pair(pairs: &[(Id, Id)], i: usize) -> Option<Id> {
    let (key, value) = pairs.get(i / 2)?;
    Some(if i.is_multiple_of(2) { *key } else { *value })
}

fn of_object(object: &Object<'_>, i: usize) -> Option<Id> {
    let Some(i) = i.checked_sub(object.args.len()) else { return Some(object.args[i]) };
    let Some(i) = i.checked_sub(object.items.len()) else { return Some(object.items[i]) };
    let Some(i) = i.checked_sub(2 * object.entries.len()) else { return of_pair(&object.entries, i) };
    object.state.filter(|_| i == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chain of lists in the given order of ids, so that both directions of visiting are tried.
    fn chain(length: usize, backwards: bool) -> Vec<Node<'static>> {
        let list = |i: usize| {
            let inner = if backwards { i.checked_sub(1) } else { Some(i + 1).filter(|i| *i < length) };
            Node::List(inner.map(|i| Id(i as u32)).into_iter().collect())
        };
        (0..length).map(list).collect()
    }

    #[test]
    fn depth_is_counted_whatever_the_order() {
        for backwards in [false, true] {
            assert_eq!(check(&chain(MAX_DEPTH, backwards)), Ok(()));
            assert_eq!(check(&chain(MAX_DEPTH + 1, backwards)), Err(Nesting::TooDeep));
        }
    }

    #[test]
    fn shared_values_are_no_cycle() {
        let nodes = [Node::List(vec![Id(1), Id(1)]), Node::Tuple(vec![Id(2), Id(2)]), Node::None];
        assert_eq!(check(&nodes), Ok(()));
    }

    #[test]
    fn cycles_are_found_through_every_kind_of_container() {
        let object = |args: Vec<Id>, state| {
            Node::Object(Box::new(Object {
                class: crate::value::Name { module: "a".into(), name: "B".into() },
                args,
                state,
                items: vec![],
                entries: vec![],
                offset: 0,
            }))
        };
        for first in [
            Node::List(vec![Id(1)]),
            Node::Dict(vec![(Id(2), Id(1))]),
            Node::Dict(vec![(Id(1), Id(2))]),
            object(vec![Id(2), Id(1)], None),
            object(vec![Id(2)], Some(Id(1))),
        ] {
            assert_eq!(check(&[first, Node::Tuple(vec![Id(2), Id(0)]), Node::None]), Err(Nesting::ContainsItself));
        }
        assert_eq!(check(&[Node::Set(vec![Id(0)])]), Err(Nesting::ContainsItself));
    }
}
